// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/unroll.hpp"
#include "../../simd/pack.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// A left factor lies in panels of two packs of rows, column after column: what every product here reads.
template <class P>
inline constexpr std::size_t panel_height = 2 * std::size_t(P::size);

/// Columns whose sums fit in the registers together with what is read: two packs of rows each.
inline constexpr int tile_columns = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 6;

/// Sums that stay in registers while a product runs: some panels of rows x some columns.
template <class P, int panels, int columns>
class Tile {
public:
    using S = typename P::scalar;
    static constexpr std::size_t height = panel_height<P>;

    /// f(sum, panel, pack of the panel, column)
    template <class F>
    [[gnu::always_inline]] void each(F&& f) {
        unroll<columns>([&](auto j) __attribute__((always_inline)) {
            unroll<2 * panels>([&](auto i) __attribute__((always_inline)) { f(sum_[j][i], i / 2, i % 2, int(j)); });
        });
    }
    [[gnu::always_inline]] void clear() {
        each([](P& sum, int, int, int) __attribute__((always_inline)) { sum = P(S(0)); });
    }

    /// sum += a b: panel p of `a` begins at a + p * stride. b(k, j) is b[k + j * by_column], or, where its rows lie
    /// together, b[k * by_row + j].
    [[gnu::always_inline]] void add(const S* a, std::size_t stride, const S* b, std::size_t by_column,
                                    std::size_t inner) {
        const S* column[columns];
        unroll<columns>([&](auto j) __attribute__((always_inline)) { column[j] = b + std::size_t(j) * by_column; });
        add_each(a, stride, inner, [&](auto j, std::size_t k) __attribute__((always_inline)) { return column[j][k]; });
    }
    [[gnu::always_inline]] void add_rows(const S* a, std::size_t stride, const S* b, std::size_t by_row,
                                         std::size_t inner) {
        add_each(a, stride, inner, [&](auto j, std::size_t k) __attribute__((always_inline)) {
            return b[k * by_row + std::size_t(j)];
        });
    }

private:
    template <class Right>
    [[gnu::always_inline]] void add_each(const S* a, std::size_t stride, std::size_t inner, const Right& right_at) {
        Tile tile = *this; // nobody else's, so that its sums need not be in memory
        for (std::size_t k = 0; k < inner; ++k) {
            P left[2 * panels];
            unroll<2 * panels>([&](auto i) __attribute__((always_inline)) {
                left[i] = P::load(a + std::size_t(i / 2) * stride + k * panel_height<P> + i % 2 * P::size);
            });
            unroll<columns>([&](auto j) __attribute__((always_inline)) {
                const P right(right_at(j, k));
                unroll<2 * panels>([&](auto i) __attribute__((always_inline)) {
                    tile.sum_[j][i] = math::fma(left[i], right, tile.sum_[j][i]);
                });
            });
        }
        *this = tile;
    }

    P sum_[columns][2 * panels];
};

/// Calls f(width, first) for parts of `columns` that are alike in width, an integral_constant: no narrow rest remains,
/// whose few sums would wait for each other.
template <class F>
void each_tile(std::size_t columns, F&& f) {
    for (std::size_t first = 0; first < columns;) {
        const std::size_t left = columns - first, tiles = (left + tile_columns - 1) / tile_columns,
                          width = (left + tiles - 1) / tiles;
        unroll<tile_columns>([&](auto n) {
            if (width == std::size_t(n) + 1) f(std::integral_constant<int, n + 1>{}, first);
        });
        first += width;
    }
}

} // namespace rondo::eigen
