// SPDX-License-Identifier: MIT
#pragma once

#include "../core/ratio.hpp"
#include "linear_concept.hpp"

#include <array>
#include <cmath>

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Where the eigenvalues of an LRU are drawn: uniformly from the ring of these radii, with phases below `phase`.
struct Ring {
    Ratio inner{0, 1}, outer{1, 1}, phase{710, 113}; // 2 pi
    bool operator==(const Ring&) const = default;

    /// |l|^2 and the phase for a number from U(0, 1).
    double squared_radius(double u) const {
        const double a = inner.value(), b = outer.value();
        return a * a + positive(u) * (b * b - a * a);
    }
    double drawn_phase(double u) const { return phase.value() * positive(u); }

    static double positive(double u) { return u > 1e-12 ? u : 1e-12; } // whose logarithm is taken
};

/// Linear recurrent unit: a complex diagonal recurrence, in its stable exponential form with a learned normalization.
///
///   l = exp(-exp(nu_log) + i exp(theta_log))        |l| < 1                   (1)
///   h' = l h + exp(gamma_log) a                     a = B x, complex          (2)
///
/// Units   |l|^2 is drawn from U(inner^2, outer^2), the phase of l from U(0, phase), and gamma = sqrt(1 - |l|^2).
/// Source  Orvieto et al., "Resurrecting recurrent neural networks for long sequences" (2023), arXiv:2303.06349,
///         sections 3.3, 3.4 and appendix A.
template <Ring ring = Ring{}>
struct LRU {
    static constexpr LinearShape shape{.gates = 2, .states = 2, .constants = 3};
    static constexpr std::array<UnitParameter, 3> per_unit{
        UnitParameter{"nu_log", [](double u) { return std::log(-0.5 * std::log(ring.squared_radius(u))); }},
        UnitParameter{"theta_log", [](double u) { return std::log(ring.drawn_phase(u)); }},
        UnitParameter{"gamma_log", [](double u) { return 0.5 * std::log(1 - ring.squared_radius(u)); }, 0}};

    template <class S>
    RONDO_CELL static Values<S, 3> constants(const Values<S, 3>& p) {
        using std::cos, std::sin;
        const S radius = math::exp(-math::exp(p[0])), phase = math::exp(p[1]);
        return {{radius * cos(phase), radius * sin(phase), math::exp(p[2])}};
    }
    template <class S>
    RONDO_CELL static Values<S, 3> constants_backward(const Values<S, 3>& p, const Values<S, 3>& d) {
        const Values<S, 3> l = constants(p);
        return {{-math::exp(p[0]) * (d[0] * l[0] + d[1] * l[1]), math::exp(p[1]) * (d[1] * l[0] - d[0] * l[1]),
                 d[2] * l[2]}};
    }

    template <class S>
    RONDO_CELL static LinearStep<LRU, S> linear(const Values<S, 2>& pre, S, const Values<S, 3>& l) {
        return {.a = {l[0], l[1]}, .b = {l[2] * pre[0], l[2] * pre[1]}};
    }
    template <class S>
    RONDO_CELL static void linear_backward(const Values<S, 2>& pre, S, const Values<S, 3>& l,
                                           const LinearStep<LRU, S>& d, LinearGradient<LRU, S>& to) {
        to.constants[0] = to.constants[0] + d.a[0];
        to.constants[1] = to.constants[1] + d.a[1];
        to.constants[2] = math::fma(d.b[0], pre[0], math::fma(d.b[1], pre[1], to.constants[2]));
        for (int k = 0; k < 2; ++k) to.pre[k] = to.pre[k] + d.b[k] * l[2];
    }
};

} // namespace rondo::cell
