// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// Step t of sequence n of y is the t-th part of column n of x, for `count` columns; `add` adds y to x instead of
/// copying x to y.
template <class S, bool add>
struct UnflattenColumn {
    S *x, *y; // (rows T x count), (rows x T N) from a sequence on
    std::size_t rows, steps, count, batch;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t column) const {
        const std::size_t t = column / count, n = column % count;
        S *const flat = x + (n * steps + t) * rows, *const to = y + (t * batch + n) * rows;
        for (std::size_t k = 0; k < rows; ++k)
            if constexpr (add) flat[k] += to[k];
            else to[k] = flat[k];
    }
};
}

/// The operation that makes a sequence of each valid column, in their order: the first features are its first step, and
/// so on.
template <class S>
struct Unflatten {
    DynamicSequenceView<const S> x; // (Rows T x N), N of the columns valid
    DynamicSequenceView<S> y;       // (Rows x T N)

    template <class Run>
    void forward(Run& run) const {
        each<false>(run, const_cast<S*>(x.value), y.value); // reads x only
    }
    template <class Run>
    void backward(Run& run) const {
        if (x.gradient) each<true>(run, x.gradient, y.gradient);
    }

private:
    template <bool add, class Run>
    void each(Run& run, S* from, S* to) const {
        const auto steps = std::size_t(y.extent.steps), batch = std::size_t(y.extent.batch);
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
            run.backend().columns(
                detail::UnflattenColumn<S, add>{from + first * x.rows, to, y.rows, steps, count, batch}, steps * count);
            to += count * y.rows;
        });
    }
};

} // namespace rondo
