// SPDX-License-Identifier: MIT
#pragma once

#include "clipped.hpp"

#include <array>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Gated recurrent unit that resets after the recurrent product, with other functions or a clip. Without these options,
/// it computes what GRU does.
///
///   r, z = s(a_r), s(a_z)                                                     (1)
///   n = t(a_n + r u_n)        a_n = W_n x + b_n, u_n = U_n h + c_n            (2)
///   h' = n + z (h - n)                                                        (3)
///
/// with s = variant.gate and t = variant.candidate of the clipped argument.
///
/// Source  ONNX's operator GRU with linear_before_reset = 1; see GRU.
template <Variant variant>
    requires (variant.valid() && variant.without_memory())
struct GRUVariant {
    static constexpr LayerKind kind = LayerKind::GRU;
    static constexpr Variant options = variant;
    static constexpr bool clips = variant.clip.numerator > 0;
    static constexpr int arguments = 4, saved_values = clips ? 7 : 4; // r, z, n, u_n; arguments of the first three
    static constexpr Shape shape{.gates = 3, .split = 1, .saved = saved_values, .bounded = variant.bounded()};
    static constexpr std::array<std::string_view, 3> gate_names{"reset gate", "update gate", "candidate"};

    template <class S>
    RONDO_CELL static Step<GRUVariant, S> forward(const Values<S, 4>& pre, const Values<S, 1>& before,
                                                  const Values<S, 0>&) {
        const auto& [a_r, a_z, a_n, u_n] = pre;
        const S r = Gate::value(a_r), z = Gate::value(a_z), a = a_n + r * u_n, n = Candidate::value(a);
        const Values<S, 1> after{n + z * (before[0] - n)};
        if constexpr (clips) return {.state = after, .saved = {r, z, n, u_n, a_r, a_z, a}};
        else return {.state = after, .saved = {r, z, n, u_n}};
    }

    template <class S>
    RONDO_CELL static Gradient<GRUVariant, S> backward(const Values<S, saved_values>& saved, const Values<S, 1>& before,
                                                       const Values<S, 1>&, const Values<S, 0>&,
                                                       const Values<S, 1>& gradient) {
        const S z = saved[1], n = saved[2], dh = gradient[0];
        const S da_n = dh * (S(1) - z) * Candidate::derivative(saved, arguments, 2);
        return {.pre = {da_n * saved[3] * Gate::derivative(saved, arguments, 0),
                        dh * (before[0] - n) * Gate::derivative(saved, arguments, 1), da_n, da_n * saved[0]},
                .before = {dh * z},
                .per_unit = {}};
    }

private:
    using Gate = detail::Clipped<variant.gate, variant.clip>;
    using Candidate = detail::Clipped<variant.candidate, variant.clip>;
};

/// Gated recurrent unit that resets before the recurrent product, with other functions or a clip. Without these
/// options, it computes what GRUResetBefore does.
///
///   r, z = s(a_r), s(a_z)                                                     (1)
///   n = t(W_n x + b_n + U_n q + c_n)     q = r h                              (2)
///   h' = n + z (h - n)                                                        (3)
///
/// with s = variant.gate and t = variant.candidate of the clipped argument.
///
/// Source  ONNX's operator GRU with linear_before_reset = 0; see GRUResetBefore.
template <Variant variant>
    requires (variant.valid() && variant.without_memory())
struct GRUResetBeforeVariant {
    static constexpr LayerKind kind = LayerKind::GRUResetBefore;
    static constexpr Variant options = variant;
    static constexpr bool clips = variant.clip.numerator > 0;
    static constexpr int arguments = 3, saved_values = clips ? 6 : 3; // r, z, n; their arguments
    static constexpr Shape shape{.gates = 3, .after_reset = 1, .saved = saved_values, .bounded = variant.bounded()};
    static constexpr std::array<std::string_view, 3> gate_names{"reset gate", "update gate", "candidate"};

    /// q of eq. (2); pre[2] is not known yet.
    template <class S>
    RONDO_CELL static S reset(const Values<S, 3>& pre, const Values<S, 1>& before) {
        return Gate::value(pre[0]) * before[0];
    }

    /// Eqs. (1) to (3); `pre` is complete.
    template <class S>
    RONDO_CELL static Step<GRUResetBeforeVariant, S> forward(const Values<S, 3>& pre, const Values<S, 1>& before,
                                                             const Values<S, 0>&) {
        const S r = Gate::value(pre[0]), z = Gate::value(pre[1]), n = Candidate::value(pre[2]);
        const Values<S, 1> after{n + z * (before[0] - n)};
        if constexpr (clips) return {.state = after, .saved = {r, z, n, pre[0], pre[1], pre[2]}};
        else return {.state = after, .saved = {r, z, n}};
    }

    /// The gradients of forward, except that of r, which reset_backward adds when dL/dq is known.
    template <class S>
    RONDO_CELL static Gradient<GRUResetBeforeVariant, S> backward(const Values<S, saved_values>& saved,
                                                                  const Values<S, 1>& before, const Values<S, 1>&,
                                                                  const Values<S, 0>&, const Values<S, 1>& gradient) {
        const S z = saved[1], n = saved[2], dh = gradient[0];
        return {.pre = {S(0), dh * (before[0] - n) * Gate::derivative(saved, arguments, 1),
                        dh * (S(1) - z) * Candidate::derivative(saved, arguments, 2)},
                .before = {dh * z},
                .per_unit = {}};
    }

    template <class S>
    RONDO_CELL static void reset_backward(const Values<S, saved_values>& saved, const Values<S, 1>& before, S dq,
                                          Gradient<GRUResetBeforeVariant, S>& gradient) {
        gradient.pre[0] = dq * before[0] * Gate::derivative(saved, arguments, 0);
        gradient.before[0] = gradient.before[0] + dq * saved[0];
    }

private:
    using Gate = detail::Clipped<variant.gate, variant.clip>;
    using Candidate = detail::Clipped<variant.candidate, variant.clip>;
};

} // namespace rondo::cell
