// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/layer_kind.hpp"
#include "../core/memory.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../graph/layer_layout.hpp"
#include "../op/convolution.hpp"
#include "../op/convolution_frame.hpp"
#include "../op/depthwise_convolution.hpp"
#include "../op/depthwise_kernel.hpp"
#include "padding.hpp"
#include "windows.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The options of a convolution.
struct ConvOptions {
    int stride = 1, dilation = 1, groups = 1;
    Padding padding{};
    bool bias = true;
    bool operator==(const ConvOptions&) const = default;

    constexpr ConvolutionPlan plan(int kernel) const { return padding.around({kernel, stride, dilation, groups}); }
    constexpr bool valid(int in, int out, int kernel) const {
        return kernel > 0 && stride > 0 && dilation > 0 && groups > 0 && in % groups == 0 && out % groups == 0 &&
               padding.left >= 0 && padding.right >= 0 && (padding.kind != Padding::Kind::same || stride == 1);
    }
};

/// Convolution over the steps (cross-correlation, as PyTorch's Conv1d).
///
///   y(t) = b + sum_k W(k) x(t stride + k dilation - left)                     (1)
///
/// Shapes  x (In x T B) -> y (Out x T' B), T' = floor((T + left + right - dilation (Kernel - 1) - 1) / stride) + 1;
///         weight (Out, In / groups, Kernel), bias (Out). A sequence's length becomes its T'.
/// Errors  sequences that are shorter than the kernel; reflection over more steps than a sequence has. Streams and
///         persistent states need causal padding.
template <int In, int Out, int Kernel, ConvOptions options = ConvOptions{}>
// sizes, stride, dilation and groups >= 1; groups divide In and Out; "same" has stride 1
    requires (In > 0) && (Out > 0) && (options.valid(In, Out, Kernel))
struct Conv1d {
    static constexpr LayerKind kind = LayerKind::Conv1d;
    static constexpr int input_size = In, output_size = Out, stride = options.stride;
    static constexpr ConvolutionPlan plan = options.plan(Kernel);
    static constexpr bool causal = plan.left == plan.reach() - 1 && plan.right == 0 && !plan.reflect;
    static constexpr std::size_t state_size = causal ? ConvolutionHistory<float>::size(plan, In) : 0;
    static constexpr auto tensors = [] {
        constexpr int fan = In / options.groups * Kernel;
        std::array<ParameterSpec, options.bias ? 2 : 1> all{
            ParameterSpec{.name = "weight", .rows = Out, .columns = fan, .fan = fan, .rank = 3, .kernel = Kernel}};
        if constexpr (options.bias)
            all[1] =
                ParameterSpec{.name = "bias", .rows = Out, .role = ParameterSpec::Role::bias, .fan = fan, .rank = 1};
        return assign_offsets(all);
    }();
    static constexpr Label describe() {
        Label text = Label{"Conv1d "}.add(In).add(" -> ").add(Out).add(", kernel ").add(Kernel);
        if (options.stride > 1) text.add(", stride ").add(options.stride);
        if (options.dilation > 1) text.add(", dilation ").add(options.dilation);
        if (options.groups > 1) text.add(", ").add(options.groups).add(" groups");
        return text;
    }

    // The backend's kernel for streams: for each group a product with a window, or, without groups, with all windows of
    // a frame, which are columns of the frame itself.
    static constexpr bool depthwise = In > 1 && (In == Out) && options.groups == In;
    static constexpr bool columns_of_frame = !causal && options.groups == 1 && options.dilation == 1;
    static constexpr int inputs = In / options.groups, outputs = Out / options.groups, taps = inputs * Kernel;
    template <class K>
    using product = typename std::conditional_t<columns_of_frame, typename K::template linear_columns<taps, outputs>,
                                                typename K::template linear<taps, outputs>>;
    template <class K>
    using kernel =
        typename std::conditional_t<depthwise, std::type_identity<DepthwiseKernel<typename K::scalar, Out, Kernel>>,
                                    std::type_identity<product<K>>>::type;
    template <class K> static constexpr std::size_t group_size = (kernel<K>::size + 63) / 64 * 64; // bytes
    template <class K>
        requires requires { typename kernel<K>; }
    static constexpr std::size_t packed_size = depthwise ? kernel<K>::size : options.groups * group_size<K>;
    template <class K, bool has_bias = options.bias>
    static void pack(const auto& tensor, std::byte* to) {
        if constexpr (depthwise) kernel<K>::template pack<has_bias>(tensor, to);
        else
            for (std::size_t group = 0; group < std::size_t(options.groups); ++group)
                kernel<K>::template pack<has_bias>(
                    [&](std::size_t k) { return OfGroup<decltype(tensor(0))>{tensor(k), group * outputs, k == 0}; },
                    to + group * group_size<K>);
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x) {
        using Scalar = std::remove_const_t<S>;
        using Run = std::remove_reference_t<decltype(run)>;
        static_assert(
            causal || !Run::stepwise,
            "rondo: Conv1d reads later steps, unless its padding is causal; it cannot be streamed step by step");
        const Extent& e = x.extent;
        Scalar* const state = run.persistent_state(e.batch);
        constexpr bool has_kernel = Run::packed && detail::HasKernel<Conv1d, typename Run::kernels>;
        if constexpr (has_kernel && !depthwise) {
            if constexpr (columns_of_frame) return frame<Scalar>(run, x);
            else return step<Scalar>(run, x, state);
        } else {
            check_lengths(e, state != nullptr);
            const auto y = run.template make<Out>(detail::windows_extent(run, plan, e));
            std::conditional_t<depthwise, DepthwiseConvolution<Scalar, Run::stepwise ? 1 : 4>, Convolution<Scalar>>
                operation{x, y, {}, {}, plan};
            if constexpr (has_kernel) {
                operation.by_tap = kernel<typename Run::kernels>::weights(run.weights());
                operation.bias.value = kernel<typename Run::kernels>::bias(run.weights());
            } else {
                operation.weight = run.parameter(0);
                if constexpr (options.bias) operation.bias = run.parameter(1);
            }
            if constexpr (state_size > 0) {
                operation.state = state;
                if (state && run.taped()) operation.before = run.take(state_size * std::size_t(e.batch));
            }
            run.execute(operation);
            return y;
        }
    }

private:
    /// A group's weights (outputs x inputs x Kernel) indexed as (outputs x Kernel x inputs), or its biases.
    template <class Tensor>
    struct OfGroup {
        Tensor tensor;
        std::size_t first; // of its outputs
        bool weights;
        auto operator[](std::size_t n) const {
            if (!weights) return tensor[first + n];
            const std::size_t out = n / taps, tap = n % taps / inputs, in = n % inputs;
            return tensor[(first + out) * taps + in * Kernel + tap];
        }
    };
    template <class S>
    static auto step(auto& run, const SequenceView<const S, In>& x, S* state) {
        using Run = std::remove_reference_t<decltype(run)>;
        const int steps = x.extent.steps;
        if constexpr (Run::dry() && !causal) check_lengths(x.extent, false);
        if constexpr (Run::dry() && Run::stepwise) // a frame's steps need not be a multiple
            if (steps % stride != 0)
                fail(Error::Kind::argument, "rondo::Conv1d: a step of a stream: expected a multiple of " +
                                                std::to_string(stride) + " inputs, got " + std::to_string(steps));
        const int count = plan.steps(steps);
        const SequenceView<S, Out> y{run.take(std::size_t(count) * Out), nullptr, {count, 1}};
        S *const windows = run.take(padded(std::size_t(taps))), *const column = run.take(padded(std::size_t(outputs)));
        if constexpr (!Run::dry()) {
            using Kernels = typename Run::kernels;
            WindowsOfGroup<S> all{plan, nullptr, steps, In, 0, inputs, 1, 0, state_size > 0 ? state : nullptr};
            for (std::size_t group = 0; group < std::size_t(options.groups); ++group) {
                all.first_row = group * inputs;
                for (int t = 0; t < count; ++t) {
                    all.first = std::size_t(t);
                    ConvolutionWindows<S>{all, x.value, windows}.template run<S>(0);
                    kernel<Kernels>::step(run.weights() + group * group_size<Kernels>, windows, column);
                    std::copy_n(column, outputs, y.value + std::size_t(t) * Out + group * outputs);
                }
            }
            all.first_row = 0;
            if (state_size > 0 && state) AppendHistory<S>{all, x.value}.template run<S>(0);
        }
        return y;
    }
    template <class S>
    static auto frame(auto& run, const SequenceView<const S, In>& x) {
        using Run = std::remove_reference_t<decltype(run)>;
        const ConvolutionFrame all{plan, x.extent.steps};
        if constexpr (Run::dry()) check_lengths(x.extent, false);
        const auto y = run.template make<Out>({plan.steps(all.steps), 1});
        S* const padded = all.padded() ? run.take(std::size_t(all.padded_steps()) * In) : nullptr;
        if constexpr (!Run::dry()) {
            if (padded) all.pad(x.value, padded, In);
            kernel<typename Run::kernels>::run(run.weights(), padded ? padded : x.value, std::size_t(stride) * In,
                                               y.columns(), y.value, std::size_t(all.first_tap()) * In,
                                               std::size_t(all.last_tap()) * In);
        }
        return y;
    }
    static void check_lengths(const Extent& e, bool persistent) {
        detail::check_windows("Conv1d", plan, causal, e, persistent);
    }
};

namespace detail {
template <int In, int Out, int Kernel, ConvOptions options>
inline constexpr bool takes_scale<Conv1d<In, Out, Kernel, options>> = true;
}

} // namespace rondo
