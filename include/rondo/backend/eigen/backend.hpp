// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/memory.hpp"
#include "../../core/view.hpp"
#include "../../math/pack.hpp"
#include "../concept.hpp"
#include "../lanes.hpp"
#include "product.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <string_view>

namespace rondo {

/// The host: Eigen's products and packets, one thread.
///
/// Memory  its products' blocks, taken by reserve; nothing else.
template <std::floating_point S>
class EigenBackend {
public:
    using scalar = S;
    static constexpr std::string_view name = "Eigen";
    template <class T> using buffer = Buffer<T>;

    static std::size_t scratch(std::size_t rows, std::size_t columns, std::size_t inner) {
        return eigen::Blocks<S>::size(rows, columns, inner);
    }
    void reserve(std::size_t scratch) {
        if (scratch > blocks_.size()) blocks_.resize(scratch);
    }

    template <class T> static T* data(buffer<T>& b) { return b.data(); }
    template <class T> static const T* data(const buffer<T>& b) { return b.data(); }
    /// A tensor as its user sees it; never an operand of a product.
    template <int rows, int columns, class T>
    static auto map(T* data) {
        using M = Eigen::Matrix<S, rows, columns, columns == 1 ? Eigen::ColMajor : Eigen::RowMajor>;
        return Eigen::Map<std::conditional_t<std::is_const_v<T>, const M, M>>(data);
    }
    /// Columns of numbers, likewise.
    template <int rows, class T>
    static auto columns_map(T* data, std::size_t columns) {
        using M = Eigen::Matrix<S, rows, Eigen::Dynamic>;
        return Eigen::Map<std::conditional_t<std::is_const_v<T>, const M, M>>(data, rows, Eigen::Index(columns));
    }
    static void upload(buffer<S>& to, const S* from, std::size_t n) { to.assign(from, from + n); }
    static void download(S* to, const S* from, std::size_t n) { std::copy_n(from, n, to); }

    void multiply_add(Matrix<S> y, Weights<const S> w, Matrix<const S> x) {
        eigen::add_product<Eigen::RowMajor, Eigen::ColMajor>(y.data, y.stride, {w.data, w.columns}, {x.data, x.stride},
                                                             y.rows, y.columns, x.rows, blocks_.data());
    }
    void multiply_transposed_add(Matrix<S> x, Weights<const S> w, Matrix<const S> y) {
        eigen::add_product<Eigen::ColMajor, Eigen::ColMajor>(x.data, x.stride, {w.data, w.columns}, {y.data, y.stride},
                                                             x.rows, x.columns, y.rows, blocks_.data());
    }
    void add_outer(Weights<S> w, Matrix<const S> y, Matrix<const S> x) { // w^T += x y^T, w^T being column-major
        eigen::add_product<Eigen::ColMajor, Eigen::RowMajor>(w.data, w.columns, {x.data, x.stride}, {y.data, y.stride},
                                                             x.rows, y.rows, x.columns, blocks_.data());
    }
    void add_columns(S* sum, Matrix<const S> x) {
        for (std::size_t n = 0; n < x.columns; ++n) column(sum, x.rows) += column(x.data + n * x.stride, x.rows);
    }
    void fill_columns(Matrix<S> y, const S* p) {
        for (std::size_t n = 0; n < y.columns; ++n) std::copy_n(p, y.rows, y.data + n * y.stride);
    }
    void copy_columns(Matrix<S> y, Matrix<const S> x) {
        for (std::size_t n = 0; n < y.columns; ++n) std::copy_n(x.data + n * x.stride, y.rows, y.data + n * y.stride);
    }
    void add_to_columns(Matrix<S> y, Matrix<const S> x) {
        for (std::size_t n = 0; n < y.columns; ++n)
            column(y.data + n * y.stride, y.rows) += column(x.data + n * x.stride, y.rows);
    }
    void gather(Matrix<S> y, const S* table, const int* index) {
        for (std::size_t n = 0; n < y.columns; ++n)
            std::copy_n(table + std::size_t(index[n]) * y.rows, y.rows, y.data + n * y.stride);
    }
    void scatter_add(S* table, Matrix<const S> x, const int* index, int skipped) {
        for (std::size_t n = 0; n < x.columns; ++n)
            if (index[n] != skipped) column(table + std::size_t(index[n]) * x.rows, x.rows) += column(x.data + n * x.stride, x.rows);
    }
    void fill(S* p, std::size_t n, S value) { std::fill_n(p, n, value); }
    void copy(S* to, const S* from, std::size_t n) { std::copy_n(from, n, to); }

    double sum(const S* p, std::size_t n) {
        double total = 0;
        for (std::size_t k = 0; k < n; ++k) total += double(p[k]);
        return total;
    }
    double sum_of_squares(const S* p, std::size_t n) {
        // Eight sums, since one would wait for each addition before the next.
        double part[8]{};
        std::size_t k = 0;
        for (; k + 8 <= n; k += 8)
            for (std::size_t j = 0; j < 8; ++j) part[j] += double(p[k + j]) * double(p[k + j]);
        for (; k < n; ++k) part[0] += double(p[k]) * double(p[k]);
        return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
    }

    template <int H, class Unit>
    void units(const Unit& unit, std::size_t columns) {
        constexpr int tail = H % P::size;
        for (std::size_t n = 0; n < columns; ++n) {
            for (int j = 0; j + P::size <= H; j += P::size) unit.template run<Lanes<P, P::size>>(n, j);
            if constexpr (tail > 0) unit.template run<Lanes<P, tail>>(n, H - tail);
        }
    }
    template <class Element>
    void elements(const Element& element, std::size_t n) {
        for (std::size_t k = 0; k < n; k += P::size) element.template run<Lanes<P, P::size>>(k);
    }
    template <class Column>
    void columns(const Column& column, std::size_t n) {
        for (std::size_t k = 0; k < n; ++k) column.run(k);
    }

private:
    using P = Pack<S>;
    static_assert(alignment % std::size_t(P::size) == 0);

    static auto column(S* p, std::size_t n) { return Eigen::Map<Eigen::Array<S, Eigen::Dynamic, 1>>(p, Eigen::Index(n)); }
    static auto column(const S* p, std::size_t n) {
        return Eigen::Map<const Eigen::Array<S, Eigen::Dynamic, 1>>(p, Eigen::Index(n));
    }
    Buffer<S> blocks_;
};

static_assert(Backend<EigenBackend<float>> && Backend<EigenBackend<double>>);

} // namespace rondo
