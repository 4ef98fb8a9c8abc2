// SPDX-License-Identifier: MIT
#pragma once

#include "../../math/pack.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace rondo::eigen {

// Products of our own over Eigen's packets. Eigen's expressions take their blocks from the heap on every large product,
// pack the left factor anew each time, are compiled anew for each shape, and do not compile where a fixed extent is
// large.

/// The sum a tile of C keeps in registers: as many packs of rows and as many columns as leave room for what is read.
template <class S>
struct Tile {
    using P = Pack<S>;
    static constexpr bool many_registers = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32;
    static constexpr int packs = many_registers ? 3 : 2, columns = many_registers ? 8 : 4;
    static constexpr std::size_t rows = std::size_t(packs * P::size);
};

/// Numbers at data[row * by_row + column * by_column].
template <class S>
struct Strided {
    const S* data;
    std::size_t by_row, by_column;
};

template <class S>
constexpr std::size_t panels(std::size_t rows) {
    return (rows + Tile<S>::rows - 1) / Tile<S>::rows;
}

/// Numbers that a left factor of rows x inner takes once packed.
template <class S>
constexpr std::size_t packed_size(std::size_t rows, std::size_t inner) {
    return panels<S>(rows) * Tile<S>::rows * inner;
}

/// Copies a (rows x inner) into panels of a tile's rows, column after column, short panels filled with zeros.
template <class S>
void pack(S* to, Strided<S> a, std::size_t rows, std::size_t inner) {
    constexpr std::size_t height = Tile<S>::rows;
    if (inner == 0) return; // `a` may be null
    for (std::size_t first = 0; first < rows; first += height, to += height * inner) {
        const std::size_t count = std::min(height, rows - first);
        const S* from = a.data + first * a.by_row;
        if (count < height) std::fill_n(to, height * inner, S(0));
        if (a.by_row == 1)
            for (std::size_t k = 0; k < inner; ++k) std::copy_n(from + k * a.by_column, count, to + k * height);
        else
            for (std::size_t i = 0; i < count; ++i)
                for (std::size_t k = 0; k < inner; ++k) to[k * height + i] = from[i * a.by_row + k * a.by_column];
    }
}

/// One tile: c += a b, `a` a panel, b (inner x columns) where it lies.
template <int columns, class S>
void add_tile(S* c, std::size_t stride, const S* a, Strided<S> b, std::size_t rows, std::size_t inner) {
    using T = Tile<S>;
    using P = typename T::P;
    P sum[columns][T::packs];
#pragma GCC unroll 8
    for (int j = 0; j < columns; ++j)
#pragma GCC unroll 4
        for (int i = 0; i < T::packs; ++i) sum[j][i] = P(S(0));
    const S* from = b.data;
    for (std::size_t k = 0; k < inner; ++k, a += T::rows, from += b.by_row) {
        P left[T::packs];
#pragma GCC unroll 4
        for (int i = 0; i < T::packs; ++i) left[i] = P::load(a + i * P::size);
#pragma GCC unroll 8
        for (int j = 0; j < columns; ++j) {
            const P right(from[std::size_t(j) * b.by_column]);
#pragma GCC unroll 4
            for (int i = 0; i < T::packs; ++i) sum[j][i] = math::fma(left[i], right, sum[j][i]);
        }
    }
    if (rows >= T::rows) {
#pragma GCC unroll 8
        for (int j = 0; j < columns; ++j)
#pragma GCC unroll 4
            for (int i = 0; i < T::packs; ++i) {
                S* to = c + std::size_t(j) * stride + i * P::size;
                (P::load(to) + sum[j][i]).store(to);
            }
    } else {
        S part[T::rows];
        for (int j = 0; j < columns; ++j) {
            for (int i = 0; i < T::packs; ++i) sum[j][i].store(part + i * P::size);
            for (std::size_t i = 0; i < rows; ++i) c[std::size_t(j) * stride + i] += part[i];
        }
    }
}

/// c += a b, with c (rows x columns) column-major, `a` packed and b (inner x columns).
template <class S>
void add_product(S* c, std::size_t stride, const S* a, Strided<S> b, std::size_t rows, std::size_t columns,
                 std::size_t inner) {
    using T = Tile<S>;
    constexpr std::size_t block = 64; // columns of b that stay in the first caches while all panels pass
    for (std::size_t start = 0; start < columns; start += block) {
        const std::size_t end = std::min(start + block, columns);
        for (std::size_t first = 0; first < rows; first += T::rows) {
            const S* panel = a + first * inner;
            const auto tile = [&]<int count>(std::integral_constant<int, count>, std::size_t j) {
                add_tile<count>(c + j * stride + first, stride, panel,
                                {b.data + j * b.by_column, b.by_row, b.by_column}, rows - first, inner);
            };
            std::size_t j = start;
            for (; j + T::columns <= end; j += T::columns) tile(std::integral_constant<int, T::columns>{}, j);
            if (T::columns > 4 && j + 4 <= end) tile(std::integral_constant<int, 4>{}, j), j += 4;
            if (j + 2 <= end) tile(std::integral_constant<int, 2>{}, j), j += 2;
            if (j < end) tile(std::integral_constant<int, 1>{}, j);
        }
    }
}

/// Columns of a left factor that are packed at once where it is not packed beforehand.
inline constexpr std::size_t depth = 256;

/// y += a x, a (rows x inner) in the storage order given.
template <int order, class S>
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
template <class S>
void add_product(S* c, std::size_t stride, Strided<S> a, Strided<S> b, std::size_t rows, std::size_t columns,
                 std::size_t inner, S* memory) {
    for (std::size_t k = 0; k < inner; k += depth) {
        const std::size_t part = std::min(depth, inner - k);
        pack(memory, {a.data + k * a.by_column, a.by_row, a.by_column}, rows, part);
        add_product(c, stride, static_cast<const S*>(memory), {b.data + k * b.by_row, b.by_row, b.by_column}, rows,
                    columns, part);
    }
}

} // namespace rondo::eigen
