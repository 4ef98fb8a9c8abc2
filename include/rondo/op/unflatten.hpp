// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// Step t of sequence n of y is the t-th part of column n of x; `add` adds y to x instead of copying x to y.
template <class S, bool add>
struct UnflattenColumn {
    S *x, *y; // (rows T x N), (rows x T N)
    std::size_t rows, steps, batch;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t t = column / batch, n = column % batch;
        S *const flat = x + (n * steps + t) * rows, *const to = y + column * rows;
        for (std::size_t k = 0; k < rows; ++k)
            if constexpr (add) flat[k] += to[k];
            else to[k] = flat[k];
    }
};
}

/// The operation that makes a sequence of each column: the first features are its first step, and so on.
template <class S>
struct Unflatten {
    DynamicSequenceView<const S> x; // (Rows T x N)
    DynamicSequenceView<S> y;       // (Rows x T N)

    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(column<false>(const_cast<S*>(x.value), y.value), y.columns()); // reads x only
    }
    template <class Run>
    void backward(Run& run) const {
        if (x.gradient) run.backend().columns(column<true>(x.gradient, y.gradient), y.columns());
    }

private:
    template <bool add>
    detail::UnflattenColumn<S, add> column(S* from, S* to) const {
        return {from, to, y.rows, std::size_t(y.extent.steps), std::size_t(y.extent.batch)};
    }
};

} // namespace rondo
