// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/activation.hpp"
#include "concept.hpp"
#include "variant.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

namespace detail {
template <Function f>
constexpr auto activation_of() {
    if constexpr (f.kind == Function::sigmoid) return activation::Sigmoid{};
    else if constexpr (f.kind == Function::tanh) return activation::Tanh{};
    else if constexpr (f.kind == Function::relu) return activation::ReLU{};
    else if constexpr (f.kind == Function::leaky_relu) return activation::LeakyReLU<f.alpha>{};
    else if constexpr (f.kind == Function::thresholded_relu) return activation::Threshold<f.alpha>{};
    else if constexpr (f.kind == Function::elu) return activation::ELU<f.alpha>{};
    else if constexpr (f.kind == Function::hardsigmoid) return activation::Hardsigmoid<f.alpha, f.beta>{};
    else if constexpr (f.kind == Function::affine) return activation::Affine<f.alpha, f.beta>{};
    else if constexpr (f.kind == Function::scaled_tanh) return activation::ScaledTanh<f.alpha, f.beta>{};
    else if constexpr (f.kind == Function::softsign) return activation::Softsign{};
    else return activation::Softplus{};
}

/// y = f(a) with a clipped; the derivative by a, which is 0 where a is beyond the clip, from a and y.
template <Function f, Ratio clip>
struct Clipped {
    using F = decltype(activation_of<f>());
    template <class S>
    RONDO_CELL static S value(S a) {
        if constexpr (clip.numerator > 0) return F::value(math::clamp(a, math::constant<S>(clip.value())));
        else return F::value(a);
    }
    template <class S>
    RONDO_CELL static S gradient(S a, S y) {
        const S bound = math::constant<S>(clip.value());
        if constexpr (clip.numerator > 0)
            return math::select(bound < a, S(0), math::select(a < -bound, S(0), F::gradient(y)));
        else return F::gradient(y);
    }
    /// The derivative at the k-th of a cell's saved values, a result; with a clip its argument is the value
    /// `arguments` + k.
    template <class Saved>
    RONDO_CELL static auto derivative(const Saved& saved, [[maybe_unused]] int arguments, int k) {
        if constexpr (clip.numerator > 0) return gradient(saved[arguments + k], saved[k]);
        else return gradient(saved[k], saved[k]); // the argument is not read
    }
};
}

} // namespace rondo::cell
