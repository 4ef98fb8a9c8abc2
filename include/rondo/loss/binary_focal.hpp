// SPDX-License-Identifier: MIT
#pragma once

#include "elementwise.hpp"

#include <cmath>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Binary cross-entropy of logits in which targets that are predicted well count less, over every feature of every
/// valid step.
///
///   p_n = sigmoid(y_n),   q_n = target_n (1 - p_n) + (1 - target_n) p_n       (1)
///   a_n = alpha target_n + (1 - alpha) (1 - target_n)                         (2)
///   L = -1/N sum_n a_n q_n^gamma (target_n log p_n + (1 - target_n) log(1 - p_n))    (3)
///
/// gamma  0: cross-entropy times a_n; 0 or more.
/// alpha  weight of targets that are 1, from 0 to 1; negative: a_n = 1.
///
/// Shapes  y logits, target (Size x T B), with or without weights of the columns (WeightedTarget).
/// Units   nats; targets from 0 to 1.
/// Errors  a target that is not from 0 to 1; a gamma below 0, an alpha above 1.
/// Source  Lin et al., "Focal loss for dense object detection", ICCV 2017, arXiv:1708.02002, eq. (5), in torchvision's
///         form (sigmoid_focal_loss).
struct BinaryFocalLoss : ElementwiseLoss<BinaryFocalLoss> {
    static constexpr const char* name = "rondo::BinaryFocalLoss";
    double gamma = 2, alpha = 0.25;

    BinaryFocalLoss() = default;
    explicit BinaryFocalLoss(double exponent, double weight = 0.25) : gamma{exponent}, alpha{weight} {
        (rondo::check)(problem());
    }
    /// Names settings that are out of range.
    Error problem() const {
        if (gamma >= 0 && std::isfinite(gamma) && alpha <= 1) return {};
        return {Error::Kind::argument, std::string{name} +
                                           ": expected a gamma of 0 or more and an alpha of at most 1, got " +
                                           detail::short_text(gamma) + " and " + detail::short_text(alpha)};
    }

    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        const S ratio = std::exp(-std::abs(y)), log_ratio = std::log1p(ratio);
        const S p = (y >= 0 ? 1 : ratio) / (1 + ratio), not_p = (y >= 0 ? ratio : 1) / (1 + ratio);
        // -log p and -log (1 - p)
        const S of_p = log_ratio + (y < 0 ? -y : 0), of_rest = log_ratio + (y < 0 ? 0 : y), rest = 1 - target;
        const S q = target * not_p + rest * p, entropy = target * of_p + rest * of_rest;
        const S power = std::pow(q, S(gamma)), a = alpha < 0 ? 1 : S(alpha) * target + S(1 - alpha) * rest;
        loss += scale * a * power * entropy;
        if (!gradient) return;
        const S derivative =
            gamma == 0 || q == 0 ? 0 : S(gamma) * power / q * (rest - target) * p * not_p; // of the power
        *gradient += scale * a * (derivative * entropy + power * (p - target));
    }
    /// A text for a target that is not from 0 to 1, else empty.
    std::string wrong(double target) const { return target >= 0 && target <= 1 ? "" : "is not from 0 to 1"; }
};

} // namespace rondo
