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

/// Where numbers live and who does the arithmetic on them.
///
/// A backend is a value that owns what its operations need besides their operands: `reserve(scratch)` takes that
/// memory, once; no operation takes any. Operands do not overlap what is written. Sums run in an order that depends on
/// the extents only.
///
/// Shapes  x (K x N), y (R x N) column-major, w (R x K) row-major, p (R).
/// Errors  sizes are the caller's care; a fault of a device ends in Failure.
template <class B>
concept Backend =
    std::floating_point<typename B::scalar> && std::convertible_to<decltype(B::name), std::string_view> &&
    std::movable<B> && std::default_initializable<B> &&
    requires(B& backend, ColumnMajorView<typename B::scalar> y, ColumnMajorView<const typename B::scalar> x,
             RowMajorView<typename B::scalar> w, RowMajorView<const typename B::scalar> v, typename B::scalar* p,
             const typename B::scalar* q, const int* index, std::size_t n,
             typename B::template buffer<typename B::scalar>& buffer) {
    { B::scratch(n, n, n) } -> std::same_as<std::size_t>; // numbers a product of rows x columns x inner needs besides
    backend.reserve(n);
    { B::data(buffer) } -> std::same_as<typename B::scalar*>;
    B::upload(buffer, q, n);                                         // buffer = n numbers of the host
    B::download(p, q, n);                                            // p, on the host, = n numbers of the backend
    { B::prepared_size(n, n) } -> std::same_as<std::size_t>;         // numbers that prepared rows x columns take
    { backend.prepare(v, p) } -> std::same_as<typename B::Prepared>; // w for many products, in memory p
    { backend.prepare_transposed(v, p) } -> std::same_as<typename B::Prepared>; // w^T
    backend.multiply_add(y, typename B::Prepared{}, x);                         // y += what was prepared x
    backend.multiply_add(y, v, x);                                              // y += w x
    backend.multiply_transposed_add(y, v, x);                                   // y += w^T x
    backend.add_outer(w, x, x);                                                 // w += y x^T
    backend.add_columns(p, x);           // p += the sum of x's columns, first to last
    backend.fill_columns(y, q);          // each column of y = q
    backend.copy_columns(y, x);          // y = x
    backend.add_to_columns(y, x);        // y += x
    backend.gather(y, q, index);         // column n of y = row index[n] of the table q
    backend.scatter_add(p, x, index, 0); // row index[n] of the table p += column n of x, but for one row
    backend.fill(p, n, typename B::scalar{});
    backend.copy(p, q, n);
    backend.send(p, q, n); // p = n numbers of the host, which may change afterwards
    { backend.sum(q, n) } -> std::same_as<double>;
    { backend.sum_of_squares(q, n) } -> std::same_as<double>;
    backend.template units<3>(detail::AnyUnit{}, n); // run<L>(column, unit) for each unit of each column
    backend.elements(detail::AnyElement{}, n);       // run<L>(k) for k < padded(n): aligned, padded operands
    backend.columns(detail::AnyColumn{}, n);         // run<P>(column) for each column, P a pack or a number
    };

/// A backend whose memory the host may touch: it shows tensors as matrices of its own.
template <class B>
concept OnHost = requires(typename B::scalar* p) { B::template map<1, 1>(p); };

/// A backend whose work is done later, in order, and which can do the same work again from one call. Two backends, such
/// as those of two workspaces, know nothing of each other's order.
///
/// wait() returns when all work is done; enter() comes before work that another thread than the backend's asks for.
/// repeat(graph, work) does what work() asks for; what that is, it keeps in the graph, and from then on it does not
/// call work again, except for work that sends something of the host's, or waits. {} is a graph without anything. The
/// work has been done before, so that it takes no memory.
template <class B>
concept Asynchronous = Backend<B> && std::movable<typename B::Graph> && std::default_initializable<typename B::Graph> &&
                 requires(B& backend, typename B::Graph& graph) {
                     backend.repeat(graph, detail::AnyWork{});
                     backend.wait();
                     backend.enter();
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
