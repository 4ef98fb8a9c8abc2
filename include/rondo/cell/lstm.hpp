// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"

#include <array>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Long short-term memory.
///
///   i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)     g = tanh(a_g)      (1)
///   c' = f c + i g                                                            (2)
///   h' = o tanh(c')                                                           (3)
///
/// Units   every element of h is in [-1, 1]; c is unbounded.
/// Source  Hochreiter & Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); for the forget gate: Gers,
///         Schmidhuber & Cummins, "Learning to forget", Neural Computation 12 (2000), section 3.
struct LSTM {
    static constexpr LayerKind kind = LayerKind::LSTM;
    static constexpr Shape shape{.gates = 4, .states = 2, .saved = 5, .forget = 1, .projects = true, .bounded = true};
    static constexpr std::array<std::string_view, 4> gate_names{"input gate", "forget gate", "candidate",
                                                                "output gate"};

    template <class S>
    RONDO_CELL static Step<LSTM, S> forward(const Values<S, 4>& pre, const Values<S, 2>& before, const Values<S, 0>&) {
        const auto& [a_i, a_f, a_g, a_o] = pre;
        const auto i = math::sigmoid(a_i), f = math::sigmoid(a_f), o = math::sigmoid(a_o);
        const auto g = math::tanh(a_g);
        const S c = f * before[1] + i * g;
        const auto t = math::tanh(c);
        return {.state = {S(o * t), c}, .saved = {S(i), S(f), S(g), S(o), S(t)}};
    }

    template <class S>
    RONDO_CELL static Gradient<LSTM, S> backward(const Values<S, 5>& saved, const Values<S, 2>& before,
                                                 const Values<S, 2>&, const Values<S, 0>&,
                                                 const Values<S, 2>& gradient) {
        const auto& [i, f, g, o, t] = saved;
        const auto& [dh, dc_after] = gradient;
        const S dc = dc_after + dh * o * (1 - t * t);
        return {.pre = {dc * g * i * (1 - i), dc * before[1] * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)},
                .before = {S(0), dc * f},
                .per_unit = {}};
    }
};

} // namespace rondo::cell
