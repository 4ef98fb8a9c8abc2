// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/functions.hpp"
#include "elementwise.hpp"

#include <cmath>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Binary cross-entropy of logits, over every feature of every valid step.
///
///   L = 1/N sum_n (max(y_n, 0) - y_n target_n + log(1 + exp(-|y_n|)))         (1)
///     = 1/N sum_n -(w target_n log p_n + (1 - target_n) log(1 - p_n)),   p_n = sigmoid(y_n), w = 1    (2)
///
/// positive_weight  w of eq. (2): the weight of targets that are 1, for classes of different frequency; 0 or more.
///
/// Shapes  y logits, target (Size x T B), with or without weights of its columns (WeightedTarget).
/// Units   nats; targets from 0 to 1.
/// Errors  a target that is not from 0 to 1; a weight below 0.
struct BinaryCrossEntropy : ElementwiseLoss<BinaryCrossEntropy> {
    static constexpr const char* name = "rondo::BinaryCrossEntropy";
    double positive_weight = 1;

    BinaryCrossEntropy() = default;
    explicit BinaryCrossEntropy(double weight) : positive_weight{weight} { (rondo::check)(problem()); }
    /// Names a setting that is out of range.
    Error problem() const {
        if (positive_weight >= 0 && std::isfinite(positive_weight)) return {};
        return {Error::Kind::argument, std::string{name} +
                                           ": positive_weight: expected a finite number of 0 or more, got " +
                                           detail::short_text(positive_weight)};
    }

    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S ratio = math::exp(-std::abs(y)); // in (0, 1]: neither exp nor log can overflow
        if (positive_weight == 1) {
            loss += scale * ((math::max)(y, S(0)) - y * target + std::log1p(ratio));
            if (gradient) *gradient += scale * ((y >= 0 ? 1 : ratio) / (1 + ratio) - target);
        } else {
            const S positive = S(positive_weight) * target, both = positive + (1 - target);
            loss += scale * (both * (std::log1p(ratio) + (math::max)(-y, S(0))) + (1 - target) * y);
            if (gradient) *gradient += scale * (both * ((y >= 0 ? 1 : ratio) / (1 + ratio)) - positive);
        }
    }
    /// A text for a target that is not from 0 to 1, else empty.
    std::string wrong(double target) const { return target >= 0 && target <= 1 ? "" : "is not from 0 to 1"; }
};

} // namespace rondo
