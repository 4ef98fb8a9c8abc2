// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// Element (k, t) of sequence b of x is element t rows + k of y, or k T + t if `features_first`; `add` adds y to x
/// instead of copying x to y.
template <class S, bool add>
struct FlattenColumn {
    S *x, *y; // (rows x T B), (rows T x B)
    std::size_t rows, steps, batch;
    bool features_first;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t t = n / batch, b = n % batch;
        S *const from = x + n * rows, *const to = y + b * rows * steps;
        for (std::size_t k = 0; k < rows; ++k) {
            S& flat = to[features_first ? k * steps + t : t * rows + k];
            if constexpr (add) from[k] += flat;
            else flat = from[k];
        }
    }
};
}

/// The operation that makes one column of all steps of a sequence.
template <class S>
struct FlattenOperation {
    DynamicSequenceView<const S> x; // (Rows x T B)
    DynamicSequenceView<S> y;       // (Rows T x B)
    bool features_first;

    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(column<false>(const_cast<S*>(x.value), y.value), x.columns()); // reads x only
    }
    template <class Run>
    void backward(Run& run) const {
        if (x.gradient) run.backend().columns(column<true>(x.gradient, y.gradient), x.columns());
    }

private:
    template <bool add>
    detail::FlattenColumn<S, add> column(S* from, S* to) const {
        return {from, to, x.rows, std::size_t(x.extent.steps), std::size_t(x.extent.batch), features_first};
    }
};

} // namespace rondo
