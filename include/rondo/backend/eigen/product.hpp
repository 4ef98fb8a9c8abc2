// SPDX-License-Identifier: MIT
#pragma once

#include "tile.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

// Matrix products over Eigen's packets. Eigen's own allocate on every large product, pack the left factor each time,
// are instantiated for each shape, and do not compile for large fixed sizes.

/// A view of a matrix whose element (row, column) is data[row * by_row + column * by_column].
template <class S>
struct Strided {
    const S* data;
    std::size_t by_row, by_column;
};

template <class P>
constexpr std::size_t panels(std::size_t rows) {
    return (rows + panel_height<P> - 1) / panel_height<P>;
}

/// Elements of a packed left factor (rows x inner).
template <class P>
constexpr std::size_t packed_size(std::size_t rows, std::size_t inner) {
    return panels<P>(rows) * panel_height<P> * inner;
}

/// Packs a left factor into panels; a short last panel is filled with zeros.
template <class P, class S = typename P::scalar>
void pack(S* to,        // packed_size(rows, inner)
          Strided<S> a, // (rows x inner)
          std::size_t rows, std::size_t inner) {
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

/// c += tile; of a short panel only the first `rows` rows.
template <class P, int columns, class S>
void add_sums(S* c, std::size_t stride, // (rows x columns), column-major
              Tile<P, 1, columns>& tile, std::size_t rows) {
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

/// c += a b with packed a.
template <class P, class S = typename P::scalar>
void add_product(S* c, std::size_t stride, // (rows x columns), column-major
                 const S* a,               // (rows x inner), packed
                 Strided<S> b,             // (inner x columns)
                 std::size_t rows, std::size_t columns, std::size_t inner) {
    constexpr std::size_t block = 96; // columns of b that stay in L1 and L2 while all panels are read
    for (std::size_t start = 0; start < columns; start += block)
        for (std::size_t first = 0; first < rows; first += panel_height<P>)
            each_tile((std::min)(block, columns - start),
                      [&]<int count>(std::integral_constant<int, count>, std::size_t from) {
                          const std::size_t j = start + from;
                          Tile<P, 1, count> tile;
                          tile.clear();
                          if (b.by_row == 1)
                              tile.add(a + first * inner, 0, b.data + j * b.by_column, b.by_column, inner);
                          else tile.add_rows(a + first * inner, 0, b.data + j, b.by_row, inner);
                          add_sums(c + j * stride + first, stride, tile, rows - first);
                      });
}

/// Columns of a left factor that are packed at a time if it is not packed beforehand.
inline constexpr std::size_t depth = 256;

/// y += a x
template <int order, class P, class S = typename P::scalar>
void add_vector_product(S* y,                           // (rows)
                        const S* a, std::size_t stride, // (rows x inner), in storage order `order`
                        const S* x,                     // (inner)
                        std::size_t rows, std::size_t inner) {
    using Eigen::Index;
    using Left = Eigen::internal::const_blas_data_mapper<S, Index, order>;
    using Right =
        Eigen::internal::const_blas_data_mapper<S, Index, order == Eigen::RowMajor ? Eigen::ColMajor : Eigen::RowMajor>;
    Eigen::internal::general_matrix_vector_product<Index, S, Left, order, false, S, Right, false>::run(
        Index(rows), Index(inner), Left(a, Index(stride)), Right(x, 1), y, 1, S(1));
}

/// c += a b, packing a into `memory`, `depth` columns at a time.
template <class P, class S = typename P::scalar>
void add_product(S* c, std::size_t stride, // (rows x columns), column-major
                 Strided<S> a,             // (rows x inner)
                 Strided<S> b,             // (inner x columns)
                 std::size_t rows, std::size_t columns, std::size_t inner,
                 S* memory) { // packed_size(rows, min(inner, depth))
    for (std::size_t k = 0; k < inner; k += depth) {
        const std::size_t part = (std::min)(depth, inner - k);
        pack<P>(memory, {a.data + k * a.by_column, a.by_row, a.by_column}, rows, part);
        add_product<P>(c, stride, static_cast<const S*>(memory), {b.data + k * b.by_row, b.by_row, b.by_column}, rows,
                       columns, part);
    }
}

} // namespace rondo::eigen
