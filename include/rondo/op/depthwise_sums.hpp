// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

// Sums of products, feature by feature, for depthwise convolutions.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Columns at even distances in memory.
template <class S>
struct EvenColumns {
    S* first;
    std::ptrdiff_t distance;
    RONDO_HOST_DEVICE S* operator[](std::ptrdiff_t k) const { return first + k * distance; }
};
/// The sums of a tile of packs and columns, `columns` of each pack: not an array, so that they stay in registers.
/// Column j is `next` j behind the first.
template <class P, int columns, int count>
struct TileSums {
    using S = typename P::scalar;
    static constexpr int column = (count - 1) % columns, row = (count - 1) / columns * P::size;
    [[no_unique_address]] TileSums<P, columns, count - 1> others;
    P sum;
    RONDO_CELL void load(const S* from, std::ptrdiff_t next) {
        others.load(from, next);
        sum = P::load(from + column * next + row);
    }
    RONDO_CELL void store(S* to, std::ptrdiff_t next) const {
        others.store(to, next);
        sum.store(to + column * next + row);
    }
    RONDO_CELL void add(const S* factor, const S* x, std::ptrdiff_t next) {
        others.add(factor, x, next);
        sum = math::fma(P::load(factor + row), P::load(x + column * next + row), sum);
    }
};
template <class P, int columns>
struct TileSums<P, columns, 0> {
    using S = typename P::scalar;
    RONDO_CELL void load(const S*, std::ptrdiff_t) {}
    RONDO_CELL void store(S*, std::ptrdiff_t) const {}
    RONDO_CELL void add(const S*, const S*, std::ptrdiff_t) {}
};
/// to(j) += the sum of factors(k) x(k, j) over k < count, in this order, for each of `columns`: x(k, j) is `next` j
/// behind the column x[k].
template <class P, int columns, class S, class Factors, class Columns>
RONDO_HOST_DEVICE void add_products(const Factors& factors, const Columns& x, std::ptrdiff_t next, int count,
                                    EvenColumns<S> to, std::size_t rows) {
    std::size_t r = 0;
    if constexpr (requires { P::size; }) {
        constexpr int packs = columns > 2 ? 2 : 4; // enough sums to hide the latency of FMA
        constexpr std::size_t height = std::size_t(packs * P::size);
        for (; r + height <= rows; r += height) {
            TileSums<P, columns, packs * columns> sums;
            sums.load(to.first + r, to.distance);
            for (int k = 0; k < count; ++k) sums.add(factors[k] + r, x[k] + r, next);
            sums.store(to.first + r, to.distance);
        }
    }
    for (int j = 0; j < columns; ++j)
        for_each_pack<P>(rows - r, [&](PartialPack<P> part, std::size_t rest) {
            const std::size_t at = r + rest;
            P sum = part.load(to[j] + at);
            for (int k = 0; k < count; ++k)
                sum = math::fma(part.load(factors[k] + at), part.load(x[k] + j * next + at), sum);
            part.store(to[j] + at, sum);
        });
}
/// The same for up to `most` columns.
template <class P, int most, class S>
RONDO_HOST_DEVICE void add_products(int columns, EvenColumns<const S> factors, EvenColumns<const S> x,
                                    std::ptrdiff_t next, int count, EvenColumns<S> to, std::size_t rows) {
    if constexpr (most > 1)
        if (columns < most) return add_products<P, most - 1, S>(columns, factors, x, next, count, to, rows);
    add_products<P, most, S>(factors, x, next, count, to, rows);
}
/// The same for one column and any addresses, `most` pairs at once.
template <class S>
struct TapSums {
    static constexpr int most = 32;
    const S *steps[most], *taps[most];
    int count = 0;

    /// Adds a pair; sums them up into `to` once there are `most`.
    template <class P>
    RONDO_HOST_DEVICE void add(const S* step, const S* tap, S* to, std::size_t rows) {
        steps[count] = step;
        taps[count++] = tap;
        if (count == most) finish<P>(to, rows);
    }
    template <class P>
    RONDO_HOST_DEVICE void finish(S* to, std::size_t rows) {
        if (count > 0) add_products<P, 1, S>(taps, steps, 0, count, EvenColumns<S>{to, 0}, rows);
        count = 0;
    }
};

} // namespace rondo::detail
