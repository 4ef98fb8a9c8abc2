// SPDX-License-Identifier: MIT
#pragma once

#include "../core/memory.hpp"
#include "../core/view.hpp"
#include "../simd/tail.hpp"

#include <concepts>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
struct AnyUnit {
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t, int) const {}
};
struct AnyElement {
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t) const {}
};
struct AnyWork {
    void operator()() const {}
};
struct AnyColumn {
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t) const {}
};
}

/// A backend: memory, and the arithmetic on it.
///
/// It owns the temporary memory of its operations: `reserve(scratch)` allocates it, operations allocate nothing.
/// Operands must not alias what is written. The order of summation depends on the extents only.
///
/// Shapes  x (K x N), y (R x N) column-major, w and v (R x K) row-major, p and q (R).
/// Errors  sizes are not checked; a failing device throws a Failure.
template <class B>
concept Backend =
    std::floating_point<typename B::scalar> && std::convertible_to<decltype(B::name), std::string_view> &&
    std::movable<B> && std::default_initializable<B> &&
    requires(B& backend, ColumnMajorView<typename B::scalar> y, ColumnMajorView<const typename B::scalar> x,
             RowMajorView<typename B::scalar> w, RowMajorView<const typename B::scalar> v, typename B::scalar* p,
             const typename B::scalar* q, const int* index, std::size_t n,
             typename B::template buffer<typename B::scalar>& buffer) {
        { B::scratch(n, n, n) } -> std::same_as<std::size_t>; // temporary elements of a product: rows, columns, inner
        backend.reserve(n);
        { B::data(buffer) } -> std::same_as<typename B::scalar*>;
        B::upload(buffer, q, n);                                         // buffer = n elements of the host at q
        B::download(p, q, n);                                            // p, on the host, = n elements of the backend
        { B::prepared_size(n, n) } -> std::same_as<std::size_t>;         // elements of packed weights: rows, columns
        { backend.prepare(v, p) } -> std::same_as<typename B::Prepared>; // packs v for many products, in memory p
        { backend.prepare_transposed(v, p) } -> std::same_as<typename B::Prepared>; // packs v^T
        backend.multiply_add(y, typename B::Prepared{}, x);                         // y += v x with packed v
        backend.multiply_add(y, v, x);                                              // y += v x
        backend.multiply_transposed_add(y, v, x);                                   // y (K x N) += v^T x (R x N)
        backend.add_outer(w, x, x);                                                 // w += y x^T: y (R x N), x (K x N)
        backend.add_columns(p, x);           // p += the sum of x's columns, first to last
        backend.fill_columns(y, q);          // each column of y = q
        backend.copy_columns(y, x);          // y = x
        backend.add_to_columns(y, x);        // y += x
        backend.gather(y, q, index);         // column n of y = row index[n] of the table q
        backend.scatter_add(p, x, index, 0); // row index[n] of the table p += column n of x, skipping one row
        backend.fill(p, n, typename B::scalar{});
        backend.copy(p, q, n);
        backend.send(p, q, n); // p = n elements of the host, which may change after the call
        { backend.sum(q, n) } -> std::same_as<double>;
        { backend.sum_of_squares(q, n) } -> std::same_as<double>;
        backend.template units<3>(detail::AnyUnit{}, n); // run<L>(column, unit) for each unit of each column
        backend.elements(detail::AnyElement{}, n);       // run<L>(k) for k < padded(n): aligned, padded operands
        backend.columns(detail::AnyColumn{}, n);         // run<P>(column) for each column, P a pack or a scalar
    };

/// A backend whose memory the host can access: it maps tensors as matrices.
template <class B>
concept OnHost = requires(typename B::scalar* p) { B::template map<1, 1>(p); };

/// A backend that executes work asynchronously, in order, and can capture and replay it as a graph. Different backends,
/// such as those of two workspaces, are not ordered relative to each other.
///
/// wait()               blocks until all submitted work is done.
/// enter()              is called by a thread other than the one that made the backend, before it submits work.
/// repeat(graph, work)  captures what work() submits and replays it; later calls replay it without calling work. Work
///                      that copies from the host or waits cannot be captured and is called each time. {} is an empty
///                      graph. work() must have run before, so that it allocates nothing.
template <class B>
concept Asynchronous = Backend<B> && std::movable<typename B::Graph> && std::default_initializable<typename B::Graph> &&
                       requires(B& backend, typename B::Graph& graph) {
                           backend.repeat(graph, detail::AnyWork{});
                           backend.wait();
                           backend.enter();
                       };

/// A backend with several kernels for products of weights that are not packed, whose bits differ: `columns` chooses
/// one, in place of the columns of the operands. In a backend without it, and in products of packed weights, the bits
/// of a column do not depend on the other columns.
template <class B>
concept ChoosesKernels =
    requires(B& backend, ColumnMajorView<typename B::scalar> y, RowMajorView<const typename B::scalar> w,
             ColumnMajorView<const typename B::scalar> x, std::size_t columns) {
        backend.multiply_add(y, w, x, columns);
        backend.multiply_transposed_add(y, w, x, columns);
    };

/// A backend whose gather and scatter_add take all columns in one call: active_tokens sets the tokens of padding to -1,
/// for which gather writes zeros and scatter_add adds nothing. scatter_add also takes the table's number of rows.
template <class B>
concept TakesAllTokens = requires(B& backend, typename B::scalar* p, ColumnMajorView<const typename B::scalar> x,
                                  int* to, const int* from, std::size_t n, int rows) {
    backend.active_tokens(to, from, n, from, 1);
    backend.scatter_add(p, x, from, -1, rows);
};

} // namespace rondo
