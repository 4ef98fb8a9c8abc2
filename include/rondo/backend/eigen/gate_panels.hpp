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
///
/// It is a value, and constant where a cell is applied. What packs and unpacks weights takes it as an argument and is
/// compiled once for all cells.
struct GatePanels {
    int gates, merged, split, lanes; // of GateLayout; of a pack

    template <class C, class P>
    static constexpr GatePanels of() {
        return {GateLayout<C>::gates, GateLayout<C>::merged, GateLayout<C>::split, P::size};
    }
    constexpr int pre() const { return gates + split; }                                // pre-activations
    constexpr int blocks() const { return merged % 2 == 0 && split % 2 == 0 ? 1 : 2; } // in a group
    constexpr int count() const { return (merged + 2 * split) * blocks() / 2; }        // panels of a group
    constexpr int of_product() const { return gates * blocks() / 2; } // those W x writes (first), or U h (last)
    constexpr int first_of_h() const { return count() - of_product(); }
    /// The panels written by the products W x and U h.
    constexpr PanelPlaces of_x() const { return places(0); }
    constexpr PanelPlaces of_h() const { return places(first_of_h()); }

    /// Groups, blocks and panels of `hidden` units, those that a product writes, and the units of a block.
    constexpr std::size_t groups(std::size_t hidden) const {
        const std::size_t units = std::size_t(lanes) * std::size_t(blocks());
        return (hidden + units - 1) / units;
    }
    constexpr std::size_t blocks(std::size_t hidden) const { return groups(hidden) * std::size_t(blocks()); }
    constexpr std::size_t panels(std::size_t hidden) const { return groups(hidden) * std::size_t(count()); }
    constexpr std::size_t product_panels(std::size_t hidden) const {
        return groups(hidden) * std::size_t(of_product());
    }
    constexpr std::size_t units(std::size_t block, std::size_t hidden) const {
        const std::size_t first = block * std::size_t(lanes);
        return first < hidden ? (std::min)(std::size_t(lanes), hidden - first) : 0;
    }

    /// The index, within its group, of the pack of pre-activation k of a block.
    constexpr int pack(int k, int block) const {
        if (k < merged) return split * blocks() + block * merged + k;
        return (k < gates ? k - merged : k) * blocks() + block;
    }
    /// Calls f(k, first unit, index) for the packs of panels [from, from + panels) of each group, which hold
    /// pre-activation k of the units from `first unit` on. `index` counts the packs of these panels.
    template <class F>
    void each_pack(std::size_t hidden, int from, int panels, F&& f) const {
        for (std::size_t g = 0; g < groups(hidden); ++g)
            for (int block = 0; block < blocks(); ++block)
                for (int k = 0; k < pre(); ++k) {
                    const int at = pack(k, block) - 2 * from;
                    if (at < 0 || at >= 2 * panels) continue;
                    f(k, (g * std::size_t(blocks()) + std::size_t(block)) * std::size_t(lanes),
                      g * std::size_t(2 * panels) + std::size_t(at));
                }
    }
    /// The row of a weight matrix for a pre-activation of a unit.
    constexpr std::size_t row(int k, std::size_t unit, std::size_t hidden) const {
        return std::size_t(k < gates ? k : k - split) * hidden + unit;
    }
    /// Calls f with each bias, b or c, that a pre-activation includes.
    template <class Vector, class F>
    void each_bias(int k, const Vector& b, const Vector& c, F&& f) const {
        if (k < gates) f(b);
        if (k < merged || k >= gates) f(c);
    }

private:
    constexpr PanelPlaces places(int first) const {
        return {std::size_t(of_product()), std::size_t(count()), std::size_t(first)};
    }
};

} // namespace rondo::eigen
