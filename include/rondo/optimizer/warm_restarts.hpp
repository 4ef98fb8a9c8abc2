// SPDX-License-Identifier: MIT
#pragma once

#include "schedule.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Half a cosine wave from the base rate down to a floor, repeatedly: of `steps` steps, then each time `growth` times
/// as many.
///
///   r(t) = floor + (1 - floor) (1 + cos(pi k / n)) / 2   at step k of a wave of n steps
///
/// Units   steps, 1 or more; growth, 1 or more; floor as a factor of the base rate, from 0 to 1.
/// Errors  problem(); the rate is NaN while steps or growth is below 1.
/// Source  Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, eq. (5), as
///         PyTorch's CosineAnnealingWarmRestarts.
struct WarmRestarts {
    std::int64_t steps = 0, growth = 1;
    double floor = 0;

    double operator()(std::int64_t step) const noexcept {
        if (steps < 1 || growth < 1) return std::numeric_limits<double>::quiet_NaN();
        std::int64_t k = step, n = steps;
        if (growth == 1) k %= n;
        else
            while (k >= n) {
                k -= n;
                n = n > (std::numeric_limits<std::int64_t>::max)() / growth ? (std::numeric_limits<std::int64_t>::max)()
                                                                            : n * growth;
            }
        return floor +
               (1 - floor) * (1 + std::cos(3.141592653589793 * static_cast<double>(k) / static_cast<double>(n))) / 2;
    }
    Error problem() const {
        if (Error found = detail::schedule_steps("steps", steps, 1)) return found;
        if (Error found = detail::schedule_steps("growth", growth, 1)) return found;
        return detail::schedule_range("floor", floor, 0, 1);
    }
    bool operator==(const WarmRestarts&) const = default;
};

} // namespace rondo
