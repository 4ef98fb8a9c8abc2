// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../core/view.hpp"
#include "../simd/functions.hpp"

#include <cstddef>
#include <limits>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// Softmax in place over the steps of one feature of one sequence, `stride` elements apart. Padding is minus infinity
/// before and zero after.
template <class S>
struct SoftmaxStepsValue {
    S* y; // (Rows B x T)
    std::size_t steps, stride;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        S top = -std::numeric_limits<S>::infinity(), sum = 0;
        for (std::size_t k = n; k < steps * stride; k += stride) top = (math::max)(y[k], top);
        if (top == -std::numeric_limits<S>::infinity()) top = 0;
        for (std::size_t k = n; k < steps * stride; k += stride) sum += y[k] = math::exp(y[k] - top);
        if (sum == 0) return;
        for (std::size_t k = n; k < steps * stride; k += stride) y[k] /= sum;
    }
};
/// dx += y (dy - sum_t y dy)
template <class S>
struct SoftmaxStepsGradient {
    const S *y, *dy; // (Rows B x T)
    S* dx;           // (Rows B x T)
    std::size_t steps, stride;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        S mean = 0;
        for (std::size_t k = n; k < steps * stride; k += stride) mean += y[k] * dy[k];
        for (std::size_t k = n; k < steps * stride; k += stride) dx[k] += y[k] * (dy[k] - mean);
    }
};
}

/// The operation of softmax over the steps, for each feature.
template <class S>
struct SoftmaxSteps {
    DynamicSequenceView<const S> x; // (Rows x T B)
    DynamicSequenceView<S> y;       // (Rows x T B)

    std::size_t stride() const { return x.rows * std::size_t(x.extent.batch); }
    template <class Run>
    void forward(Run& run) const {
        auto& backend = run.backend();
        backend.fill(y.value, y.size(), -std::numeric_limits<S>::infinity());
        for_each_valid_range(x.extent, [&](std::size_t first, std::size_t count) {
            backend.copy_columns(y.matrix(first, count), x.matrix(first, count));
        });
        backend.columns(detail::SoftmaxStepsValue<S>{y.value, std::size_t(x.extent.steps), stride()}, stride());
    }
    template <class Run>
    void backward(Run& run) const {
        if (x.gradient)
            run.backend().columns(
                detail::SoftmaxStepsGradient<S>{y.value, y.gradient, x.gradient, std::size_t(x.extent.steps), stride()},
                stride());
    }
};

/// Softmax over the valid steps of each sequence, for each feature; padding of y is zero.
///
///   y(t) = exp(x(t) - max x) / sum_s exp(x(s) - max x)                        (1)
///
/// Shapes  x, y (Rows x T B).
template <class Run, class S, int Rows>
auto softmax_over_steps(Run& run, const SequenceView<S, Rows>& x) {
    const auto y = run.template make<Rows>(x.extent);
    run.execute(SoftmaxSteps<std::remove_const_t<S>>{x, y});
    return y;
}

} // namespace rondo
