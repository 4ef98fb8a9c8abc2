// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/unroll.hpp"
#include "../../simd/pack.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// Rows of a panel. A packed left factor is stored in panels of two packs of rows, each column-major.
template <class P>
inline constexpr std::size_t panel_height = 2 * std::size_t(P::size);

/// Columns of a register tile: with two packs of rows each, the sums and operands fit in the registers.
inline constexpr int tile_columns = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 8 : 6;

/// A register tile: the sums of `panels` panels of rows x `columns` columns.
template <class P, int panels, int columns>
class Tile {
public:
    using S = typename P::scalar;
    static constexpr std::size_t height = panel_height<P>;

    /// Calls f(sum, panel, pack of the panel, column) for each pack of sums.
    template <class F>
    [[gnu::always_inline]] void each(F&& f) {
        unroll<columns>([&](auto j) __attribute__((always_inline)) {
            unroll<2 * panels>([&](auto i) __attribute__((always_inline)) { f(sum_[j][i], i / 2, i % 2, int(j)); });
        });
    }
    [[gnu::always_inline]] void clear() {
        each([](P& sum, int, int, int) __attribute__((always_inline)) { sum = P(S(0)); });
    }

    /// sum += a b with column-major b. Panel p of `a` begins at a + p * stride.
    [[gnu::always_inline]] void add(const S* a, std::size_t stride,    // (panels * height x inner), packed
                                    const S* b, std::size_t by_column, // (inner x columns)
                                    std::size_t inner) {
        const S* column[columns];
        unroll<columns>([&](auto j) __attribute__((always_inline)) { column[j] = b + std::size_t(j) * by_column; });
        add_each(a, stride, inner, [&](auto j, std::size_t k) __attribute__((always_inline)) { return column[j][k]; });
    }
    /// sum += a b with row-major b.
    [[gnu::always_inline]] void add_rows(const S* a, std::size_t stride, // (panels * height x inner), packed
                                         const S* b, std::size_t by_row, // (inner x columns)
                                         std::size_t inner) {
        add_each(a, stride, inner,
                 [&](auto j, std::size_t k) __attribute__((always_inline)) { return b[k * by_row + std::size_t(j)]; });
    }

private:
    template <class Right>
    [[gnu::always_inline]] void add_each(const S* a, std::size_t stride, std::size_t inner, const Right& right_at) {
        Tile tile = *this; // a local copy without aliases, so that the sums stay in registers
        for (std::size_t k = 0; k < inner; ++k) {
            P left[2 * panels];
            unroll<2 * panels>([&](auto i) __attribute__((always_inline)) {
                left[i] = P::load(a + std::size_t(i / 2) * stride + k * panel_height<P> + i % 2 * P::size);
            });
            unroll<columns>([&](auto j) __attribute__((always_inline)) {
                const P right(right_at(j, k));
                unroll<2 * panels>([&](auto i) __attribute__((always_inline)) {
                    // Eigen's own, in assembler under clang: with the intrinsic a batch of 8 takes 7 % longer.
                    tile.sum_[j][i] = P::from(Eigen::internal::pmadd(left[i].v, right.v, tile.sum_[j][i].v));
                });
            });
        }
        *this = tile;
    }

    P sum_[columns][2 * panels];
};

/// Calls f(integral_constant<int, n>) for an n in [1, most] that is known at run time only.
template <int most, class F>
[[gnu::always_inline]] inline void with_constant(std::size_t n, F&& f) {
    unroll<most>([&](auto i) {
        if (n == std::size_t(i) + 1) f(std::integral_constant<int, i + 1>{});
    });
}

/// `all` elements in parts of at most `most`, whose sizes differ by at most one: a small last tile would have too few
/// sums to hide the latency of FMA.
struct EvenParts {
    std::size_t all, most, count = (all + most - 1) / most;
    std::size_t size(std::size_t k) const { return all / count + (k < all % count ? 1 : 0); }
    std::size_t first(std::size_t k) const { return k * (all / count) + (std::min)(k, all % count); }
};

/// Calls f(width, first) for tiles that cover `columns`, `width` an integral_constant.
template <class F>
void each_tile(std::size_t columns, F&& f) {
    const EvenParts tiles{columns, std::size_t(tile_columns)};
    for (std::size_t k = 0; k < tiles.count; ++k)
        with_constant<tile_columns>(tiles.size(k), [&](auto width) { f(width, tiles.first(k)); });
}

} // namespace rondo::eigen
