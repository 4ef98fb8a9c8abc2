// SPDX-License-Identifier: MIT
#pragma once

#include "elementwise.hpp"

#include <cmath>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Mean absolute error (L1) over every feature of every valid step.
///
///   L = 1/N sum_n |y_n - target_n|                                            (1)
///
/// The gradient is 0 where y_n = target_n.
///
/// Shapes  y, target (Size x T B), with or without weights of the columns (WeightedTarget).
/// Units   y's.
struct MeanAbsoluteError : ElementwiseLoss<MeanAbsoluteError> {
    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S error = y - target;
        loss += scale * std::abs(error);
        if (gradient) *gradient += error > 0 ? scale : error < 0 ? -scale : scale * error; // NaN stays NaN
    }
};

} // namespace rondo
