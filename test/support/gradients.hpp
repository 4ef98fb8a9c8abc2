// SPDX-License-Identifier: MIT
#pragma once

#include "networks.hpp"
#include "report.hpp"

#include <rondo/core/random.hpp>
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/train/gradient_check.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

/// How far a slope may be from a central difference, as GradientCheck::error counts.
inline constexpr double gradient_tolerance = 1e-7;

/// Numbers from the standard normal distribution, the same on every call.
inline std::vector<double> normal_numbers(std::size_t count, std::uint64_t seed = 1) {
    const rondo::Draw draw{rondo::Seed{seed}, rondo::Purpose::user};
    std::vector<double> all(count);
    for (std::size_t k = 0; k < count; ++k) all[k] = draw.normal(k);
    return all;
}
/// Integers from 0 to n - 1.
inline std::vector<int> whole_numbers(std::size_t count, int n, std::uint64_t seed = 1) {
    const rondo::Draw draw{rondo::Seed{seed}, rondo::Purpose::user};
    std::vector<int> all(count);
    for (std::size_t k = 0; k < count; ++k) all[k] = int(rondo::uniform_index(draw.wide(k), std::uint64_t(n)));
    return all;
}

/// Numbers that a loss depends on besides a network's parameters, and what backward says their slopes are. It does not
/// depend on those that are NaN, and nothing is said of their slopes.
struct Given {
    std::vector<double> value, slope;
    Given(std::size_t count, std::uint64_t seed) : value{normal_numbers(count, seed)}, slope(count) {}
};

/// The loss against values that no network gives exactly; the slopes of all three losses have their own signs and
/// sizes.
struct Targets {
    std::vector<double> real, fraction;
    std::vector<int> classes;

    /// For results of up to `count` numbers, of which `rows` a step.
    Targets(std::size_t count, int rows)
        : real{normal_numbers(count, 7)}, fraction(count), classes{whole_numbers(count, rows, 8)} {
        for (std::size_t k = 0; k < count; ++k) fraction[k] = 1 / (1 + std::exp(-real[k]));
        classes[1] = -100;
    }
    template <class S, int rows>
    double squared(auto& run, const rondo::Sequence<S, rows>& y) const {
        const rondo::Sequence<const S, rows> target{real.data(), nullptr, y.extent};
        return rondo::MeanSquaredError{}(run, y, target, rondo::MeanSquaredError{}.terms(target));
    }
    template <class S, int rows>
    double binary(auto& run, const rondo::Sequence<S, rows>& y) const {
        const rondo::Sequence<const S, rows> target{fraction.data(), nullptr, y.extent};
        return rondo::BinaryCrossEntropy{}(run, y, target, rondo::BinaryCrossEntropy{}.terms(target));
    }
    template <class S, int rows>
    double cross_entropy(auto& run, const rondo::Sequence<S, rows>& y) const {
        const rondo::Tokens target{classes.data(), nullptr, y.extent};
        return rondo::CrossEntropy{}(run, y, target, rondo::CrossEntropy{}.terms(target));
    }
};

/// The slopes that backward gives to a network's parameters, and to what else it was given, are those of its loss.
template <class Net, class B, class Body>
void expect_slopes(const rondo::Model<Net, B>& model, std::initializer_list<Given*> given,
                   const rondo::Randomness& randomness, const Body& body) {
    const rondo::GradientCheck check = rondo::gradient_check(model, body, randomness);
    report(check.error);
    EXPECT_LE(check.error, gradient_tolerance)
        << check.tensor << "[" << check.index << "]: " << check.analytic << ", numerically " << check.numeric;

    rondo::Workspace<Net, B> work;
    for (Given* each : given) std::ranges::fill(each->slope, 0);
    work.train(model, nullptr, nullptr, randomness, body);
    for (Given* each : given) {
        for (std::size_t k = 0; k < each->value.size(); ++k) {
            if (std::isnan(each->value[k])) continue;
            constexpr double d = 1e-5;
            const auto loss_at = [&](double x) {
                const double old = std::exchange(each->value[k], x);
                const double loss = work.record(model, nullptr, randomness, body);
                each->value[k] = old;
                return loss;
            };
            const double x = each->value[k], numeric = (loss_at(x + d) - loss_at(x - d)) / (2 * d),
                         analytic = each->slope[k];
            const double error = std::abs(analytic - numeric) / std::max({1.0, std::abs(analytic), std::abs(numeric)});
            report(error);
            EXPECT_LE(error, gradient_tolerance)
                << "number " << k << " given: " << analytic << ", numerically " << numeric;
        }
    }
}
