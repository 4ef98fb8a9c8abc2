// SPDX-License-Identifier: MIT
#pragma once

#include "linear_concept.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Simple recurrent unit, first version: gates read the input only, and a highway connection adds the input.
///
///   f, r = sigmoid(a_f), sigmoid(a_r)                                         (1)
///   c' = f c + (1 - f) u                            u = W x                   (2)
///   h' = r tanh(c') + (1 - r) x                                               (3)
///
/// The paper has biases for f and r only; here u has one, too, which is to be zero for the paper's equations.
///
/// Source  Lei, Zhang & Artzi, "Training RNNs as fast as CNNs" (2017), arXiv:1709.02755v1, section 2.1, eqs. (3) to
///         (7).
struct SRUFirst {
    static constexpr LinearShape shape{.gates = 3, .input = true, .output = true};

    template <class S>
    RONDO_CELL static LinearStep<SRUFirst, S> linear(const Values<S, 3>& pre, S, const Values<S, 0>&) {
        const S f = math::sigmoid(pre[1]);
        return {.a = {f}, .b = {(S(1.f) - f) * pre[0]}};
    }
    template <class S>
    RONDO_CELL static void linear_backward(const Values<S, 3>& pre, S, const Values<S, 0>&,
                                           const LinearStep<SRUFirst, S>& d, LinearGradient<SRUFirst, S>& to) {
        const S f = math::sigmoid(pre[1]);
        to.pre[0] = to.pre[0] + d.b[0] * (S(1.f) - f);
        to.pre[1] = to.pre[1] + (d.a[0] - d.b[0] * pre[0]) * f * (S(1.f) - f);
    }
    template <class S>
    RONDO_CELL static S output(const Values<S, 3>& pre, S x, const Values<S, 1>& c) {
        const S r = math::sigmoid(pre[2]);
        return math::fma(r, math::tanh(c[0]) - x, x);
    }
    template <class S>
    RONDO_CELL static void output_backward(const Values<S, 3>& pre, S x, const Values<S, 1>& c, S dy,
                                           LinearGradient<SRUFirst, S>& to) {
        const S r = math::sigmoid(pre[2]), g = math::tanh(c[0]);
        to.pre[2] = to.pre[2] + dy * (g - x) * r * (S(1.f) - r);
        to.input = to.input + dy * (S(1.f) - r);
        to.state[0] = to.state[0] + dy * r * (S(1.f) - g * g);
    }
};

} // namespace rondo::cell
