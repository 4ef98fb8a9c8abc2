// SPDX-License-Identifier: MIT
#pragma once

#include "../core/values.hpp"
#include "elementwise.hpp"

#include <cmath>
#include <numbers>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Negative log-likelihood of normal distributions, of which the network gives mean m and log variance s.
///
///   v_n = max(exp(s_n), epsilon)                                              (1)
///   L = 1/N sum_n 1/2 (log v_n + (target_n - m_n)^2 / v_n + log 2 pi)         (2)
///
/// epsilon is the least variance, which bounds the likelihood of targets that are fitted exactly; a gradient
/// passes to s_n also below it, as in PyTorch.
///
/// Shapes  y (2 Size x T B), all means first, then all log variances; target (Size x T B), with or without weights of
///         the columns (WeightedTarget).
/// Units   nats; epsilon the target's, squared, above 0.
/// Errors  an epsilon that is not above 0.
/// Source  Nix & Weigend, "Estimating the mean and variance of the target probability distribution", ICNN 1994; as
///         PyTorch's GaussianNLLLoss with full = true.
struct GaussianNLL : ElementwiseLoss<GaussianNLL, 2> {
    double epsilon = 1e-6;

    GaussianNLL() = default;
    explicit GaussianNLL(double least) : epsilon{least} { (rondo::check)(problem()); }
    /// Names a setting that is out of range.
    Error problem() const { return detail::limit_problem("rondo::GaussianNLL: epsilon", epsilon); }

    template <class S>
    RONDO_HOST_DEVICE void add(const Values<S, 2>& y, S target, S scale, S& loss, Values<S, 2>* gradient) const {
        const S least = S(epsilon), error = y[0] - target, variance = std::exp(y[1]);
        const bool floored = variance < least;
        const S inverse = floored ? 1 / least : std::exp(-y[1]), square = error * error * inverse;
        loss += scale / 2 * ((floored ? std::log(least) : y[1]) + square + S(std::numbers::ln2 + log_pi));
        if (!gradient) return;
        (*gradient)[0] += scale * error * inverse;
        (*gradient)[1] += scale / 2 * (floored ? variance * inverse : 1) * (1 - square);
    }

private:
    static constexpr double log_pi = 1.1447298858494002; // log(pi)
};

} // namespace rondo
