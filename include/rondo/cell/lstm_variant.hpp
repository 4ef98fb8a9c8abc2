// SPDX-License-Identifier: MIT
#pragma once

#include "clipped.hpp"

#include <array>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Long short-term memory with other functions, peepholes, a clip or coupled gates. Without these options, it computes
/// what LSTM does.
///
///   i = s(a_i + p_i c)     f = s(a_f + p_f c), or, if coupled, 1 - i          (1)
///   c' = f c + i g         g = t(a_g)                                         (2)
///   o = s(a_o + p_o c')    h' = o u(c')                                       (3)
///
/// with s = variant.gate and t = variant.candidate of the clipped argument, u = variant.output, and without peepholes
/// p = 0. Gates are i, f, g, o; if coupled, i, g, o. The per-unit parameters are p_i, p_f, p_o; if coupled, p_i, p_o.
///
/// Source  for peepholes: Gers, Schraudolph & Schmidhuber, "Learning precise timing with LSTM recurrent networks",
///         JMLR 3 (2002), section 2.2; for coupled gates: Greff et al., "LSTM: a search space odyssey" (2017),
///         arXiv:1503.04069, appendix A3; ONNX's operator LSTM, of which ONNX Runtime does not clip c, either.
template <Variant variant>
    requires (variant.valid())
struct LSTMVariant {
    static constexpr LayerKind kind = LayerKind::LSTM;
    static constexpr Variant options = variant;
    static constexpr bool coupled = variant.coupled, clips = variant.clip.numerator > 0;
    static constexpr int gates = coupled ? 3 : 4, own = variant.peepholes ? gates - 1 : 0;
    // Saved are the gates, u(c') and, if they are clipped, the gates' arguments.
    static constexpr int arguments = gates + 1, saved_values = arguments + (clips ? gates : 0);
    static constexpr Shape shape{.gates = gates,
                                 .states = 2,
                                 .saved = saved_values,
                                 .per_unit = own,
                                 .forget = coupled ? -1 : 1,
                                 .projects = true,
                                 .bounded = variant.gate.bounded() && variant.output.bounded()};
    static constexpr auto gate_names = [] {
        if constexpr (coupled) return std::array<std::string_view, 3>{"input gate", "candidate", "output gate"};
        else return std::array<std::string_view, 4>{"input gate", "forget gate", "candidate", "output gate"};
    }();

    template <class S>
    RONDO_CELL static Step<LSTMVariant, S> forward(const Values<S, gates>& pre, const Values<S, 2>& before,
                                                   const Values<S, own>& p) {
        const S c = before[1];
        Values<S, gates> a = pre;
        if constexpr (own > 0) {
            a[0] = a[0] + p[0] * c;
            if constexpr (!coupled) a[F] = a[F] + p[F] * c;
        }
        const S i = Gate::value(a[0]), f = forget(a, i), g = Candidate::value(a[G]), after = f * c + i * g;
        if constexpr (own > 0) a[O] = a[O] + p[own - 1] * after;
        const S o = Gate::value(a[O]), u = Output::value(after);
        Step<LSTMVariant, S> step{.state = {o * u, after}, .saved = {}};
        step.saved[0] = i;
        if constexpr (!coupled) step.saved[F] = f;
        step.saved[G] = g;
        step.saved[O] = o;
        step.saved[gates] = u;
        if constexpr (clips) RONDO_UNROLL
        for (int k = 0; k < gates; ++k) step.saved[arguments + k] = a[k];
        return step;
    }

    template <class S>
    RONDO_CELL static Gradient<LSTMVariant, S> backward(const Values<S, saved_values>& saved,
                                                        const Values<S, 2>& before, const Values<S, 2>& after,
                                                        const Values<S, own>& p, const Values<S, 2>& gradient) {
        const S c = before[1], i = saved[0], g = saved[G], o = saved[O], u = saved[gates];
        const S da_o = gradient[0] * u * Gate::derivative(saved, arguments, O);
        S dc = gradient[1] + gradient[0] * o * Output::gradient(after[1], u);
        if constexpr (own > 0) dc = dc + da_o * p[own - 1];
        const S df = dc * c;
        Gradient<LSTMVariant, S> d{};
        d.pre[G] = dc * i * Candidate::derivative(saved, arguments, G);
        d.pre[O] = da_o;
        if constexpr (coupled) {
            d.pre[0] = (dc * g - df) * Gate::derivative(saved, arguments, 0);
            d.before = {S(0), dc * (S(1) - i)};
        } else {
            d.pre[0] = dc * g * Gate::derivative(saved, arguments, 0);
            d.pre[F] = df * Gate::derivative(saved, arguments, F);
            d.before = {S(0), dc * saved[F]};
        }
        if constexpr (own > 0) {
            d.per_unit[0] = d.pre[0] * c;
            d.before[1] = d.before[1] + d.pre[0] * p[0];
            if constexpr (!coupled) {
                d.per_unit[F] = d.pre[F] * c;
                d.before[1] = d.before[1] + d.pre[F] * p[F];
            }
            d.per_unit[own - 1] = da_o * after[1];
        }
        return d;
    }

private:
    static constexpr int F = 1, G = gates - 2, O = gates - 1; // the gates' indices
    using Gate = detail::Clipped<variant.gate, variant.clip>;
    using Candidate = detail::Clipped<variant.candidate, variant.clip>;
    using Output = detail::Clipped<variant.output, Ratio{}>;

    template <class S>
    RONDO_CELL static S forget(const Values<S, gates>& a, S i) {
        if constexpr (coupled) return S(1) - i;
        else return Gate::value(a[F]);
    }
};

/// Long short-term memory whose gates read c through peepholes: LSTMVariant's equations with p.
using PeepholeLSTM = LSTMVariant<Variant{.peepholes = true}>;

} // namespace rondo::cell
