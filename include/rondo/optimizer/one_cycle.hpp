// SPDX-License-Identifier: MIT
#pragma once

#include "schedule.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// One cycle: half a cosine wave from a low rate up to the base rate, then one down to a much lower rate, which stays.
///
///   m = rise steps - 1
///   r(t) = 1 + (start - 1) (1 + cos(pi t / m)) / 2                          for t <= m
///          end + (1 - end) (1 + cos(pi (t - m) / (steps - 1 - m))) / 2      for m < t < steps
///
/// Units   steps, 2 or more; rise a part of them, from 0 to 1; start and end as factors of the base rate, from 0 to 1.
/// Errors  problem(); the rate is NaN while steps is below 2.
/// Source  Smith & Topin, "Super-convergence", arXiv:1708.07120, as PyTorch's OneCycleLR: start = 1 / div_factor, end =
///         start / final_div_factor.
struct OneCycle {
    std::int64_t steps = 0;
    double rise = 0.3, start = 1.0 / 25, end = 1.0 / 25e4;

    double operator()(std::int64_t step) const noexcept {
        if (steps < 2) return std::numeric_limits<double>::quiet_NaN();
        const double last = static_cast<double>(steps - 1), top = rise * static_cast<double>(steps) - 1,
                     t = static_cast<double>(step);
        const auto wave = [](double from, double to, double part) {
            return to + (from - to) / 2 * (1 + std::cos(3.141592653589793 * part));
        };
        if (t >= last) return end;
        return t <= top && top > 0 ? wave(start, 1, t / top) : wave(1, end, (t - top) / (last - top));
    }
    Error problem() const {
        if (Error found = detail::schedule_steps("steps", steps, 2)) return found;
        if (Error found = detail::schedule_range("rise", rise, 0, 1)) return found;
        if (Error found = detail::schedule_range("start", start, 0, 1)) return found;
        return detail::schedule_range("end", end, 0, 1);
    }
    bool operator==(const OneCycle&) const = default;
};

} // namespace rondo
