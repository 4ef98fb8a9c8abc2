// SPDX-License-Identifier: MIT
#pragma once

#include "schedule.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A power of the steps that are left, from the base rate down to a floor, which stays.
///
///   r(t) = floor + (1 - floor) (1 - t / steps)^power   for t < steps,   floor after
///
/// Units   steps, 1 or more; power, 0 or more: 1 is linear; floor as a factor of the base rate, from 0 to 1.
/// Errors  problem(); the rate is NaN while steps is below 1.
/// Source  PyTorch's PolynomialLR, whose floor is 0.
struct PolynomialDecay {
    std::int64_t steps = 0;
    double power = 1, floor = 0;

    double operator()(std::int64_t step) const noexcept {
        if (steps < 1) return std::numeric_limits<double>::quiet_NaN();
        if (step >= steps) return floor;
        return floor + (1 - floor) * std::pow(1 - static_cast<double>(step) / static_cast<double>(steps), power);
    }
    Error problem() const {
        if (Error found = detail::schedule_steps("steps", steps, 1)) return found;
        if (Error found = detail::schedule_range("power", power, 0, (std::numeric_limits<double>::max)())) return found;
        return detail::schedule_range("floor", floor, 0, 1);
    }
    bool operator==(const PolynomialDecay&) const = default;
};

} // namespace rondo
