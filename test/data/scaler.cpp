// SPDX-License-Identifier: MIT
#include <rondo/data/scaler.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace scaler_test {

using namespace rondo;

const std::vector<double> rows{0, 10, 7, 2, 10, -5, 4, 40, -11}; // three features: 0 2 4, 10 10 40, 7 -5 -11

TEST(Scaler, StandardIsMeanAndPopulationDeviation) {
    const Scaler s = Scaler::standard(rows, 3);
    EXPECT_EQ(s.features(), 3);
    EXPECT_EQ(s.shift(), (std::vector<double>{2, 20, -3}));
    EXPECT_DOUBLE_EQ(s.scale()[0], std::sqrt(8.0 / 3));
    EXPECT_DOUBLE_EQ(s.scale()[1], std::sqrt(200.0));
    EXPECT_DOUBLE_EQ(s.scale()[2], std::sqrt(56.0));
    EXPECT_DOUBLE_EQ(s.apply(4, 0), 2 / std::sqrt(8.0 / 3));
    EXPECT_DOUBLE_EQ(s.invert(-1, 2), -3 - std::sqrt(56.0));
}

TEST(Scaler, MinMaxIsFromZeroToOne) {
    const Scaler s = Scaler::min_max(rows, 3);
    EXPECT_EQ(s.shift(), (std::vector<double>{0, 10, -11}));
    EXPECT_EQ(s.scale(), (std::vector<double>{4, 30, 18}));
    std::vector<double> scaled = rows;
    s.apply(scaled);
    EXPECT_EQ(scaled, (std::vector<double>{0, 0, 1, 0.5, 0, 6.0 / 18, 1, 1, 0}));
    EXPECT_EQ(s.apply(8, 0), 2) << "what it has not learned may lie outside";
    s.invert(scaled);
    EXPECT_EQ(scaled, rows);
    EXPECT_EQ(s, Scaler::min_max(rows, 3));
    EXPECT_FALSE(s == Scaler::min_max(rows, 1));
}

TEST(Scaler, TakesFloatsArraysAndSpans) {
    std::array<float, 4> values{1, 2, 3, 6};
    const Scaler s = Scaler::standard(values, 2);
    EXPECT_EQ(s.shift(), (std::vector<double>{2, 4}));
    EXPECT_EQ(s.scale(), (std::vector<double>{1, 2}));
    EXPECT_EQ(Scaler::standard(std::span{values}, 2), s);
    EXPECT_EQ(Scaler::standard(std::span<const float>{values}, 2), s);
    s.apply(std::span{values}.last(2));
    EXPECT_EQ(values, (std::array<float, 4>{1, 2, 1, 1}));
    s.apply(values);
    EXPECT_EQ(values, (std::array<float, 4>{-1, -1, -1, -1.5}));
    s.invert(values);
    EXPECT_EQ(values, (std::array<float, 4>{1, 2, 1, 1}));
    s.invert(std::vector<float>{});
}

TEST(Scaler, AConstantFeatureHasScaleOne) {
    const std::vector<double> tenths(1000, 0.1); // whose sum is not 100
    for (const Scaler& s : {Scaler::standard(tenths, 1), Scaler::min_max(tenths, 1), Scaler::standard(tenths, 1000)}) {
        EXPECT_EQ(s.shift()[0], 0.1);
        EXPECT_EQ(s.scale()[0], 1);
        EXPECT_EQ(s.apply(0.1, 0), 0);
    }
    EXPECT_EQ(Scaler::standard(std::vector{0.0, 1e-200}, 1).scale()[0], 1) << "squares that vanish";
    EXPECT_EQ(Scaler::min_max(std::vector{0.0, 1e-200}, 1).apply(1e-200, 0), 1);
}

TEST(Scaler, RefusesWhatItCannotLearnFrom) {
    const std::vector<double> none, one{1}, seven(7);
    expect_argument([&] { Scaler::standard(one, 0); }, "rondo::Scaler: features: expected 1 or more, got 0");
    expect_argument([&] { Scaler::min_max(one, -3); }, "rondo::Scaler: features: expected 1 or more, got -3");
    expect_argument([&] { Scaler::standard(none, 2); },
                    "rondo::Scaler: expected one row or more of 2 numbers, got 0 numbers");
    expect_argument([&] { Scaler::min_max(seven, 2); },
                    "rondo::Scaler: expected one row or more of 2 numbers, got 7 numbers");
    expect_argument([&] { Scaler::standard(one, 2); },
                    "rondo::Scaler: expected one row or more of 2 numbers, got 1 numbers");
    using Limits = std::numeric_limits<double>;
    for (const auto& [bad, name] : {std::pair{Limits::infinity(), "inf"}, {Limits::quiet_NaN(), "nan"}})
        for (std::size_t k = 0; k < rows.size(); ++k) {
            std::vector<double> values = rows;
            values[k] = bad;
            const std::string message =
                "rondo::Scaler: value " + std::to_string(k) + ": expected a finite number, got " + name;
            expect_argument([&] { Scaler::standard(values, 3); }, message);
            expect_argument([&] { Scaler::min_max(values, 3); }, message);
        }
    const std::vector<double> far{0, Limits::lowest(), 1, Limits::max()}, squared{0, 1e200};
    expect_argument([&] { Scaler::min_max(far, 2); },
                    "rondo::Scaler: feature 1: its values are too far apart for double");
    expect_argument([&] { Scaler::standard(squared, 1); },
                    "rondo::Scaler: feature 0: its values are too far apart for double");
    EXPECT_EQ(Scaler::standard(std::vector{Limits::max(), Limits::max()}, 1).shift()[0], Limits::max());
}

TEST(Scaler, RefusesWhatItCannotScale) {
    const Scaler s = Scaler::min_max(rows, 3);
    std::vector<double> four{1, 2, 3, 4};
    expect_argument([&] { s.apply(four); }, "rondo::Scaler: expected rows of 3 numbers, got 4 numbers");
    expect_argument([&] { s.invert(four); }, "rondo::Scaler: expected rows of 3 numbers, got 4 numbers");
    EXPECT_EQ(four, (std::vector<double>{1, 2, 3, 4})) << "left as they were";
    expect_argument([&] { (void)s.apply(1, 3); }, "rondo::Scaler: expected a feature from 0 to 2, got 3");
    expect_argument([&] { (void)s.invert(1, -1); }, "rondo::Scaler: expected a feature from 0 to 2, got -1");
}

RC_GTEST_PROP(Scaler, InvertUndoesApply, ()) {
    const int features = *rc::gen::inRange(1, 5), n = *rc::gen::inRange(1, 20);
    const auto values = *rc::gen::container<std::vector<double>>(
        std::size_t(features * n), rc::gen::map(rc::gen::inRange(-1000000, 1000000), [](int k) { return k / 64.0; }));
    for (const Scaler& s : {Scaler::standard(values, features), Scaler::min_max(values, features)}) {
        std::vector<double> there = values;
        s.apply(there);
        double sum = 0;
        for (std::size_t k = 0; k < there.size(); ++k) {
            RC_ASSERT(there[k] == s.apply(values[k], int(k) % features));
            RC_ASSERT(std::abs(there[k]) <= std::sqrt(double(n)) * (1 + 1e-12)); // of n deviations one is at most that
            sum += there[k];
        }
        if (s == Scaler::standard(values, features)) RC_ASSERT(std::abs(sum) < 1e-6);
        s.invert(there);
        for (std::size_t k = 0; k < there.size(); ++k) RC_ASSERT(std::abs(there[k] - values[k]) < 1e-9);
    }
}

} // namespace scaler_test
