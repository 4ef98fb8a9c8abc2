// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>

namespace rondo::eigen {

/// Eigen's matrix product, blocked in memory that the caller gives.
///
/// The expression y.noalias() += w * x would take its blocks from the heap on every call above 128 kB, would be compiled
/// anew for each shape, and does not compile at all where a fixed extent is large.
template <class S>
struct Blocks : Eigen::internal::level3_blocking<S, S> {
    /// Numbers that the blocks of any product need whose extents are not larger.
    static std::size_t size(std::size_t rows, std::size_t columns, std::size_t inner) {
        const std::size_t depth = std::min(inner, longest());
        return padded(rows * depth) + padded(depth * columns);
    }
    Blocks(std::size_t rows, std::size_t columns, std::size_t inner, S* memory) {
        this->m_mc = Eigen::Index(rows);
        this->m_nc = Eigen::Index(columns);
        this->m_kc = Eigen::Index(inner);
        Eigen::internal::computeProductBlockingSizes<S, S>(this->m_kc, this->m_mc, this->m_nc, Eigen::Index(1));
        this->m_kc = std::min(this->m_kc, Eigen::Index(longest()));
        this->m_blockA = memory;
        this->m_blockB = memory + padded(std::size_t(this->m_mc * this->m_kc));
    }

private:
    // A block is never deeper than the level 1 cache allows, but for products so small that they are one block.
    static std::size_t longest() {
        Eigen::Index rows = 1 << 20, columns = rows, inner = rows;
        Eigen::internal::computeProductBlockingSizes<S, S>(inner, rows, columns, Eigen::Index(1));
        return std::size_t(std::max<Eigen::Index>(inner, 48));
    }
};

template <class S>
struct Operand {
    const S* data;
    std::size_t stride;
};

/// c += a b, with c (rows x columns) column-major, a (rows x inner) and b (inner x columns) in the orders given.
template <int OrderA, int OrderB, class S>
void add_product(S* c, std::size_t stride, Operand<S> a, Operand<S> b, std::size_t rows, std::size_t columns,
                 std::size_t inner, S* memory) {
    using Eigen::Index;
    if (rows == 0 || columns == 0 || inner == 0) return;
    if constexpr (OrderB == Eigen::ColMajor) {
        if (columns == 1) {
            using MapperA = Eigen::internal::const_blas_data_mapper<S, Index, OrderA>;
            using MapperB = Eigen::internal::const_blas_data_mapper<S, Index, Eigen::RowMajor>;
            using MapperX = Eigen::internal::const_blas_data_mapper<S, Index, Eigen::ColMajor>;
            using MapperOfB = std::conditional_t<OrderA == Eigen::ColMajor, MapperB, MapperX>;
            Eigen::internal::general_matrix_vector_product<Index, S, MapperA, OrderA, false, S, MapperOfB, false>::run(
                Index(rows), Index(inner), MapperA(a.data, Index(a.stride)), MapperOfB(b.data, 1), c, 1, S(1));
            return;
        }
    }
    Blocks<S> blocks(rows, columns, inner, memory);
    Eigen::internal::general_matrix_matrix_product<Index, S, OrderA, false, S, OrderB, false, Eigen::ColMajor, 1>::run(
        Index(rows), Index(columns), Index(inner), a.data, Index(a.stride), b.data, Index(b.stride), c, 1, Index(stride),
        S(1), blocks, nullptr);
}

} // namespace rondo::eigen
