// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/view.hpp"
#include "../op/elementwise.hpp"
#include "same_size.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The kind of a function that files can name; `other` for one of the user's own.
template <class Function>
constexpr LayerKind activation_kind = [] {
    if constexpr (requires { Function::kind; }) return Function::kind;
    else return LayerKind::other;
}();
} // namespace detail

/// y = f(x), elementwise.
///
/// Shapes  x, y (Size x T B).
template <class Function, int Size>
    requires (Size > 0)
struct Activation : detail::SameSizeLayer<detail::activation_kind<Function>, Size> {
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
