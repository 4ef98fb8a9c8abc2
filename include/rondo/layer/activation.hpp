// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/view.hpp"
#include "../op/elementwise.hpp"

#include <array>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// y = f(x), elementwise.
///
/// Shapes  x, y (Size x T B).
template <class Function, int Size>
    requires (Size > 0)
struct Activation {
    static constexpr LayerKind kind = Function::kind;
    static constexpr int input_size = Size, output_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{Function::name}; }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        const auto y = run.template make<Size>(x.extent);
        run.execute(Elementwise<Function, std::remove_const_t<S>, Size>{x, y});
        return y;
    }
};

/// y = max(x, 0)
template <int Size> struct ReLU : Activation<activation::ReLU, Size> {};
/// y = tanh(x)
template <int Size> struct Tanh : Activation<activation::Tanh, Size> {};
/// y = 1 / (1 + exp(-x))
template <int Size> struct Sigmoid : Activation<activation::Sigmoid, Size> {};

} // namespace rondo
