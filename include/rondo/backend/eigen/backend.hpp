// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"
#include "../../core/view.hpp"
#include "../../simd/pack.hpp"
#include "../../simd/tail.hpp"
#include "../concept.hpp"
#include "product.hpp"
#include "recurrence_backward.hpp"
#include "steps.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cassert>
#include <concepts>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The backend on the host: Rondo's own products over Eigen's packets, on one thread.
///
/// Memory  packed blocks of products, allocated by reserve; nothing else.
template <std::floating_point S, class Level = simd::Native>
class EigenBackend {
public:
    using scalar = S;
    using P = Pack<S, Eigen::internal::packet_traits<S>::size, Level>;
    static constexpr std::string_view name = "Eigen";
    template <class T> using buffer = Buffer<T>;
    /// All steps of a recurrence, faster than Scan.
    template <class C, bool projected>
        requires (C::shape.after_reset == 0)
    using recurrence = eigen::Recurrence<C, P, projected>;
    /// Step kernels of streams, with weights packed as W.
    template <class W> using kernels = eigen::Steps<S, Level, W>;

    static std::size_t scratch(std::size_t rows, std::size_t, std::size_t inner) {
        return eigen::packed_size<P>(rows, (std::min)(inner, eigen::depth));
    }
    void reserve(std::size_t scratch) {
        if (scratch > blocks_.size()) blocks_.resize(scratch);
    }

    template <class T> static T* data(buffer<T>& b) { return b.data(); }
    template <class T> static const T* data(const buffer<T>& b) { return b.data(); }
    /// A tensor as an Eigen::Map, for users; not used in products.
    template <int rows, int columns, class T>
    static auto map(T* data) {
        using M = Eigen::Matrix<S, rows, columns, columns == 1 ? Eigen::ColMajor : Eigen::RowMajor>;
        return Eigen::Map<std::conditional_t<std::is_const_v<T>, const M, M>>(data);
    }
    /// A column-major matrix (rows x columns) as an Eigen::Map.
    template <int rows, class T>
    static auto columns_map(T* data, std::size_t columns) {
        using M = Eigen::Matrix<S, rows, Eigen::Dynamic>;
        return Eigen::Map<std::conditional_t<std::is_const_v<T>, const M, M>>(data, rows, Eigen::Index(columns));
    }
    template <class T> static void send(T* to, const T* from, std::size_t n) { std::copy_n(from, n, to); }
    static void upload(buffer<S>& to, const S* from, std::size_t n) { to.assign(from, from + n); }
    static void download(S* to, const S* from, std::size_t n) { std::copy_n(from, n, to); }

    /// Packed weights.
    struct Prepared {
        const S* panels = nullptr;
    };
    static std::size_t prepared_size(std::size_t rows, std::size_t columns) {
        return (std::max)(eigen::packed_size<P>(rows, columns), eigen::packed_size<P>(columns, rows));
    }
    Prepared prepare(RowMajorView<const S> w, S* to) {
        eigen::pack<P>(to, {w.data, w.columns, 1}, w.rows, w.columns);
        return {to};
    }
    Prepared prepare_transposed(RowMajorView<const S> w, S* to) {
        eigen::pack<P>(to, {w.data, 1, w.columns}, w.columns, w.rows);
        return {to};
    }
    void multiply_add(ColumnMajorView<S> y, Prepared w, ColumnMajorView<const S> x) {
        eigen::add_product<P>(y.data, y.stride, w.panels, {x.data, 1, x.stride}, y.rows, y.columns, x.rows);
    }

    // Products of few columns have kernels, and bits, of their own. `columns`: those that choose the kernel, where the
    // bits of a column must not depend on how many it is computed with.
    void multiply_add(ColumnMajorView<S> y, RowMajorView<const S> w, ColumnMajorView<const S> x) {
        multiply_add(y, w, x, x.columns);
    }
    void multiply_add(ColumnMajorView<S> y, RowMajorView<const S> w, ColumnMajorView<const S> x, std::size_t columns) {
        multiply<Eigen::RowMajor>(y, w, x, columns);
    }
    void multiply_transposed_add(ColumnMajorView<S> x, RowMajorView<const S> w, ColumnMajorView<const S> y) {
        multiply_transposed_add(x, w, y, y.columns);
    }
    void multiply_transposed_add(ColumnMajorView<S> x, RowMajorView<const S> w, ColumnMajorView<const S> y,
                                 std::size_t columns) {
        multiply<Eigen::ColMajor>(x, w, y, columns);
    }
    // w^T += x y^T, since w^T is column-major
    void add_outer(RowMajorView<S> w,                                 // (R x K)
                   ColumnMajorView<const S> y,                        // (R x N)
                   ColumnMajorView<const S> x) {                      // (K x N)
        assert(blocks_.size() >= scratch(x.rows, y.rows, x.columns)); // else it was not reserved
        eigen::add_product<P>(w.data, w.columns, {x.data, 1, x.stride}, {y.data, y.stride, 1}, x.rows, y.rows,
                              x.columns, blocks_.data());
    }
    void add_columns(S* sum, ColumnMajorView<const S> x) {
        for (std::size_t n = 0; n < x.columns; ++n) column(sum, x.rows) += column(x.data + n * x.stride, x.rows);
    }
    void fill_columns(ColumnMajorView<S> y, const S* p) {
        for (std::size_t n = 0; n < y.columns; ++n) std::copy_n(p, y.rows, y.data + n * y.stride);
    }
    void copy_columns(ColumnMajorView<S> y, ColumnMajorView<const S> x) {
        for (std::size_t n = 0; n < y.columns; ++n) std::copy_n(x.data + n * x.stride, y.rows, y.data + n * y.stride);
    }
    void add_to_columns(ColumnMajorView<S> y, ColumnMajorView<const S> x) {
        for (std::size_t n = 0; n < y.columns; ++n)
            column(y.data + n * y.stride, y.rows) += column(x.data + n * x.stride, y.rows);
    }
    void gather(ColumnMajorView<S> y, const S* table, const int* index) {
        for (std::size_t n = 0; n < y.columns; ++n)
            std::copy_n(table + std::size_t(index[n]) * y.rows, y.rows, y.data + n * y.stride);
    }
    void scatter_add(S* table, ColumnMajorView<const S> x, const int* index, int skipped) {
        for (std::size_t n = 0; n < x.columns; ++n)
            if (index[n] != skipped)
                column(table + std::size_t(index[n]) * x.rows, x.rows) += column(x.data + n * x.stride, x.rows);
    }
    void fill(S* p, std::size_t n, S value) { std::fill_n(p, n, value); }
    void copy(S* to, const S* from, std::size_t n) { std::copy_n(from, n, to); }

    double sum(const S* p, std::size_t n) { return column(p, n).template cast<double>().sum(); }
    double sum_of_squares(const S* p, std::size_t n) { return column(p, n).template cast<double>().square().sum(); }

    template <int H, class Unit>
    void units(const Unit& unit, std::size_t columns) {
        constexpr int tail = H % P::size;
        for (std::size_t n = 0; n < columns; ++n) {
            for (int j = 0; j + P::size <= H; j += P::size) unit.template run<PackAccess<P, P::size>>(n, j);
            if constexpr (tail > 0) unit.template run<PackAccess<P, tail>>(n, H - tail);
        }
    }
    template <class Element>
    void elements(const Element& element, std::size_t n) {
        for (std::size_t k = 0; k < n; k += P::size) element.template run<PackAccess<P, P::size>>(k);
    }
    template <class Column>
    void columns(const Column& column, std::size_t n) {
        for (std::size_t k = 0; k < n; ++k) column.template run<P>(k);
    }

private:
    static constexpr std::size_t few = 4; // columns for which packing costs more than it saves

    template <int order>
    void multiply(ColumnMajorView<S> y, RowMajorView<const S> w, ColumnMajorView<const S> x, std::size_t columns) {
        if (columns <= few) {
            for (std::size_t n = 0; n < x.columns; ++n)
                eigen::add_vector_product<order, P>(y.data + n * y.stride, w.data, w.columns, x.data + n * x.stride,
                                                    y.rows, x.rows);
        } else {
            assert(blocks_.size() >= scratch(y.rows, y.columns, x.rows));
            const bool split_rows = order == Eigen::RowMajor;
            eigen::add_product<P>(y.data, y.stride, {w.data, split_rows ? w.columns : 1, split_rows ? 1 : w.columns},
                                  {x.data, 1, x.stride}, y.rows, y.columns, x.rows, blocks_.data());
        }
    }
    static_assert(alignment % std::size_t(P::size) == 0);

    static auto column(S* p, std::size_t n) {
        return Eigen::Map<Eigen::Array<S, Eigen::Dynamic, 1>>(p, Eigen::Index(n));
    }
    static auto column(const S* p, std::size_t n) {
        return Eigen::Map<const Eigen::Array<S, Eigen::Dynamic, 1>>(p, Eigen::Index(n));
    }
    Buffer<S> blocks_;
};

static_assert(Backend<EigenBackend<float>> && Backend<EigenBackend<double>>);

} // namespace rondo
