// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../op/log_softmax.hpp"
#include "../op/softmax.hpp"
#include "same_size.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Softmax over the features of each step.
///
///   y_k = exp(x_k - max x) / sum_j exp(x_j - max x)                           (1)
///
/// Shapes  x, y (Size x T B).
/// Units   y is in [0, 1] and sums to 1. For a loss, apply CrossEntropy to x instead: it does not underflow.
template <int Size>
    requires (Size > 0)
struct Softmax : detail::SameSizeLayer<LayerKind::Softmax, Size> {
    static constexpr Label describe() { return Label{"Softmax"}; }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        const auto y = run.template make<Size>(x.extent);
        run.execute(SoftmaxOperation<std::remove_const_t<S>>{x, y});
        return y;
    }
};

/// The logarithm of softmax over the features of each step, which does not underflow.
///
///   y_k = x_k - max x - log sum_j exp(x_j - max x)                            (1)
///
/// Shapes  x, y (Size x T B).
template <int Size>
    requires (Size > 0)
struct LogSoftmax : detail::SameSizeLayer<LayerKind::LogSoftmax, Size> {
    static constexpr Label describe() { return Label{"LogSoftmax"}; }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        const auto y = run.template make<Size>(x.extent);
        run.execute(LogSoftmaxOperation<std::remove_const_t<S>>{x, y});
        return y;
    }
};

} // namespace rondo
