// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "attend.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation y(t) = x(t) + q. Padding of y is zero.
template <class S>
struct AddToEachStep {
    DynamicSequenceView<const S> x, q; // (Rows x T B), (Rows x B)
    DynamicSequenceView<S> y;          // (Rows x T B)

    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        if (y.extent.lengths) backend.fill(y.value, y.size(), S(0));
        detail::for_each_valid_range_by_step(y.extent, [&](std::size_t n, std::size_t m, std::size_t count) {
            backend.copy_columns(y.matrix(n, count), x.matrix(n, count));
            backend.add_to_columns(y.matrix(n, count), q.matrix(m, count));
        });
    }
    template <class Run>
    void backward(Run& run) const {
        detail::for_each_valid_range_by_step(y.extent, [&](std::size_t n, std::size_t m, std::size_t count) {
            if (x.gradient) run.backend().add_to_columns(x.gradients(n, count), y.gradients(n, count));
            if (q.gradient) run.backend().add_to_columns(q.gradients(m, count), y.gradients(n, count));
        });
    }
};

/// y(t) = x(t) + q: q is broadcast over the steps.
///
/// Shapes  x, y (Rows x T B), q (Rows x B).
template <class Run, class X, class Q, int Rows>
auto add_to_each_step(Run& run, const SequenceView<X, Rows>& x, const SequenceView<Q, Rows>& q) {
    (check)(detail::one_step("rondo::add_to_each_step", q.extent, x.extent));
    const auto y = run.template make<Rows>(x.extent);
    run.execute(AddToEachStep<typename Run::scalar>{x, q, y});
    return y;
}

} // namespace rondo
