// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/gate_layout.hpp"
#include "../../core/view.hpp"
#include "panel_product.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// How the gates of a cell lie in panels: blocks of a pack of units together, so that one pass over a block's panels
/// sees all of its gates.
///
/// A group is as many blocks as make whole panels. Its packs, in order: W x + b of the split gates, the merged gates,
/// U h + c of the split gates; so the products with x and with h each write neighbouring panels.
template <class C, class P>
struct GatePanels : GateLayout<C> {
    using Layout = GateLayout<C>;
    using Layout::gates, Layout::merged, Layout::split, Layout::pre;
    static constexpr int lanes = P::size;
    static constexpr int blocks = merged % 2 == 0 && split % 2 == 0 ? 1 : 2; // in a group
    static constexpr int count = (merged + 2 * split) * blocks / 2; // panels of a group
    static constexpr int of_product = gates * blocks / 2;           // those of x come first, those of h last
    static constexpr int first_of_h = count - of_product;
    static constexpr std::size_t height = panel_height<P>;

    static constexpr std::size_t groups(std::size_t hidden) {
        constexpr std::size_t units = std::size_t(lanes) * std::size_t(blocks);
        return (hidden + units - 1) / units;
    }
    /// The pack, in its group, of a pre-activation of one of its blocks.
    static constexpr int pack(int k, int block) {
        if (k < merged) return split * blocks + block * merged + k;
        return (k < gates ? k - merged : k) * blocks + block;
    }
    /// The panels of a product with x, and with h, among all.
    static constexpr PanelPlaces of_x{of_product, count, 0}, of_h{of_product, count, first_of_h};

    /// Calls f(k, first unit, where) for the packs of panels [from, from + panels) of each group: pre-activation k of
    /// some units. `where` is the pack's place among these panels.
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
    /// The row of a weight matrix that a pre-activation of a unit is.
    static constexpr std::size_t row(int k, std::size_t unit, std::size_t hidden) {
        return std::size_t(Layout::gate(k)) * hidden + unit;
    }
};

} // namespace rondo::eigen
