// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"

namespace rondo {

/// Two sequences of the same extent, one below the other: an operation of the tape. Padding is zero.
template <class S, int First, int Second>
struct Concatenate {
    Sequence<const S, First> a;
    Sequence<const S, Second> b;
    Sequence<S, First + Second> y;

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        if (y.extent.lengths) backend.fill(y.value, y.size(), S(0));
        each_run(y.extent, [&](std::size_t first, std::size_t count) {
            const auto to = y.matrix().from_column(first, count);
            backend.copy_columns(to.from_row(0, First), a.matrix().from_column(first, count));
            backend.copy_columns(to.from_row(First, Second), b.matrix().from_column(first, count));
        });
    }
    template <class Run>
    void backward(Run& run) const {
        each_run(y.extent, [&](std::size_t first, std::size_t count) {
            const auto dy = y.slopes().from_column(first, count);
            if (a.slope) run.backend().add_to_columns(a.slopes().from_column(first, count), dy.from_row(0, First));
            if (b.slope) run.backend().add_to_columns(b.slopes().from_column(first, count), dy.from_row(First, Second));
        });
    }
};

/// y = [a; b], features below features.
///
/// Shapes  a (First x T B), b (Second x T B) -> y (First + Second x T B).
template <class Run, class A, class B, int First, int Second>
auto concatenate(Run& run, const Sequence<A, First>& a, const Sequence<B, Second>& b) {
    const Concatenate<typename Run::scalar, First, Second> operation{a, b, run.template make<First + Second>(a.extent)};
    operation.forward(run);
    run.record(operation);
    return operation.y;
}

} // namespace rondo
