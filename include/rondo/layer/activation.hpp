// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/view.hpp"
#include "../graph/of_streams.hpp"
#include "../op/elementwise.hpp"
#include "same_size.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The kind of a function that files can name; `other` for one of the user's own.
template <class Function>
constexpr LayerKind activation_kind = [] {
    if constexpr (HasKind<Function>) return Function::kind;
    else return LayerKind::other;
}();
} // namespace detail

/// y = f(x), elementwise.
///
/// Shapes  x, y (Size x T B).
template <class Function, int Size>
    requires (Size > 0)
struct Activation : detail::SameSizeLayer<detail::activation_kind<Function>, Size> {
    using function = Function;
    static constexpr Label describe() {
        if constexpr (requires { Function::describe(); }) return Function::describe();
        else return Label{Function::name};
    }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        const auto y = run.template make<Size>(x.extent);
        run.execute(Elementwise<Function, std::remove_const_t<S>, Size>{x, y});
        return y;
    }
    template <class S>
    static auto forward(OfStreams, auto& run, const SequenceView<S, Size>& x) {
        return forward(run, x);
    }
};

/// y = max(x, 0)
template <int Size> struct ReLU : Activation<activation::ReLU, Size> {};
/// y = tanh(x)
template <int Size> struct Tanh : Activation<activation::Tanh, Size> {};
/// y = 1 / (1 + exp(-x))
template <int Size> struct Sigmoid : Activation<activation::Sigmoid, Size> {};
/// y = max(x, 0) + a min(x, 0)
template <int Size, Ratio a = Ratio{1, 100}> struct LeakyReLU : Activation<activation::LeakyReLU<a>, Size> {};
/// y = max(x, 0) + a (exp(min(x, 0)) - 1)
template <int Size, Ratio a = Ratio{1}> struct ELU : Activation<activation::ELU<a>, Size> {};
/// y = x Phi(x), with the distribution function Phi of the standard normal distribution
template <int Size> struct GELU : Activation<activation::GELU, Size> {};
/// y = 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), an approximation of GELU
template <int Size> struct TanhGELU : Activation<activation::TanhGELU, Size> {};
/// y = x / (1 + exp(-x))
template <int Size> struct SiLU : Activation<activation::SiLU, Size> {};
/// y = min(max(a x + b, 0), 1). PyTorch's a is 1/6; ONNX's default is 1/5.
template <int Size, Ratio a = Ratio{1, 6}, Ratio b = Ratio{1, 2}>
struct Hardsigmoid : Activation<activation::Hardsigmoid<a, b>, Size> {};
/// y = min(max(x, least), most); from 0 to 6 it is ReLU6, to Ratio::infinity() PyTorch's clamp(min=least).
template <int Size, Ratio least = Ratio{-1}, Ratio most = Ratio{1}>
struct Hardtanh : Activation<activation::Hardtanh<least, most>, Size> {};
/// y = x / (1 + |x|)
template <int Size> struct Softsign : Activation<activation::Softsign, Size> {};
/// y = log(1 + exp(x)). PyTorch's, with its default beta, is x above its threshold of 20, up to 2.1e-9 less.
template <int Size> struct Softplus : Activation<activation::Softplus, Size> {};
/// y = x for x > threshold, else 0: PyTorch's with the value 0, ONNX's ThresholdedRelu.
template <int Size, Ratio threshold> struct Threshold : Activation<activation::Threshold<threshold>, Size> {};

} // namespace rondo
