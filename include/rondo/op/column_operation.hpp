// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// An operation on each column by itself: Value computes y from x, Gradient adds to dx from x, y and dy.
template <class S, class Value, class Gradient>
struct ColumnOperation {
    DynamicSequenceView<const S> x; // (In x T B)
    DynamicSequenceView<S> y;       // (Size x T B)

    template <class Run>
    void forward(Run& run) const {
        run.backend().columns(Value{x.value, y.value, y.rows}, y.columns());
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
            const std::size_t from = first * x.rows, at = first * y.rows;
            run.backend().columns(Gradient{x.value + from, y.value + at, y.gradient + at, x.gradient + from, y.rows},
                                  count);
        });
    }
};

} // namespace rondo
