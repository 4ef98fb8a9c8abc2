// SPDX-License-Identifier: MIT
#pragma once

#include "elementwise.hpp"

#include <cmath>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Hinge loss of scores for targets -1 and 1, over every feature of every valid step.
///
///   L = 1/N sum_n max(0, margin - target_n y_n)                               (1)
///
/// The gradient is 0 where target_n y_n >= margin.
///
/// Shapes  y, target (Size x T B), with or without weights of the columns (WeightedTarget).
/// Units   y's; margin above 0.
/// Errors  a target that is neither -1 nor 1; a margin that is not above 0.
/// Source  Cortes & Vapnik, "Support-vector networks", Machine Learning 20 (1995).
struct HingeLoss : ElementwiseLoss<HingeLoss> {
    static constexpr const char* name = "rondo::HingeLoss";
    double margin = 1;

    HingeLoss() = default;
    explicit HingeLoss(double limit) : margin{limit} { (rondo::check)(problem()); }
    /// Names a setting that is out of range.
    Error problem() const { return detail::limit_problem("rondo::HingeLoss: margin", margin); }

    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S violation = S(margin) - target * y;
        if (violation <= 0) return; // NaN is added
        loss += scale * violation;
        if (gradient) *gradient -= scale * target;
    }
    /// A text for a target that is neither -1 nor 1, else empty.
    std::string wrong(double target) const { return std::abs(target) == 1 ? "" : "is neither -1 nor 1"; }
};

} // namespace rondo
