// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/view.hpp"
#include "../op/convolution_windows.hpp"
#include "../op/pool_windows.hpp"
#include "padding.hpp"
#include "same_size.hpp"
#include "windows.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The options of a pool over windows of the steps. stride: 0 is the kernel, as in PyTorch; padding: less than a window
/// on either side; count_include_pad: whether a mean counts the steps of padding, as zeros.
struct PoolOptions {
    int stride = 0, dilation = 1;
    Padding padding{};
    bool count_include_pad = true;
    bool operator==(const PoolOptions&) const = default;

    constexpr ConvolutionPlan plan(int kernel) const {
        return padding.around({kernel, stride > 0 ? stride : kernel, dilation});
    }
    constexpr bool valid(int kernel) const {
        if (kernel <= 0 || stride < 0 || dilation <= 0 || padding.reflect) return false;
        const ConvolutionPlan all = plan(kernel);
        return all.left >= 0 && all.left < all.reach() && all.right >= 0 && all.right < all.reach() &&
               (padding.kind != Padding::Kind::same || all.stride == 1);
    }
};

namespace detail {
template <int Size, int Kernel, PoolOptions options, bool maximum>
struct Pool1d : SameSizeLayer<maximum ? LayerKind::MaxPool1d : LayerKind::AvgPool1d, Size> {
    static constexpr ConvolutionPlan plan = options.plan(Kernel);
    static constexpr int stride = plan.stride;
    /// Whether an output depends on no input after those of its own step.
    static constexpr bool causal = plan.right == 0 && plan.reach() - plan.left <= stride;
    static constexpr std::size_t state_size = causal ? ConvolutionHistory<float>::size(plan, Size) : 0;
    static constexpr bool count_include_pad = options.count_include_pad || (plan.left == 0 && plan.right == 0);
    static constexpr const char* name = maximum ? "MaxPool1d" : "AvgPool1d";
    static constexpr Label describe() {
        Label text = Label{name}.add(", kernel ").add(Kernel).add(", stride ").add(stride);
        if (options.dilation > 1) text.add(", dilation ").add(options.dilation);
        return text;
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        using Scalar = std::remove_const_t<S>;
        static_assert(causal || !std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: MaxPool1d and AvgPool1d read later steps, unless their padding is causal or their stride "
                      "is the kernel or more; they cannot be streamed step by step");
        const Extent& e = x.extent;
        Scalar* const state = run.persistent_state(e.batch);
        check_windows(name, plan, causal, e, state != nullptr);
        const auto y = run.template make<Size>(windows_extent(run, plan, e));
        WindowsPooling<Scalar, maximum> operation{x, y, plan, count_include_pad};
        if (run.taped() && (maximum || !count_include_pad)) operation.kept = run.take(operation.kept_size());
        if constexpr (state_size > 0) operation.state = state;
        run.execute(operation);
        return y;
    }
};
}

/// The maximum of each window of the steps (PyTorch's MaxPool1d), for each feature.
///
///   y(t) = max_k x(t stride + k dilation - left)                              (1)
///
/// over the steps that there are: padding is no steps. The gradient goes to the first step that has the maximum. NaN if
/// a step of the window is NaN.
///
/// Shapes  x (Size x T B) -> y (Size x T' B), T' = floor((T + left + right - dilation (Kernel - 1) - 1) / stride) + 1.
///         A sequence's length becomes its T'.
/// Errors  sequences that are shorter than a window. Streams and persistent states need windows that end within the
///         stride's inputs: causal padding, or a kernel that is no longer than the stride and no padding, PyTorch's
///         default.
template <int Size, int Kernel, PoolOptions options = PoolOptions{}>
// kernel and dilation >= 1; padding less than the window; "same" has stride 1; a maximum counts no padding
    requires (Size > 0) && (options.valid(Kernel)) && (options.count_include_pad)
struct MaxPool1d : detail::Pool1d<Size, Kernel, options, true> {};

/// The mean of each window of the steps (PyTorch's AvgPool1d).
///
///   y(t) = 1/n sum_k x(t stride + k dilation - left)                          (1)
///
/// where n is Kernel, or the number of steps in the window that are not padding.
///
/// Shapes, Errors  as MaxPool1d.
template <int Size, int Kernel, PoolOptions options = PoolOptions{}>
// kernel and dilation >= 1; padding less than the window; "same" has stride 1
    requires (Size > 0) && (options.valid(Kernel))
struct AvgPool1d : detail::Pool1d<Size, Kernel, options, false> {};

} // namespace rondo
