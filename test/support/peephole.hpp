// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/layer/recurrent.hpp>

/// A custom cell: an LSTM with peephole connections, by which gates read the memory.
///
///   i, f = sigmoid(a_i + p_i c), sigmoid(a_f + p_f c)     g = tanh(a_g)       (1)
///   c' = f c + i g                                                            (2)
///   o = sigmoid(a_o + p_o c')     h' = o tanh(c')                             (3)
///
/// Source  Gers, Schraudolph & Schmidhuber, "Learning precise timing with LSTM recurrent networks", JMLR 3 (2002),
///         section 2.2.
struct Peephole {
    static constexpr rondo::cell::Shape shape{.gates = 4, .states = 2, .saved = 5, .per_unit = 3, .forget = 1};

    template <class S>
    RONDO_HOST_DEVICE static rondo::cell::Step<Peephole, S>
    forward(const rondo::Values<S, 4>& pre, const rondo::Values<S, 2>& before, const rondo::Values<S, 3>& per_unit) {
        namespace math = rondo::math;
        const auto& [p_i, p_f, p_o] = per_unit;
        const S c = before[1];
        const S i = math::sigmoid(pre[0] + p_i * c), f = math::sigmoid(pre[1] + p_f * c), g = math::tanh(pre[2]);
        const S after = f * c + i * g, o = math::sigmoid(pre[3] + p_o * after), t = math::tanh(after);
        return {.state = {o * t, after}, .saved = {i, f, g, o, t}};
    }

    template <class S>
    RONDO_HOST_DEVICE static rondo::cell::Gradient<Peephole, S>
    backward(const rondo::Values<S, 5>& saved, const rondo::Values<S, 2>& before, const rondo::Values<S, 2>& after,
             const rondo::Values<S, 3>& per_unit, const rondo::Values<S, 2>& gradient) {
        const auto& [i, f, g, o, t] = saved;
        const auto& [p_i, p_f, p_o] = per_unit;
        const S c = before[1], da_o = gradient[0] * t * o * (1 - o);
        const S dc = gradient[1] + gradient[0] * o * (1 - t * t) + da_o * p_o;
        const S da_i = dc * g * i * (1 - i), da_f = dc * c * f * (1 - f);
        return {.pre = {da_i, da_f, dc * i * (1 - g * g), da_o},
                .before = {S(0), dc * f + da_i * p_i + da_f * p_f},
                .per_unit = {da_i * c, da_f * c, da_o * after[1]}};
    }
};

template <int In, int Hidden, rondo::Stack stack = rondo::Stack{}>
struct PeepholeLSTM : rondo::Recurrent<Peephole, In, Hidden, stack> {};
