// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/view.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A view of step t, as a batch of one step.
///
/// Shapes  x (Rows x T B) -> (Rows x B), without lengths: padding is computed like valid steps.
template <class S, int Rows>
SequenceView<S, Rows> step_of(const SequenceView<S, Rows>& x, int t) {
    const std::size_t at = std::size_t(t) * std::size_t(x.extent.batch) * Rows;
    return {x.value + at,
            x.gradient ? x.gradient + at : nullptr,
            {1, x.extent.batch, nullptr, x.extent.first_step + t, x.extent.first_column}};
}

/// The operation y = x, a copy.
template <class S>
struct Copy {
    DynamicSequenceView<const S> x;
    DynamicSequenceView<S> y;

    template <class Run>
    void forward(Run& run) const {
        run.backend().copy_columns(y.matrix(), x.matrix());
    }
    template <class Run>
    void backward(Run& run) const {
        if (x.gradient) run.backend().add_to_columns(x.gradients(), y.gradients());
    }
};

/// A loop over time: y(t) = f(x(t), t). f may call layers, and keep state between steps in what it captures.
///
/// Shapes  x (Rows x T B), f's results (Out x B) -> y (Out x T B).
template <class Run, class S, int Rows, class Function>
auto each_step(Run& run, const SequenceView<S, Rows>& x, Function&& f) {
    using Scalar = typename Run::scalar;
    constexpr int out = decltype(f(step_of(x, 0), 0))::rows;
    const auto y = run.template make<out>(x.extent);
    for (int t = 0; t < x.extent.steps; ++t) {
        const auto from = f(step_of(x, t), t);
        const auto to = step_of(y, t);
        (check)(mismatch("rondo::each_step: the function's result and a step", from.extent, to.extent));
        run.execute(Copy<Scalar>{from, to});
    }
    return y;
}

} // namespace rondo
