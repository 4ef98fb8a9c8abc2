// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../graph/layer_layout.hpp"
#include "../graph/of_streams.hpp"
#include "../op/affine.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <int In, int Out, bool bias>
struct LinearLayer {
    static constexpr LayerKind kind = LayerKind::Linear;
    static constexpr int input_size = In, output_size = Out;
    static constexpr auto tensors = [] {
        std::array<ParameterSpec, bias ? 2 : 1> all{
            ParameterSpec{.name = "weight", .rows = Out, .columns = In, .fan = In}};
        if constexpr (bias)
            all[1] =
                ParameterSpec{.name = "bias", .rows = Out, .role = ParameterSpec::Role::bias, .fan = In, .rank = 1};
        return assign_offsets(all);
    }();
    static constexpr Label describe() {
        return Label{"Linear "}.add(In).add(" -> ").add(Out).add(bias ? "" : ", no bias");
    }

    template <class K> static constexpr std::size_t packed_size = K::template linear<In, Out>::size;
    template <class K, bool has_bias = bias>
    static void pack(const auto& tensor, std::byte* to) {
        K::template linear<In, Out>::template pack<has_bias>(tensor, to);
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, In>& x) {
        const auto y = run.template make<Out>(x.extent);
        using Scalar = std::remove_const_t<S>;
        using Run = std::remove_reference_t<decltype(run)>;
        if constexpr (Run::packed) {
            if constexpr (!Run::dry()) {
                using Kernel = typename Run::kernels::template linear<In, Out>;
                if constexpr (Run::multiple_steps) {
                    alignas(64) Scalar column[padded(std::size_t(Out))]; // a kernel writes whole packs
                    for (std::size_t t = 0; t < x.columns(); ++t) {
                        Kernel::step(run.weights(), x.value + t * In, column);
                        std::copy_n(column, Out, y.value + t * Out);
                    }
                } else {
                    Kernel::step(run.weights(), x.value, y.value);
                }
            }
        } else {
            Parameter<Scalar> b;
            if constexpr (bias) b = run.parameter(1);
            run.execute(Affine<Scalar>{x, y, run.parameter(0), b});
        }
        return y;
    }
    template <class S>
    static auto forward(OfStreams, auto& run, const SequenceView<S, In>& x) {
        const auto y = run.template make<Out>(x.extent);
        using Run = std::remove_reference_t<decltype(run)>;
        using Kernels = typename Run::kernels;
        if constexpr (!Run::dry())
            Kernels::template linear_of_streams<typename Kernels::template linear<In, Out>>::step(
                run.weights(), {x.value, In}, {y.value, Out}, x.columns());
        return y;
    }
};
}

/// y = W x + b, at every step.
///
/// Shapes  x (In x T B) -> y (Out x T B); weight (Out x In), bias (Out).
template <int In, int Out>
    requires (In > 0) && (Out > 0)
struct Linear : detail::LinearLayer<In, Out, true> {};
/// y = W x, at every step.
///
/// Shapes  x (In x T B) -> y (Out x T B); weight (Out x In).
template <int In, int Out>
    requires (In > 0) && (Out > 0)
struct LinearWithoutBias : detail::LinearLayer<In, Out, false> {};

namespace detail {
template <int In, int Out> inline constexpr bool takes_scale<Linear<In, Out>> = true;
template <int In, int Out> inline constexpr bool takes_scale<LinearWithoutBias<In, Out>> = true;
}

} // namespace rondo
