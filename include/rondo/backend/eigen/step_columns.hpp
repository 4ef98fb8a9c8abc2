// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/unroll.hpp"
#include "storage.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

// Common to the step kernels of streams: register tiles of rows, and the layout of packed weights.

/// `blocks` packs of rows, divided into `tiles` tiles of `width` blocks; the first `wider` tiles have one block more.
template <int blocks, int tiles>
struct Tiles {
    static constexpr int count = tiles, width = blocks / tiles, wider = blocks % tiles, widest = width + (wider > 0);

    /// Calls f(n, first) for each tile, of n blocks from `first` on.
    template <class F>
    static void each(F&& f) {
        for (int k = 0, first = 0; k < count; ++k) {
            const int n = k < wider ? widest : width;
            f(n, first);
            first += n;
        }
    }
};

/// Packs the weights of a tile as add_columns reads them: for each column, or for as many as a word holds, `count`
/// words, the i-th from row row(i) of W; zeros if row(i) is negative.
///
/// Shapes  W (rows x inner), row-major.
template <class Stored, class Weights, class Row>
typename Stored::word* pack_columns(typename Stored::word* to, const Weights& W, int inner, int count, Row&& row) {
    for (int k = 0; k < inner; k += Stored::rows)
        for (int i = 0; i < count; ++i) {
            typename Stored::scalar some[Stored::rows]{};
            const int at = row(i);
            for (int r = 0; r < Stored::rows && k + r < inner && at >= 0; ++r)
                some[r] = W[std::size_t(at) * std::size_t(inner) + std::size_t(k + r)];
            *to++ = Stored::join(some);
        }
    return to;
}

/// Packs tiles of rows of y = W x + b: for each the elements of b, then W as pack_columns does.
///
/// Shapes  W (out x inner), row-major; offset(row) is b; `block_size` bytes a block of `lanes` rows.
template <class Tiles, class Stored, class Weights, class Offset>
void pack_tiles(std::byte* to, const Weights& W, const Offset& offset, int inner, int out, int lanes,
                std::size_t block_size) {
    Tiles::each([&](int n, int first) {
        auto* number = reinterpret_cast<typename Stored::scalar*>(to + std::size_t(first) * block_size);
        for (int u = 0; u < n * lanes; ++u) *number++ = offset(first * lanes + u);
        pack_columns<Stored>(reinterpret_cast<typename Stored::word*>(number), W, inner, n * lanes,
                             [&](int u) { return first * lanes + u < out ? first * lanes + u : -1; });
    });
}

/// sum += W x with packed W of `packs` packs of rows; pack i is added to sum[Place::at(i)].
///
/// Columns are added in turn to `chains` independent sets of `sums` sums, which hides the latency of FMA. `unrolled`
/// must be false for words of two columns and many sums: g++ 12 would spill the sums.
///
/// Shapes  W (packs * lanes x inner), x (inner).
template <class Place, class Stored, int inner, int chains, int packs, int sums, bool unrolled, class P>
[[gnu::always_inline]] inline const typename Stored::word* add_columns(P* sum, const typename Stored::word* words,
                                                                       const typename P::scalar* x) {
    constexpr int rows = Stored::rows, whole = inner / rows, turns = whole / chains;
    const auto column = [&](auto chain, int k, auto count) __attribute__((always_inline)) {
        P right[count];
        unroll<count>([&](auto r) __attribute__((always_inline)) { right[r] = P(x[k + r]); });
        unroll<packs>([&](auto i) __attribute__((always_inline)) {
            constexpr int to = Place::at(int(i));
            P& s = sum[chain * sums + to];
            unroll<count>([&](auto r) __attribute__((always_inline)) {
                s = math::fma(Stored::template load<r>(words + i * P::size), right[r], s);
            });
        });
        words += packs * P::size;
    };
    using Rows = std::integral_constant<int, rows>;
    const auto turn = [&](int k) __attribute__((always_inline)) {
        unroll<chains>([&](auto c) __attribute__((always_inline)) { column(c, (k * chains + c) * rows, Rows{}); });
    };
    if constexpr (unrolled) {
#pragma GCC unroll 4
        for (int k = 0; k < turns; ++k) turn(k);
    } else {
        for (int k = 0; k < turns; ++k) turn(k);
    }
    unroll<whole % chains>([&](auto c)
                               __attribute__((always_inline)) { column(c, (turns * chains + c) * rows, Rows{}); });
    if constexpr (inner % rows > 0)
        column(std::integral_constant<int, 0>{}, whole * rows, std::integral_constant<int, inner % rows>{});
    return words;
}

} // namespace rondo::eigen
