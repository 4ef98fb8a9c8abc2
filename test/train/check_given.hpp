// SPDX-License-Identifier: MIT
#pragma once

#include <cases/case.hpp>
#include <memory/sanitized.hpp>
#include <support/numbers.hpp>
#include <support/report.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

/// Targets that no network gives exactly; the gradients of all three losses have their own signs and sizes.
inline cases::Targets targets(int outputs, std::size_t columns) {
    const std::size_t count = std::size_t(outputs) * columns;
    cases::Targets all;
    for (const int n : whole_numbers(count, outputs, 8)) all.classes.push_back(n);
    all.classes.resize(columns);
    all.classes[1] = -100;
    all.numbers = normal_numbers(count, 7);
    for (const double number : all.numbers) all.fractions.push_back(1 / (1 + std::exp(-number)));
    return all;
}

/// Each number that is checked takes two runs: under sanitizers some are enough.
#ifdef RONDO_TEST_SANITIZED
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

/// `gradients` are those of `numbers`; every `nth` is checked. loss_at(k, number) is the loss with another k-th number.
/// It does not depend on numbers that are NaN, whose gradients are not checked.
template <class F>
void expect_gradients_of(const cases::Numbers& numbers, const cases::Numbers& gradients, F&& loss_at, std::size_t nth) {
    ASSERT_EQ(gradients.size(), numbers.size());
    for (std::size_t k = 0; k < numbers.size(); k += nth) {
        constexpr double d = 1e-5;
        const double x = numbers[k], analytic = gradients[k];
        if (std::isnan(x)) continue;
        const double numeric = (loss_at(k, x + d) - loss_at(k, x - d)) / (2 * d);
        const double error = std::abs(analytic - numeric) / std::max({1.0, std::abs(analytic), std::abs(numeric)});
        report(error);
        EXPECT_LE(error, gradient_tolerance) << "number " << k << ": " << analytic << ", numerically " << numeric;
    }
}

/// The gradients that backward gives to every `nth` of a network's parameters are those of its loss.
inline void expect_gradients(cases::Network& network, const cases::Trial& trial, const rondo::Randomness& randomness,
                             std::size_t nth = 1) {
    if (sanitized || nth > 1) {
        const auto gradients = train(network, trial, randomness).gradient;
        auto values = network.parameters();
        const auto loss_at = [&](std::size_t k, double number) {
            const double old = std::exchange(values[k], number);
            network.assign(values);
            values[k] = old;
            return network.record(randomness).loss;
        };
        expect_gradients_of(network.parameters(), gradients, loss_at, sanitized ? 97 : nth);
        network.assign(values);
        return;
    }
    network.give(trial);
    const rondo::GradientCheck worst = network.check(randomness);
    report(worst.error);
    EXPECT_LE(worst.error, gradient_tolerance)
        << worst.tensor << "[" << worst.index << "]: " << worst.analytic << ", numerically " << worst.numeric;
}

/// And those of the trial's numbers that `part` gives: its inputs or initial states.
template <class Part>
void expect_gradients_given(cases::Network& network, const cases::Trial& trial, Part&& part,
                            const cases::Numbers& gradients, const rondo::Randomness& randomness) {
    cases::Trial moved = trial;
    const auto loss_at = [&](std::size_t k, double number) {
        part(moved)[k] = number;
        network.give(moved);
        part(moved)[k] = part(trial)[k];
        return network.record(randomness).loss;
    };
    expect_gradients_of(part(trial), gradients, loss_at, sanitized ? 7 : 1);
}
