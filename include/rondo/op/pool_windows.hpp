// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/view.hpp"
#include "pool_functors.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation that reduces each window of the steps to its maximum or its mean.
///
/// Memory  what the gradient reads, `kept_size` numbers: the taps of the maxima, or the factors of means that leave
///         padding out.
template <class S, bool maximum>
struct WindowsPooling {
    DynamicSequenceView<const S> x; // (Rows x T B)
    DynamicSequenceView<S> y;       // (Rows x T' B)
    ConvolutionPlan plan;
    bool count_include_pad = true;       // in means
    S *kept = nullptr, *state = nullptr; // null in inference; ConvolutionHistory of each sequence, updated

    std::size_t kept_size() const { return maximum ? y.size() : y.columns(); }
    template <class Run>
    void forward(Run& run) const {
        auto scratch = run.scratch();
        const WindowsOfGroup<S> windows = of(run.readable_lengths(x.extent, forward_scratch(scratch)));
        const detail::PooledWindows<S> pooled{windows, x.value, y.value, kept, count_include_pad};
        if constexpr (maximum) run.backend().columns(detail::MaximumOfWindow<S>{pooled}, y.columns());
        else run.backend().columns(detail::MeanOfWindow<S>{pooled}, y.columns());
        if (state) run.backend().columns(AppendHistory<S>{windows, x.value}, std::size_t(x.extent.batch));
    }
    template <class Run>
    void backward(Run& run) const {
        if (!x.gradient) return;
        auto scratch = run.scratch();
        const WindowsOfGroup<S> windows = of(run.readable_lengths(x.extent, backward_scratch(scratch)));
        run.backend().columns(detail::WindowsOfStepGradient<S, maximum>{windows, y.gradient, kept, x.gradient},
                              x.columns());
    }
    template <class B>
    auto forward_scratch(Scratch<B>& scratch) const {
        int* lengths = nullptr;
        if constexpr (Asynchronous<B>) lengths = scratch.take_lengths(x.extent);
        return lengths;
    }
    template <class B>
    auto backward_scratch(Scratch<B>& scratch) const {
        return forward_scratch(scratch);
    }

private:
    WindowsOfGroup<S> of(const int* lengths) const {
        return {plan, lengths, x.extent.steps, x.rows, 0, x.rows, std::size_t(x.extent.batch), 0, state};
    }
};

} // namespace rondo
