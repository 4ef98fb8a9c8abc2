// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"

#include <algorithm>

namespace rondo::inline v0_1 {

/// A backend that computes nothing and finds out how much scratch memory the backend it stands for will need.
template <Backend B>
class Measuring {
public:
    using scalar = typename B::scalar;
    static constexpr std::string_view name = B::name;
    template <class T> using buffer = typename B::template buffer<T>;

    std::size_t needed() const { return needed_; }
    bool inputs_on_host = OnHost<B>; // so that what they hold can be checked

    static std::size_t scratch(std::size_t, std::size_t, std::size_t) { return 0; }
    void reserve(std::size_t) {}
    template <class T> static T* data(buffer<T>& b) { return B::data(b); }
    static void upload(buffer<scalar>&, const scalar*, std::size_t) {}
    static void download(scalar*, const scalar*, std::size_t) {}

    struct Prepared {};
    static std::size_t prepared_size(std::size_t rows, std::size_t columns) { return B::prepared_size(rows, columns); }
    Prepared prepare(Weights<const scalar>, scalar*) { return {}; }
    Prepared prepare_transposed(Weights<const scalar>, scalar*) { return {}; }
    void multiply_add(Matrix<scalar>, Prepared, Matrix<const scalar>) {}

    void multiply_add(Matrix<scalar> y, Weights<const scalar>, Matrix<const scalar> x) {
        need(y.rows, x.columns, x.rows);
    }
    void multiply_transposed_add(Matrix<scalar> x, Weights<const scalar>, Matrix<const scalar> y) {
        need(x.rows, y.columns, y.rows);
    }
    void add_outer(Weights<scalar>, Matrix<const scalar> y, Matrix<const scalar> x) { need(x.rows, y.rows, x.columns); }
    void add_columns(scalar*, Matrix<const scalar>) {}
    void fill_columns(Matrix<scalar>, const scalar*) {}
    void copy_columns(Matrix<scalar>, Matrix<const scalar>) {}
    void add_to_columns(Matrix<scalar>, Matrix<const scalar>) {}
    void gather(Matrix<scalar>, const scalar*, const int*) {}
    template <class T> void send(T*, const T*, std::size_t) {}
    void scatter_add(scalar*, Matrix<const scalar>, const int*, int, int = 0) {}
    void active_tokens(int*, const int*, std::size_t, const int*, int) {}
    void fill(scalar*, std::size_t, scalar) {}
    void copy(scalar*, const scalar*, std::size_t) {}
    double sum(const scalar*, std::size_t) { return 0; }
    double sum_of_squares(const scalar*, std::size_t) { return 0; }
    void multiply(Matrix<scalar>, Weights<const scalar>, Matrix<const scalar>) {}
    void copy_active(Matrix<scalar>, Matrix<const scalar>, const int*, int) {}
    void run_forward(const auto&...) {}
    void run_backward(const auto&...) {}
    template <int, class Unit> void units(const Unit&, std::size_t) {}
    template <class Element> void elements(const Element&, std::size_t) {}
    template <class Column> void columns(const Column&, std::size_t) {}

private:
    void need(std::size_t rows, std::size_t columns, std::size_t inner) {
        needed_ = std::max(needed_, B::scratch(rows, columns, inner));
    }
    std::size_t needed_ = 0;
};

namespace detail {
template <class B> struct Stands { using type = B; };
template <class B> struct Stands<Measuring<B>> { using type = B; };
}

} // namespace rondo
