// SPDX-License-Identifier: MIT
#pragma once

#include "linear_concept.hpp"

#include <array>
#include <cmath>

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Real-gated linear recurrent unit, of Griffin and RecurrentGemma.
///
///   r, i = sigmoid(a_r), sigmoid(a_i)                                         (1)
///   a = sigmoid(L)^(c r)                              c = 8                   (2)
///   h' = a h + sqrt(1 - a^2) (i x)                                            (3)
///
/// The gates' weights are dense, as in the paper's equations; Griffin's own are block-diagonal, which is a dense matrix
/// with zeros. dL/da through the square root is bounded as in RecurrentGemma, by 1000 where a is nearly 1; there the
/// first step of a sequence has the factor 1 in place of the square root, here it is a step as any other.
///
/// log a = -c r softplus(-L), whose constant -c softplus(-L) is computed once for all steps; 1 - a^2 from
/// u = tanh(-log a) as 2 u / (1 + u), which does not cancel where a is nearly 1.
///
/// Units   L is drawn such that sigmoid(L)^c is from U(0.9, 0.999).
/// Source  De et al., "Griffin: mixing gated linear recurrences with local attention for efficient language models"
///         (2024), arXiv:2402.19427, section 2.4 and appendix A.
struct RGLRU {
    static constexpr LinearShape shape{.gates = 2, .constants = 1, .input = true};
    static constexpr std::array<UnitParameter, 1> per_unit{UnitParameter{"recurrent_param", [](double u) {
                                                                             const double a =
                                                                                 std::pow(0.9 + 0.099 * u, 1.0 / 8);
                                                                             return std::log(a / (1 - a));
                                                                         }}};

    template <class S>
    RONDO_CELL static Values<S, 1> constants(const Values<S, 1>& L) {
        return {{S(-8.f) * softplus(-L[0])}};
    }
    template <class S>
    RONDO_CELL static Values<S, 1> constants_backward(const Values<S, 1>& L, const Values<S, 1>& d) {
        return {{S(8.f) * d[0] * math::sigmoid(-L[0])}};
    }

    template <class S>
    RONDO_CELL static LinearStep<RGLRU, S> linear(const Values<S, 2>& pre, S x, const Values<S, 1>& constant) {
        const S log_a = constant[0] * math::sigmoid(pre[0]);
        return {.a = {math::exp(log_a)}, .b = {scale(log_a) * (math::sigmoid(pre[1]) * x)}};
    }
    template <class S>
    RONDO_CELL static void linear_backward(const Values<S, 2>& pre, S x, const Values<S, 1>& constant,
                                           const LinearStep<RGLRU, S>& d, LinearGradient<RGLRU, S>& to) {
        const S r = math::sigmoid(pre[0]), i = math::sigmoid(pre[1]), log_a = constant[0] * r, a = math::exp(log_a),
                m = scale(log_a), dx = d.b[0] * m;
        // d sqrt(1 - a^2) / d log a = -a^2 / sqrt(1 - a^2)
        const S dm = d.b[0] * i * x * a / (math::max)(m, S(1.f / 2000));
        const S dlog_a = (d.a[0] - dm) * a;
        to.pre[0] = to.pre[0] + dlog_a * constant[0] * r * (S(1.f) - r);
        to.pre[1] = to.pre[1] + dx * x * i * (S(1.f) - i);
        to.input = to.input + dx * i;
        to.constants[0] = to.constants[0] + dlog_a * r;
    }

private:
    template <class S>
    RONDO_CELL static S scale(S log_a) {
        const S u = math::tanh(-log_a);
        return math::sqrt((u + u) / (S(1.f) + u));
    }
};

} // namespace rondo::cell
