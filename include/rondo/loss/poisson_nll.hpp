// SPDX-License-Identifier: MIT
#pragma once

#include "elementwise.hpp"
#include "log_gamma.hpp"

#include <cmath>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Negative log-likelihood of Poisson distributions of counts, of which the network gives the log of the mean.
///
///   L = 1/N sum_n exp(y_n) - target_n y_n + log Gamma(target_n + 1)           (1)
///
/// Shapes  y, target (Size x T B), with or without weights of the columns (WeightedTarget).
/// Units   nats; targets are counts of 0 or more, not necessarily whole.
/// Errors  a target below 0 or not finite.
/// Source  PyTorch's PoissonNLLLoss with log_input = true; it leaves out the last term of (1), which does not depend on
///         y, or approximates it.
struct PoissonNLL : ElementwiseLoss<PoissonNLL> {
    static constexpr const char* name = "rondo::PoissonNLL";

    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S mean = std::exp(y);
        loss += scale * (mean - target * y + detail::log_gamma(target + 1));
        if (gradient) *gradient += scale * (mean - target);
    }
    /// A text for a target below 0 or not finite, else empty.
    std::string wrong(double target) const {
        return target >= 0 && std::isfinite(target) ? "" : "is not a count of 0 or more";
    }
};

} // namespace rondo
