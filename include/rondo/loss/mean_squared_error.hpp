// SPDX-License-Identifier: MIT
#pragma once

#include "elementwise.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Mean squared error over every feature of every valid step.
///
///   L = 1/N sum_n (y_n - target_n)^2                                          (1)
///
/// Shapes  y, target (Size x T B).
/// Units   y's, squared.
struct MeanSquaredError : ElementwiseLoss<MeanSquaredError> {
    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S error = y - target;
        loss += scale * error * error;
        if (gradient) *gradient += 2 * scale * error;
    }
};

} // namespace rondo
