// SPDX-License-Identifier: MIT
#pragma once

#include "elementwise.hpp"

#include <cmath>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Squared errors up to delta, absolute errors beyond: outliers have bounded gradients.
///
///   L = 1/N sum_n f(y_n - target_n)                                           (1)
///   f(e) = e^2 / 2 for |e| <= delta, else delta (|e| - delta / 2)             (2)
///
/// Shapes  y, target (Size x T B), with or without weights of the columns (WeightedTarget).
/// Units   y's, squared; delta y's, above 0.
/// Errors  a delta that is not above 0.
/// Source  Huber, "Robust estimation of a location parameter", Ann. Math. Statist. 35 (1964).
struct HuberLoss : ElementwiseLoss<HuberLoss> {
    double delta = 1;

    HuberLoss() = default;
    explicit HuberLoss(double limit) : delta{limit} { (rondo::check)(problem()); }
    /// Names a setting that is out of range.
    Error problem() const { return detail::limit_problem("rondo::HuberLoss: delta", delta); }

    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S error = y - target, limit = S(delta);
        const S derivative = std::abs(error) > limit ? std::copysign(limit, error) : error;
        loss += scale * derivative * (error - derivative / 2);
        if (gradient) *gradient += scale * derivative;
    }
};

/// Huber's loss divided by its limit: absolute errors beyond beta whatever beta is.
///
///   L = 1/N sum_n f(y_n - target_n)                                           (1)
///   f(e) = e^2 / (2 beta) for |e| < beta, else |e| - beta / 2                 (2)
///
/// Shapes  y, target (Size x T B), with or without weights of the columns (WeightedTarget).
/// Units   y's; beta y's, above 0.
/// Errors  a beta that is not above 0.
/// Source  Girshick, "Fast R-CNN", ICCV 2015, eq. (3), in PyTorch's form.
struct SmoothL1Loss : ElementwiseLoss<SmoothL1Loss> {
    double beta = 1;

    SmoothL1Loss() = default;
    explicit SmoothL1Loss(double limit) : beta{limit} { (rondo::check)(problem()); }
    /// Names a setting that is out of range.
    Error problem() const { return detail::limit_problem("rondo::SmoothL1Loss: beta", beta); }

    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S error = y - target, limit = S(beta);
        const S derivative = std::abs(error) < limit ? error / limit
                             : std::isnan(error)     ? error
                                                     : std::copysign(S(1), error);
        loss += scale * derivative * (error - derivative * limit / 2);
        if (gradient) *gradient += scale * derivative;
    }
};

} // namespace rondo
