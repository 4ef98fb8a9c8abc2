// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/unroll.hpp"
#include "../../simd/pack.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

// Common to the step kernels of several streams: packed weights are read once for several columns. Each column has the
// operations of the kernel for one stream, in the same order, so that its bits are those of a stream alone.

/// The vectors of several streams: columns of a matrix, or parts of the streams' states.
template <class S>
struct StreamColumns {
    S* matrix = nullptr;
    std::size_t by_column = 0;
    S* const* states = nullptr; // if not null, column c begins at states[c] + by_column

    [[gnu::always_inline]] S* operator[](std::size_t c) const {
        return states ? states[c] + by_column : matrix + c * by_column;
    }
    StreamColumns from(std::size_t column) const {
        return states ? StreamColumns{nullptr, by_column, states + column}
                      : StreamColumns{matrix + column * by_column, by_column};
    }
};

/// The sums in registers: `blocks` packs of rows of each of `gates` gates, for `columns` columns. With three or four
/// packs of weights for each column of W, loads are fewer than multiplications. Weights with `rows` rows a word need
/// registers of their own.
struct ColumnTile {
    int blocks, columns;
    constexpr ColumnTile(int gates, int rows)
        : blocks{gates >= 3   ? 1
                 : gates == 2 ? 2
                              : 3},
          columns{(std::max)(2, most(rows) / (blocks * gates))} {}

    /// The fewest columns of a part, of two or more in all: see each_part.
    constexpr int fewest() const { return columns > 2 ? 2 : 1; }

private:
    static constexpr int most(int rows) {
        if (EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32) return 24;
        return rows > 1 ? 9 : 12;
    }
};

/// x, of which g++ would read the weights from memory again for each of their products.
template <class P>
[[gnu::always_inline]] inline P in_register(P x) {
#if defined(__x86_64__) && !defined(__clang__)
    asm("" : "+v"(x.v));
#endif
    return x;
}

/// sum[c * sums + Place::at(i)] += the products with pack i of W that belong to one of the `chains` sets of sums of
/// add_columns: words chain, chain + chains, ... of each row.
///
/// Shapes  W (packs * lanes x inner), of which word k begins at words + k * by_word; x: `columns` vectors (inner).
template <class Place, class Stored, int inner, int packs, int sums, int columns, class P>
[[gnu::always_inline]] inline void add_chain(P* sum, const typename Stored::word* words, std::size_t by_word,
                                             const typename P::scalar* const* x, int chain, auto chains) {
    constexpr int rows = Stored::rows, whole = inner / rows;
    const typename P::scalar* from[columns];
    unroll<columns>([&](auto c) __attribute__((always_inline)) { from[c] = x[c] + chain * rows; });
    const auto* word = words + std::size_t(chain) * by_word;
    const auto add = [&](std::size_t k, auto count) __attribute__((always_inline)) {
        unroll<count>([&](auto r) __attribute__((always_inline)) {
#if defined(__GNUC__)
            // The second row of a word is read again: words that are kept for it would need registers of the sums.
            if constexpr (r > 0) asm("" : "+r"(word));
#endif
            const auto left = [&](int i) __attribute__((always_inline)) {
                return in_register(Stored::template load<r>(word + i * P::size));
            };
            const auto right = [&](int c) __attribute__((always_inline)) { return P(from[c][k + r]); };
            const auto product = [&](auto i, auto c, const P& a, const P& b) __attribute__((always_inline)) {
                P& s = sum[c * sums + Place::at(int(i))];
                s = math::fma(a, b, s);
            };
            // The fewer of the two factors stay in registers.
            P kept[(std::min)(packs, columns)];
            if constexpr (packs < columns) {
                unroll<packs>([&](auto i) __attribute__((always_inline)) { kept[i] = left(i); });
                unroll<columns>([&](auto c) __attribute__((always_inline)) {
                    const P other = right(c);
                    unroll<packs>([&](auto i) __attribute__((always_inline)) { product(i, c, kept[i], other); });
                });
            } else {
                unroll<columns>([&](auto c) __attribute__((always_inline)) { kept[c] = right(c); });
                unroll<packs>([&](auto i) __attribute__((always_inline)) {
                    const P other = left(i);
                    unroll<columns>([&](auto c) __attribute__((always_inline)) { product(i, c, other, kept[c]); });
                });
            }
        });
    };
    std::size_t k = 0;
    const auto step = std::size_t(chains * rows);
#pragma GCC unroll 4
    for (int n = chain; n < whole; n += chains, k += step, word += std::size_t(chains) * by_word)
        add(k, std::integral_constant<int, rows>{});
    if constexpr (inner % rows > 0)
        if (chain == 0) {
            word = words + std::size_t(whole) * by_word;
            add(std::size_t(whole * rows), std::integral_constant<int, inner % rows>{});
        }
}

/// Adds up the chains: sum = chain 0 + chain 1 + ..., where add(sum, chain) computes the sums of one.
template <int count, class P, class Add>
[[gnu::always_inline]] inline void add_chains(P* sum, auto chains, Add&& add) {
    add(sum, 0);
    for (int chain = 1; chain < chains; ++chain) {
        P more[count];
        unroll<count>([&](auto i) __attribute__((always_inline)) { more[i] = P(typename P::scalar(0)); });
        add(more, chain);
        unroll<count>([&](auto i) __attribute__((always_inline)) { sum[i] = sum[i] + more[i]; });
    }
}

/// Calls f(width, first) for parts of `count` columns, or blocks, of at most `most`, whose widths differ by at most
/// one. `width` is an integral_constant from `least` on.
template <int most, int least, class F>
[[gnu::always_inline]] inline void each_part(std::size_t count, F&& f) {
    const std::size_t parts = (count + most - 1) / most;
    for (std::size_t k = 0, first = 0; k < parts; ++k) {
        const std::size_t width = count / parts + (k < count % parts ? 1 : 0);
        unroll<most - least + 1>([&](auto i) __attribute__((always_inline)) {
            if (width == std::size_t(i) + least) f(std::integral_constant<int, i + least>{}, first);
        });
        first += width;
    }
}

} // namespace rondo::eigen
