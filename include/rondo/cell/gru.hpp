// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"

#include <array>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Gated recurrent unit that resets after the recurrent product, as PyTorch and cuDNN do.
///
///   r, z = sigmoid(a_r), sigmoid(a_z)                                         (1)
///   n = tanh(a_n + r u_n)     a_n = W_n x + b_n, u_n = U_n h + c_n            (2)
///   h' = n + z (h - n)                                                        (3)
///
/// Units   every element of h stays in the smallest interval that contains its initial value and [-1, 1].
/// Source  Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation"
///         (2014), arXiv:1406.1078v1, section 2.3.
struct GRU {
    static constexpr LayerKind kind = LayerKind::GRU;
    static constexpr Shape shape{.gates = 3, .split = 1, .saved = 4, .bounded = true};
    static constexpr std::array<std::string_view, 3> gate_names{"reset gate", "update gate", "candidate"};

    template <class S>
    RONDO_CELL static Step<GRU, S> forward(const Values<S, 4>& pre, const Values<S, 1>& before, const Values<S, 0>&) {
        const auto& [a_r, a_z, a_n, u_n] = pre;
        const S r = math::sigmoid(a_r);
        const auto z = math::sigmoid(a_z);
        const auto n = math::tanh(a_n + r * u_n);
        return {.state = {S(n + z * (before[0] - n))}, .saved = {r, S(z), S(n), u_n}};
    }

    template <class S>
    RONDO_CELL static Gradient<GRU, S> backward(const Values<S, 4>& saved, const Values<S, 1>& before,
                                                const Values<S, 1>&, const Values<S, 0>&,
                                                const Values<S, 1>& gradient) {
        const auto& [r, z, n, u_n] = saved;
        const S dh = gradient[0], da_n = dh * (1 - z) * (1 - n * n);
        return {.pre = {da_n * u_n * r * (1 - r), dh * (before[0] - n) * z * (1 - z), da_n, da_n * r},
                .before = {dh * z},
                .per_unit = {}};
    }
};

/// Gated recurrent unit that resets before the recurrent product, as first published and as ONNX defaults to.
///
///   r, z = sigmoid(a_r), sigmoid(a_z)                                         (1)
///   n = tanh(W_n x + b_n + U_n q + c_n)     q = r h                           (2)
///   h' = n + z (h - n)                                                        (3)
///
/// Source  Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation"
///         (2014), arXiv:1406.1078v3, section 2.3.
struct GRUResetBefore {
    static constexpr LayerKind kind = LayerKind::GRUResetBefore;
    static constexpr Shape shape{.gates = 3, .after_reset = 1, .saved = 3, .bounded = true};
    static constexpr std::array<std::string_view, 3> gate_names{"reset gate", "update gate", "candidate"};

    /// q of eq. (2); pre[2] is not known yet.
    template <class S>
    RONDO_CELL static S reset(const Values<S, 3>& pre, const Values<S, 1>& before) {
        return math::sigmoid(pre[0]) * before[0];
    }

    /// Eqs. (1) to (3); `pre` is complete.
    template <class S>
    RONDO_CELL static Step<GRUResetBefore, S> forward(const Values<S, 3>& pre, const Values<S, 1>& before,
                                                      const Values<S, 0>&) {
        const S r = math::sigmoid(pre[0]), z = math::sigmoid(pre[1]), n = math::tanh(pre[2]);
        return {.state = {n + z * (before[0] - n)}, .saved = {r, z, n}};
    }

    /// The gradients of forward, except that of r, which reset_backward adds when dL/dq is known.
    template <class S>
    RONDO_CELL static Gradient<GRUResetBefore, S> backward(const Values<S, 3>& saved, const Values<S, 1>& before,
                                                           const Values<S, 1>&, const Values<S, 0>&,
                                                           const Values<S, 1>& gradient) {
        const auto& [r, z, n] = saved;
        const S dh = gradient[0];
        return {.pre = {S(0), dh * (before[0] - n) * z * (1 - z), dh * (1 - z) * (1 - n * n)},
                .before = {dh * z},
                .per_unit = {}};
    }

    template <class S>
    RONDO_CELL static void reset_backward(const Values<S, 3>& saved, const Values<S, 1>& before, S dq,
                                          Gradient<GRUResetBefore, S>& gradient) {
        const S r = saved[0];
        gradient.pre[0] = dq * before[0] * r * (1 - r);
        gradient.before[0] = gradient.before[0] + dq * r;
    }
};

} // namespace rondo::cell
