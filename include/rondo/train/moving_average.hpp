// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../optimizer/concept.hpp"
#include "../optimizer/schedule.hpp"

#include <algorithm>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// An exponential moving average of the weights, of which a trainer keeps a second set: see Trainer::averaged.
///
///   a = p                                    up to step start + 1                     (1)
///   a += (1 - d(n)) (p - a)                  after step start + 1 + n, n = 1, 2, ...   (2)
///   d(n) = decay, or with warm_up min(decay, (1 + n) / (10 + n))                      (3)
///
/// Running averages (BatchNorm1d) are those of the model.
/// Source  torch.optim.swa_utils.AveragedModel with get_ema_multi_avg_fn; tf.train.ExponentialMovingAverage for (3).
struct MovingAverage {
    double decay = 0.999;
    bool warm_up = false;
    std::int64_t start = 0;
    bool operator==(const MovingAverage&) const = default;

    /// The decay of (1) or (2) after so many steps.
    double decay_after(std::int64_t steps) const {
        const std::int64_t n = steps - start - 1;
        if (n <= 0) return 0;
        return warm_up ? (std::min)(decay, double(1 + n) / double(10 + n)) : decay;
    }
    Error problem() const {
        return detail::first_of({detail::outside("rondo::Trainer: average: decay", decay, 0, 1),
                                 detail::schedule_steps("rondo::Trainer: average: start", start, 0)});
    }
};

} // namespace rondo
