// SPDX-License-Identifier: MIT
#pragma once

#include "backend.hpp"
#include "device.hpp"
#include "numbers.hpp"
#include "report.hpp"

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

/// Numbers that a loss depends on besides a network's parameters, and their gradients by backward. Numbers that are NaN
/// are padding: the loss does not depend on them, and their gradients are not checked.
template <class B>
class Given {
public:
    Given(std::size_t count, std::uint64_t seed) : Given{normal_numbers(count, seed)} {}
    explicit Given(std::vector<double> numbers)
        : host_{std::move(numbers)}, value_{on_device<B>(host_)},
          gradient_{on_device<B>(std::vector<double>(host_.size()))} {}

    double* value() { return B::data(value_); }
    double* gradient() { return B::data(gradient_); }
    const std::vector<double>& numbers() const { return host_; }
    std::vector<double> gradients() const { return on_host<B>(B::data(gradient_), host_.size()); }
    void set(std::size_t k, double number) {
        host_[k] = number;
        B::upload(value_, host_.data(), host_.size());
    }
    void forget_gradients() { B::upload(gradient_, std::vector<double>(host_.size()).data(), host_.size()); }

private:
    std::vector<double> host_;
    typename B::template buffer<double> value_, gradient_;
};

/// A loss with random targets, so that the gradients of all three losses have different signs and magnitudes.
template <class B>
class Targets {
public:
    /// For results of up to `count` numbers, with `rows` numbers per step.
    Targets(std::size_t count, int rows) : classes_{whole_numbers(count, rows, 8)} {
        auto numbers = normal_numbers(count, 7);
        real_ = on_device<B>(numbers);
        for (double& number : numbers) number = 1 / (1 + std::exp(-number));
        fraction_ = on_device<B>(numbers);
        classes_[1] = -100;
        placed_classes_ = on_device<B>(classes_);
    }
    template <class S, int rows>
    auto squared(auto& run, const rondo::SequenceView<S, rows>& y) const {
        const rondo::SequenceView<const S, rows> target{B::data(real_), nullptr, y.extent};
        return rondo::MeanSquaredError{}(run, y, target, rondo::MeanSquaredError{}.terms(target));
    }
    template <class S, int rows>
    auto binary(auto& run, const rondo::SequenceView<S, rows>& y) const {
        const rondo::SequenceView<const S, rows> target{B::data(fraction_), nullptr, y.extent};
        return rondo::BinaryCrossEntropy{}(run, y, target, rondo::BinaryCrossEntropy{}.terms(target));
    }
    template <class S, int rows>
    auto cross_entropy(auto& run, const rondo::SequenceView<S, rows>& y) const {
        const double terms = rondo::CrossEntropy{}.terms({classes_.data(), nullptr, y.extent}); // on the host
        return rondo::CrossEntropy{}(run, y, rondo::Tokens{B::data(placed_classes_), nullptr, y.extent}, terms);
    }

private:
    std::vector<int> classes_;
    typename B::template buffer<double> real_, fraction_;
    typename B::template buffer<int> placed_classes_;
};

/// Checks the gradients of a network's parameters and inputs against central differences of its loss.
template <class Net, class B, class Body>
void expect_gradients(const rondo::Model<Net, B>& model, std::initializer_list<Given<B>*> given,
                      const rondo::Randomness& randomness, const Body& body) {
    const rondo::GradientCheck check = rondo::gradient_check(model, body, randomness);
    report(check.error);
    EXPECT_LE(check.error, gradient_tolerance)
        << check.tensor << "[" << check.index << "]: " << check.analytic << ", numerically " << check.numeric;

    rondo::Workspace<Net, B> work;
    for (Given<B>* each : given) each->forget_gradients();
    work.train(model, nullptr, nullptr, randomness, body);
    for (Given<B>* each : given) {
        const auto gradients = each->gradients();
        for (std::size_t k = 0; k < gradients.size(); ++k) {
            const double x = each->numbers()[k], analytic = gradients[k];
            if (std::isnan(x)) continue;
            constexpr double d = 1e-5;
            const auto loss_at = [&](double number) {
                each->set(k, number);
                return work.record(model, nullptr, randomness, body);
            };
            const double numeric = (loss_at(x + d) - loss_at(x - d)) / (2 * d);
            each->set(k, x);
            const double error = std::abs(analytic - numeric) / std::max({1.0, std::abs(analytic), std::abs(numeric)});
            report(error);
            EXPECT_LE(error, gradient_tolerance)
                << "number " << k << " given: " << analytic << ", numerically " << numeric;
        }
    }
}
