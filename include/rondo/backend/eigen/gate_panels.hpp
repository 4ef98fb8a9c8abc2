// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/concept.hpp"
#include "../../core/view.hpp"
#include "panel_product.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// How the gates of a cell lie in panels: blocks of a pack of units together, so that one pass over a block's panels
/// sees all of its gates.
///
/// A group is as many blocks as make whole panels. Its packs, in order: the gates' W x + b of those that keep it apart,
/// the other gates, and the U h + c of those that keep it apart; so the products with x and with h each write
/// neighbouring panels.
template <class C, class P>
struct GatePanels {
    static constexpr int lanes = P::size, split = C::shape.split, plain = C::shape.gates - split;
    static constexpr int blocks = plain % 2 == 0 && split % 2 == 0 ? 1 : 2; // in a group
    static constexpr int count = (plain + 2 * split) * blocks / 2;          // panels of a group
    static constexpr int of_product = (plain + split) * blocks / 2;         // those of x come first, those of h last
    static constexpr int first_of_h = count - of_product;
    static constexpr std::size_t height = panel_height<P>;

    static constexpr std::size_t groups(std::size_t hidden) {
        constexpr std::size_t units = std::size_t(lanes) * std::size_t(blocks);
        return (hidden + units - 1) / units;
    }
    /// The pack, in its group, of a pre-activation (as cell::Pre counts them) of one of its blocks.
    static constexpr int pack(int pre, int block) {
        if (pre < plain) return split * blocks + block * plain + pre;
        if (pre < plain + split) return (pre - plain) * blocks + block;
        return (plain + pre - plain) * blocks + block;
    }
    /// The panels of a product with x, and with h, among all.
    static constexpr PanelPlaces of_x{of_product, count, 0}, of_h{of_product, count, first_of_h};

    /// Calls f(pre, first unit, where) for the packs of panels [from, from + of_product) of each group, `where` being
    /// the pack's place among these panels.
    template <class F>
    static void each_pack(std::size_t hidden, int from, int panels, F&& f) {
        for (std::size_t g = 0; g < groups(hidden); ++g)
            for (int block = 0; block < blocks; ++block)
                for (int pre = 0; pre < C::shape.gates + split; ++pre) {
                    const int at = pack(pre, block) - 2 * from;
                    if (at < 0 || at >= 2 * panels) continue;
                    f(pre, (g * std::size_t(blocks) + std::size_t(block)) * lanes,
                      g * std::size_t(2 * panels) + std::size_t(at));
                }
    }
    /// The row of a weight matrix that a pre-activation of a unit is.
    static constexpr std::size_t row(int pre, std::size_t unit, std::size_t hidden) {
        return std::size_t(pre < plain + split ? pre : pre - split) * hidden + unit;
    }
};

} // namespace rondo::eigen
