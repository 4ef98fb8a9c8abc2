// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/view.hpp"
#include "../../simd/tail.hpp"
#include "gate_panels.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// Packs a recurrence's parameters into the order of GatePanels, and adds packed gradients to those of the parameters.
/// It depends on the cell by numbers only, so it is compiled once for all cells.
///
/// Shapes  W, U (gates hidden x columns), row-major; b, c (gates hidden); per-unit parameters (count x hidden)
template <class P>
struct PackedGates {
    using S = typename P::scalar;
    static constexpr std::size_t lanes = P::size, height = panel_height<P>;

    GatePanels gates;
    std::size_t hidden;

    std::size_t units(std::size_t block) const { return gates.units(block, hidden); }

    /// W (first: 0) or U (first: first_of_h) as a left factor.
    void weights(S* to, const S* from, std::size_t columns, int first) const {
        gates.each_pack(hidden, first, gates.of_product(), [&](int k, std::size_t unit, std::size_t at) {
            S* const panel = to + at / 2 * height * columns + at % 2 * lanes;
            const std::size_t n = units(unit / lanes);
            pack_rows<P>(panel, n > 0 ? from + gates.row(k, unit, hidden) * columns : from, columns, n, columns);
        });
    }
    /// W^T or U^T for products with da: rows are the features of x or h, columns in the order of da's packs.
    void transposed(S* to, const S* w, std::size_t rows, int first) const {
        const std::size_t inner = gates.product_panels(hidden) * height;
        for (std::size_t row = 0; row < rows; row += height) {
            const std::size_t count = (std::min)(height, rows - row);
            S* const panel = to + row * inner;
            gates.each_pack(hidden, first, gates.of_product(), [&](int k, std::size_t unit, std::size_t at) {
                const std::size_t n = units(unit / lanes);
                for (std::size_t u = 0; u < lanes; ++u) {
                    S* const column = panel + (at * lanes + u) * height;
                    const S* const from = w + (u < n ? gates.row(k, unit + u, hidden) * rows + row : 0);
                    if (u < n && count == height) {
                        P::load(from).store(column);
                        P::load(from + lanes).store(column + lanes);
                    } else {
                        for (std::size_t i = 0; i < height; ++i) column[i] = u < n && i < count ? from[i] : S(0);
                    }
                }
            });
        }
    }
    /// b + c where a pre-activation includes both; either is null if the layer has no biases.
    void biases(S* to, const S* b, const S* c) const {
        gates.each_pack(hidden, 0, gates.count(), [&](int k, std::size_t unit, std::size_t at) {
            const std::size_t n = units(unit / lanes), row = n > 0 ? gates.row(k, unit, hidden) : 0;
            P sum(S(0));
            gates.each_bias(k, b, c, [&](const S* from) {
                if (from) sum = sum + PartialPack<P>{n}.load(from + row);
            });
            sum.store(to + at * lanes);
        });
    }
    void per_unit(S* to, const S* from, std::size_t count) const {
        for (std::size_t block = 0; block < gates.blocks(hidden); ++block)
            for (std::size_t k = 0; k < count; ++k, to += lanes)
                PartialPack<P>{units(block)}.load(from + k * hidden + (std::min)(hidden, block * lanes)).store(to);
    }

    /// to += the sums of dW or dU, in `tiles` tiles of `features` columns for each panel.
    void add_weights(S* to, const S* sums, std::size_t columns, std::size_t tiles, std::size_t features,
                     int first) const {
        gates.each_pack(hidden, first, gates.of_product(), [&](int k, std::size_t unit, std::size_t at) {
            const std::size_t n = units(unit / lanes);
            if (n > 0)
                add_packed_rows<P>(to + gates.row(k, unit, hidden) * columns, columns,
                                   sums + at / 2 * tiles * features * height + at % 2 * lanes, n, columns);
        });
    }
    void add_biases(S* b, S* c, const S* sums) const {
        gates.each_pack(hidden, 0, gates.count(), [&](int k, std::size_t unit, std::size_t at) {
            const std::size_t n = units(unit / lanes), row = n > 0 ? gates.row(k, unit, hidden) : 0;
            for (std::size_t u = 0; u < n; ++u)
                gates.each_bias(k, b, c, [&](S* to) { to[row + u] += sums[at * lanes + u]; });
        });
    }
    void add_per_unit(S* to, const S* sums, std::size_t count) const {
        for (std::size_t block = 0; block < gates.blocks(hidden); ++block)
            for (std::size_t k = 0; k < count; ++k)
                for (std::size_t u = 0; u < units(block); ++u)
                    to[k * hidden + block * lanes + u] += sums[(block * count + k) * lanes + u];
    }
};

} // namespace rondo::eigen
