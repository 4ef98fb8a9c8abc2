// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/cell/concept.hpp>

namespace law {

/// An LSTM whose gates see the cell state: a cell from outside the library, and one with parameters of the unit's own.
///
///   i, f = sigmoid(a_i + p_i c), sigmoid(a_f + p_f c)     g = tanh(a_g)       (1)
///   c' = f c + i g     o = sigmoid(a_o + p_o c')     h' = o tanh(c')          (2)
///
/// Source  Gers & Schmidhuber, "Recurrent nets that time and count" (2000).
struct Peephole {
    static constexpr rondo::cell::Shape shape{.gates = 4, .states = 2, .saved = 5, .per_unit = 3, .forget = 1};

    template <class S>
    RONDO_HOST_DEVICE static rondo::cell::Step<Peephole, S>
    forward(const rondo::Values<S, 4>& pre, const rondo::Values<S, 2>& before, const rondo::Values<S, 3>& per_unit) {
        const auto& [a_i, a_f, a_g, a_o] = pre;
        const auto& [p_i, p_f, p_o] = per_unit;
        const S i = rondo::math::sigmoid(S(a_i + p_i * before[1])), f = rondo::math::sigmoid(S(a_f + p_f * before[1]));
        const S g = rondo::math::tanh(a_g), c = f * before[1] + i * g;
        const S o = rondo::math::sigmoid(S(a_o + p_o * c)), t = rondo::math::tanh(c);
        return {.state = {o * t, c}, .saved = {i, f, g, o, t}};
    }

    template <class S>
    RONDO_HOST_DEVICE static rondo::cell::Gradient<Peephole, S>
    backward(const rondo::Values<S, 5>& saved, const rondo::Values<S, 2>& before, const rondo::Values<S, 2>& after,
             const rondo::Values<S, 3>& per_unit, const rondo::Values<S, 2>& gradient) {
        const auto& [i, f, g, o, t] = saved;
        const auto& [p_i, p_f, p_o] = per_unit;
        const S da_o = gradient[0] * t * o * (1 - o);
        const S dc = gradient[1] + gradient[0] * o * (1 - t * t) + da_o * p_o;
        const S da_i = dc * g * i * (1 - i), da_f = dc * before[1] * f * (1 - f);
        return {.pre = {da_i, da_f, dc * i * (1 - g * g), da_o},
                .before = {S(0), dc * f + da_i * p_i + da_f * p_f},
                .per_unit = {da_i * before[1], da_f * before[1], da_o * after[1]}};
    }
};

} // namespace law
