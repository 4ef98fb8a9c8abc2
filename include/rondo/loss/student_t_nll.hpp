// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../core/values.hpp"
#include "elementwise.hpp"
#include "log_gamma.hpp"

#include <cmath>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Negative log-likelihood of Student's t distributions, of which the network gives location m, log scale s and a
/// number d for the degrees of freedom: fewer degrees have heavier tails, so outliers change m less.
///
///   c_n = max(exp(s_n), epsilon),   k_n = 2 + log(1 + exp(d_n))               (1)
///   z_n = (target_n - m_n) / c_n                                              (2)
///   L = 1/N sum_n log c_n + log(pi k_n) / 2 + log Gamma(k_n / 2) - log Gamma((k_n + 1) / 2)
///                 + (k_n + 1) / 2 log(1 + z_n^2 / k_n)                        (3)
///
/// The distribution's mean is m_n, its variance c_n^2 k_n / (k_n - 2): with more than 2 degrees of freedom there is
/// one. epsilon is the least scale.
///
/// Shapes  y (3 Size x T B), all m first, then all s, then all d; target (Size x T B), with or without weights of the
///         columns (WeightedTarget).
/// Units   nats; epsilon the target's, above 0.
/// Errors  an epsilon that is not above 0.
/// Source  Lange, Little & Taylor, "Robust statistical modeling using the t distribution", JASA 84 (1989).
struct StudentTNLL : ElementwiseLoss<StudentTNLL, 3> {
    double epsilon = 1e-3;

    StudentTNLL() = default;
    explicit StudentTNLL(double least) : epsilon{least} { (rondo::check)(problem()); }
    /// Names a setting that is out of range.
    Error problem() const { return detail::limit_problem("rondo::StudentTNLL: epsilon", epsilon); }

    /// Degrees of freedom, k of eq. (1), of the network's number d.
    template <class S>
    RONDO_HOST_DEVICE static S degrees(S d) {
        return 2 + (d > 0 ? d + std::log1p(std::exp(-d)) : std::log1p(std::exp(d)));
    }
    template <class S>
    RONDO_HOST_DEVICE void add(const Values<S, 3>& y, S target, S scale, S& loss, Values<S, 3>* gradient) const {
        const S least = S(epsilon), own = std::exp(y[1]), k = degrees(y[2]);
        const bool floored = own < least;
        const S inverse = floored ? 1 / least : std::exp(-y[1]), z = (y[0] - target) * inverse;
        const S part = z * z / (k + z * z), tail = std::log1p(z * z / k); // part: in [0, 1)
        loss += scale * ((floored ? std::log(least) : y[1]) + std::log(S(pi) * k) / 2 - detail::log_gamma_step(k / 2) +
                         (k + 1) / 2 * tail);
        if (!gradient) return;
        const S sigmoid = y[2] >= 0 ? 1 / (1 + std::exp(-y[2])) : std::exp(y[2]) / (1 + std::exp(y[2]));
        (*gradient)[0] += scale * (k + 1) * z / (k + z * z) * inverse;
        (*gradient)[1] += scale * (floored ? own * inverse : 1) * (1 - (k + 1) * part);
        (*gradient)[2] += scale / 2 * sigmoid * (1 / k - detail::digamma_step(k / 2) + tail - (k + 1) / k * part);
    }

private:
    static constexpr double pi = 3.141592653589793;
};

} // namespace rondo
