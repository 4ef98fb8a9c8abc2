// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A function that returns the learning rate of step 0, 1, ... as a factor of the base rate; a lambda is one.
///
/// The schedules here are settings without memory. Their problem() names a setting that is out of range.
template <class Rule>
concept Schedule = std::copy_constructible<Rule> && requires(const Rule& rule, std::int64_t step) {
    { rule(step) } -> std::convertible_to<double>;
};

namespace detail {

inline Error schedule_range(const char* name, double value, double from, double to) {
    if (value >= from && value <= to) return {};
    return {Error::Kind::argument, std::string{name} + ": expected a number from " + to_text(from) + " to " +
                                       to_text(to) + ", got " + to_text(value)};
}

inline Error schedule_steps(const char* name, std::int64_t value, std::int64_t from) {
    if (value >= from) return {};
    return {Error::Kind::argument,
            std::string{name} + ": expected " + std::to_string(from) + " or more, got " + std::to_string(value)};
}

} // namespace detail

/// The base rate throughout.
struct ConstantRate {
    double operator()(std::int64_t) const noexcept { return 1; }
    Error problem() const { return {}; }
    bool operator==(const ConstantRate&) const = default;
};

/// Multiplies the rate by a factor every `every` steps.
///
///   r(t) = factor^floor(t / every)
///
/// Units   every in steps, 1 or more; factor from 0 to 1.
/// Errors  problem(); the rate is NaN while every is below 1.
struct StepDecay {
    std::int64_t every = 0;
    double factor = 0.1;

    double operator()(std::int64_t step) const noexcept {
        if (every < 1) return std::numeric_limits<double>::quiet_NaN();
        const std::int64_t decays = step / every;
        return std::pow(factor, static_cast<double>(decays));
    }
    Error problem() const {
        if (Error found = detail::schedule_steps("every", every, 1)) return found;
        return detail::schedule_range("factor", factor, 0, 1);
    }
    bool operator==(const StepDecay&) const = default;
};

/// Half a cosine wave from the base rate down to a floor. After `steps` the cosine continues, and the rate rises again.
///
///   r(t) = floor + (1 - floor) (1 + cos(pi t / steps)) / 2
///
/// Units   steps, 1 or more; floor as a factor of the base rate, from 0 to 1.
/// Errors  problem(); the rate is NaN while steps is below 1.
/// Source  Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, eq. (5).
struct CosineDecay {
    std::int64_t steps = 0;
    double floor = 0;

    double operator()(std::int64_t step) const noexcept {
        if (steps < 1) return std::numeric_limits<double>::quiet_NaN();
        const double angle = 3.141592653589793 * static_cast<double>(step) / static_cast<double>(steps);
        return floor + (1 - floor) * (1 + std::cos(angle)) / 2;
    }
    Error problem() const {
        if (Error found = detail::schedule_steps("steps", steps, 1)) return found;
        return detail::schedule_range("floor", floor, 0, 1);
    }
    bool operator==(const CosineDecay&) const = default;
};

/// A linear warm-up to the base rate, then another schedule: WarmUp<CosineDecay>{.steps = 100, .then = {.steps = 900}}.
///
///   r(t) = start + (1 - start) t / steps   for t < steps,   then(t - steps) after
///
/// Units   steps, 0 or more; start as a factor of the base rate, from 0 to 1.
/// Errors  problem(), which includes that of `then`.
template <Schedule Then = ConstantRate>
struct WarmUp {
    std::int64_t steps = 0;
    double start = 1.0 / 3;
    Then then{};

    double operator()(std::int64_t step) const {
        if (step >= steps) return then(step - steps);
        return start + (1 - start) * static_cast<double>(step) / static_cast<double>(steps);
    }
    Error problem() const {
        if (Error found = detail::schedule_steps("steps", steps, 0)) return found;
        if (Error found = detail::schedule_range("start", start, 0, 1)) return found;
        if constexpr (requires { Error{then.problem()}; }) return then.problem();
        return {};
    }
    bool operator==(const WarmUp&) const = default;
};

/// Any schedule, or none.
///
/// Errors  the schedule's problem(), in the constructor.
class RateSchedule {
public:
    RateSchedule() = default;
    template <class Rule>
        requires (!std::same_as<Rule, RateSchedule>) && Schedule<Rule>
    RateSchedule(Rule rule) {
        if constexpr (requires { Error{rule.problem()}; }) (check)(rule.problem());
        factor_ = std::move(rule);
    }
    double operator()(std::int64_t step) const { return factor_ ? factor_(step) : 1; }

private:
    std::function<double(std::int64_t)> factor_;
};

/// Lowers the rate when a value, such as the validation loss, has stopped improving.
///
///   a value is better if value < best (1 - threshold)                                            (1)
///   after more than `patience` values in a row that are not: r = max(factor r, floor)            (2)
///
/// This is not a Schedule: its factor depends on values, so it has a Memory, which a checkpoint saves.
/// Units   patience in values; threshold as a fraction of the best value; floor as a factor of the base rate.
/// Errors  problem(). A value that is NaN is not better.
struct ReduceOnPlateau {
    std::int64_t patience = 10;
    double factor = 0.1, threshold = 1e-4, floor = 0;

    struct Memory {
        double best = std::numeric_limits<double>::infinity();
        std::int64_t bad = 0;
        double rate = 1;
        bool operator==(const Memory&) const = default;
    };

    /// Processes one value; returns the new factor of the base rate.
    double update(Memory& memory, double value) const noexcept {
        if (value < memory.best * (1 - threshold)) {
            memory.best = value;
            memory.bad = 0;
        } else if (++memory.bad > patience) {
            memory.rate = (std::max)(memory.rate * factor, floor);
            memory.bad = 0;
        }
        return memory.rate;
    }
    Error problem() const {
        if (Error found = detail::schedule_steps("patience", patience, 0)) return found;
        if (Error found = detail::schedule_range("factor", factor, 0, 1)) return found;
        if (Error found = detail::schedule_range("threshold", threshold, 0, 1)) return found;
        return detail::schedule_range("floor", floor, 0, 1);
    }
    bool operator==(const ReduceOnPlateau&) const = default;
};

} // namespace rondo
