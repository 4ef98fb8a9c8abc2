// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/view.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation y = [a; b]. Padding of y is zero.
template <class S>
struct Concatenate {
    DynamicSequenceView<const S> a, b; // (First x T B), (Second x T B)
    DynamicSequenceView<S> y;          // (First + Second x T B)

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        if (y.extent.lengths) backend.fill(y.value, y.size(), S(0));
        for_each_valid_range(y.extent, [&](std::size_t first, std::size_t count) {
            const auto to = y.matrix(first, count);
            backend.copy_columns(to.from_row(0, a.rows), a.matrix(first, count));
            backend.copy_columns(to.from_row(a.rows, b.rows), b.matrix(first, count));
        });
    }
    template <class Run>
    void backward(Run& run) const {
        for_each_valid_range(y.extent, [&](std::size_t first, std::size_t count) {
            const auto dy = y.gradients(first, count);
            if (a.gradient) run.backend().add_to_columns(a.gradients(first, count), dy.from_row(0, a.rows));
            if (b.gradient) run.backend().add_to_columns(b.gradients(first, count), dy.from_row(a.rows, b.rows));
        });
    }
};

/// y = [a; b], along features.
///
/// Shapes  a (First x T B), b (Second x T B) -> y (First + Second x T B).
template <class Run, class A, class B, int First, int Second>
auto concatenate(Run& run, const SequenceView<A, First>& a, const SequenceView<B, Second>& b) {
    (check)(mismatch("rondo::concatenate", a.extent, b.extent));
    const auto y = run.template make<First + Second>(a.extent);
    run.execute(Concatenate<typename Run::scalar>{a, b, y});
    return y;
}

} // namespace rondo
