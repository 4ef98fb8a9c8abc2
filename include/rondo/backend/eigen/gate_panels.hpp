// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/gate_layout.hpp"
#include "../../core/view.hpp"
#include "panel_product.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The layout of a cell's pre-activations in panels. All gates of a block of units (one pack) are adjacent, so that one
/// pass over a block's panels applies the cell.
///
/// A group is one or two blocks, as needed for whole panels. The order of its packs: W x + b of the split gates, the
/// merged gates, U h + c of the split gates; so the products with x and with h each write consecutive panels.
template <class C, class P>
struct GatePanels : GateLayout<C> {
    using Layout = GateLayout<C>;
    using Layout::gates, Layout::merged, Layout::split, Layout::pre;
    static constexpr int lanes = P::size;
    static constexpr int blocks = merged % 2 == 0 && split % 2 == 0 ? 1 : 2; // in a group
    static constexpr int count = (merged + 2 * split) * blocks / 2;          // panels of a group
    static constexpr int of_product = gates * blocks / 2;                    // those W x writes (first), or U h (last)
    static constexpr int first_of_h = count - of_product;
    static constexpr std::size_t height = panel_height<P>;

    static constexpr std::size_t groups(std::size_t hidden) {
        constexpr std::size_t units = std::size_t(lanes) * std::size_t(blocks);
        return (hidden + units - 1) / units;
    }
    /// The index, within its group, of the pack of pre-activation k of a block.
    static constexpr int pack(int k, int block) {
        if (k < merged) return split * blocks + block * merged + k;
        return (k < gates ? k - merged : k) * blocks + block;
    }
    /// The panels written by the products W x and U h.
    static constexpr PanelPlaces of_x{of_product, count, 0}, of_h{of_product, count, first_of_h};

    /// Calls f(k, first unit, index) for the packs of panels [from, from + panels) of each group, which hold
    /// pre-activation k of the units from `first unit` on. `index` counts the packs of these panels.
    template <class F>
    static void each_pack(std::size_t hidden, int from, int panels, F&& f) {
        for (std::size_t g = 0; g < groups(hidden); ++g)
            for (int block = 0; block < blocks; ++block)
                for (int k = 0; k < pre; ++k) {
                    const int at = pack(k, block) - 2 * from;
                    if (at < 0 || at >= 2 * panels) continue;
                    f(k, (g * std::size_t(blocks) + std::size_t(block)) * lanes,
                      g * std::size_t(2 * panels) + std::size_t(at));
                }
    }
    /// The row of a weight matrix for a pre-activation of a unit.
    static constexpr std::size_t row(int k, std::size_t unit, std::size_t hidden) {
        return std::size_t(Layout::gate(k)) * hidden + unit;
    }
};

} // namespace rondo::eigen
