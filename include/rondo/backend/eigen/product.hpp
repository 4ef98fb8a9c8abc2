// SPDX-License-Identifier: MIT
#pragma once

#include "tile.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

// Products of our own over Eigen's packets. Eigen's expressions take their blocks from the heap on every large product,
// pack the left factor anew each time, are compiled anew for each shape, and do not compile where a fixed extent is
// large.

/// Numbers at data[row * by_row + column * by_column].
template <class S>
struct Strided {
    const S* data;
    std::size_t by_row, by_column;
};

template <class P>
constexpr std::size_t panels(std::size_t rows) {
    return (rows + panel_height<P> - 1) / panel_height<P>;
}

/// Numbers that a left factor of rows x inner takes once packed.
template <class P>
constexpr std::size_t packed_size(std::size_t rows, std::size_t inner) {
    return panels<P>(rows) * panel_height<P> * inner;
}

/// Copies a (rows x inner) into panels, column after column, short panels filled with zeros.
template <class P, class S = typename P::scalar>
void pack(S* to, Strided<S> a, std::size_t rows, std::size_t inner) {
    constexpr std::size_t height = panel_height<P>;
    if (inner == 0) return; // `a` may be null
    for (std::size_t first = 0; first < rows; first += height, to += height * inner) {
        const std::size_t count = (std::min)(height, rows - first);
        const S* from = a.data + first * a.by_row;
        if (count < height) std::fill_n(to, height * inner, S(0));
        if (a.by_row == 1)
            for (std::size_t k = 0; k < inner; ++k) std::copy_n(from + k * a.by_column, count, to + k * height);
        else
            for (std::size_t i = 0; i < count; ++i)
                for (std::size_t k = 0; k < inner; ++k) to[k * height + i] = from[i * a.by_row + k * a.by_column];
    }
}

/// c += what the tile holds; of a short panel only its first rows.
template <class P, int columns, class S>
void add_sums(S* c, std::size_t stride, Tile<P, 1, columns>& tile, std::size_t rows) {
    if (rows >= panel_height<P>) {
        tile.each([&](P& sum, int, int i, int j) {
            S* to = c + std::size_t(j) * stride + i * P::size;
            (P::load(to) + sum).store(to);
        });
    } else {
        S part[columns][panel_height<P>];
        tile.each([&](P& sum, int, int i, int j) { sum.store(part[j] + i * P::size); });
        for (int j = 0; j < columns; ++j)
            for (std::size_t i = 0; i < rows; ++i) c[std::size_t(j) * stride + i] += part[j][i];
    }
}

/// c += a b, with c (rows x columns) column-major, `a` packed and b (inner x columns).
template <class P, class S = typename P::scalar>
void add_product(S* c, std::size_t stride, const S* a, Strided<S> b, std::size_t rows, std::size_t columns,
                 std::size_t inner) {
    constexpr std::size_t block = 96; // columns of b that stay in the first caches while all panels pass
    for (std::size_t start = 0; start < columns; start += block)
        for (std::size_t first = 0; first < rows; first += panel_height<P>)
            each_tile((std::min)(block, columns - start), [&]<int count>(std::integral_constant<int, count>,
                                                                       std::size_t from) {
                const std::size_t j = start + from;
                Tile<P, 1, count> tile;
                tile.clear();
                if (b.by_row == 1) tile.add(a + first * inner, 0, b.data + j * b.by_column, b.by_column, inner);
                else tile.add_rows(a + first * inner, 0, b.data + j, b.by_row, inner);
                add_sums(c + j * stride + first, stride, tile, rows - first);
            });
}

/// Columns of a left factor that are packed at once where it is not packed beforehand.
inline constexpr std::size_t depth = 256;

/// y += a x, a (rows x inner) in the storage order given.
template <int order, class P, class S = typename P::scalar>
void add_vector_product(S* y, const S* a, std::size_t stride, const S* x, std::size_t rows, std::size_t inner) {
    using Eigen::Index;
    using Left = Eigen::internal::const_blas_data_mapper<S, Index, order>;
    using Right =
        Eigen::internal::const_blas_data_mapper<S, Index, order == Eigen::RowMajor ? Eigen::ColMajor : Eigen::RowMajor>;
    Eigen::internal::general_matrix_vector_product<Index, S, Left, order, false, S, Right, false>::run(
        Index(rows), Index(inner), Left(a, Index(stride)), Right(x, 1), y, 1, S(1));
}

/// The same as add_product with `a` (rows x inner) as it lies, packed on the way into memory of
/// packed_size(rows, min(inner, depth)).
template <class P, class S = typename P::scalar>
void add_product(S* c, std::size_t stride, Strided<S> a, Strided<S> b, std::size_t rows, std::size_t columns,
                 std::size_t inner, S* memory) {
    for (std::size_t k = 0; k < inner; k += depth) {
        const std::size_t part = (std::min)(depth, inner - k);
        pack<P>(memory, {a.data + k * a.by_column, a.by_row, a.by_column}, rows, part);
        add_product<P>(c, stride, static_cast<const S*>(memory), {b.data + k * b.by_row, b.by_row, b.by_column}, rows,
                    columns, part);
    }
}

} // namespace rondo::eigen
