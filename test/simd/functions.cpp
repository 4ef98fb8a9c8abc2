// SPDX-License-Identifier: MIT
#include <rondo/simd/functions.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace functions_test {

namespace math = rondo::math;

constexpr float inf = std::numeric_limits<float>::infinity();

double exact_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Every 997th float there is, of either sign, from zero over the subnormal ones to the largest.
template <class F>
void each_float(F&& f) {
    for (std::uint32_t bits = 0; bits < 0x7f800000; bits += 997)
        for (std::uint32_t sign : {0u, 0x80000000u}) f(std::bit_cast<float>(bits | sign));
}

/// How far y is from what is right, in units in the last place of a normal float.
double ulp(float y, double right) {
    int exponent = 0;
    std::frexp(std::max(std::abs(right), double(std::numeric_limits<float>::min())), &exponent);
    return std::abs(double(y) - right) / std::ldexp(1.0, exponent - 24);
}

TEST(Tanh, OfFloatIsWithinItsBoundsEverywhere) {
    double worst = 0, units = 0;
    each_float([&](float x) {
        const double right = std::tanh(double(x));
        worst = std::max(worst, std::abs(double(math::tanh(x)) - right));
        units = std::max(units, ulp(math::tanh(x), right));
    });
    EXPECT_LE(worst, 4e-7);
    EXPECT_LE(units, 6);
}

TEST(Erf, OfFloatIsWithinItsBoundsEverywhere) {
    double worst = 0, units = 0, largest = 0;
    each_float([&](float x) {
        const double right = std::erf(double(x));
        worst = std::max(worst, std::abs(double(math::erf(x)) - right));
        units = std::max(units, ulp(math::erf(x), right));
        largest = std::max(largest, std::abs(double(math::erf(x))));
    });
    EXPECT_LE(worst, 4e-7);
    EXPECT_LE(units, 6);
    EXPECT_EQ(largest, 1);
}

TEST(Log1p, OfFloatIsWithinItsBoundBetweenZeroAndOne) {
    double units = 0;
    each_float([&](float x) {
        if (x >= 0 && x <= 1) units = std::max(units, ulp(math::log1p(x), std::log1p(double(x))));
    });
    EXPECT_LE(units, 3);
    EXPECT_EQ(math::log1p(0.f), 0);
}

TEST(Sigmoid, OfFloatIsWithinItsBoundsEverywhere) {
    double worst = 0, units = 0;
    each_float([&](float x) {
        worst = std::max(worst, std::abs(double(math::sigmoid(x)) - exact_sigmoid(x)));
        if (x >= -3) units = std::max(units, ulp(math::sigmoid(x), exact_sigmoid(x)));
    });
    EXPECT_LE(worst, 3e-7);
    EXPECT_LE(units, 30);
}

TEST(Tanh, StaysInItsRange) {
    int outside = 0, wrong_sign = 0;
    each_float([&](float x) {
        const float y = math::tanh(x), s = math::sigmoid(x);
        outside += !(std::abs(y) <= 1 && s >= 0 && s <= 1);
        wrong_sign += !(y == -math::tanh(-x)) || y * x < 0;
    });
    EXPECT_EQ(outside, 0);
    EXPECT_EQ(wrong_sign, 0);
}

template <class S>
struct Limits : ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Limits, Scalars);

TYPED_TEST(Limits, AreReached) {
    using S = TypeParam;
    const S largest = std::numeric_limits<S>::max();
    for (const S x : {S(9.4), S(20), largest, S(inf)}) {
        EXPECT_NEAR(math::tanh(x), 1, sizeof(S) == 4 ? 0 : 2e-8) << x;
        EXPECT_NEAR(math::tanh(-x), -1, sizeof(S) == 4 ? 0 : 2e-8) << x;
        EXPECT_NEAR(math::sigmoid(2 * x), 1, sizeof(S) == 4 ? 0 : 1e-8) << x;
        EXPECT_NEAR(math::sigmoid(-2 * x), 0, sizeof(S) == 4 ? 0 : 1e-8) << x;
    }
    EXPECT_EQ(math::tanh(S(inf)), 1);
    EXPECT_EQ(math::tanh(-S(inf)), -1);
    EXPECT_EQ(math::sigmoid(S(inf)), 1);
    EXPECT_EQ(math::sigmoid(-S(inf)), 0);
    EXPECT_EQ(math::tanh(S(0)), 0);
    EXPECT_EQ(math::sigmoid(S(0)), S(0.5));
    for (const S x : {S(4), S(100), S(inf)}) {
        EXPECT_NEAR(math::erf(x), 1, sizeof(S) == 4 ? 0 : 2e-8) << x;
        EXPECT_NEAR(math::erf(-x), -1, sizeof(S) == 4 ? 0 : 2e-8) << x;
    }
    EXPECT_EQ(math::erf(S(0)), 0);
}

TYPED_TEST(Limits, NaNStaysNaN) {
    const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
    EXPECT_TRUE(std::isnan(math::tanh(nan)));
    EXPECT_TRUE(std::isnan(math::sigmoid(nan)));
    EXPECT_TRUE(std::isnan(math::erf(nan)));
    EXPECT_TRUE(std::isnan(math::exp(nan)));
    EXPECT_TRUE(std::isnan(math::log1p(nan)));
    EXPECT_TRUE(std::isnan(math::sqrt(nan)));
}

TYPED_TEST(Limits, MinAndMaxHandOnTheirSecondOperand) {
    using S = TypeParam;
    const S nan = std::numeric_limits<S>::quiet_NaN();
    EXPECT_TRUE(std::isnan(math::min(S(1), nan)));
    EXPECT_TRUE(std::isnan(math::max(S(1), nan)));
    EXPECT_EQ(math::min(nan, S(1)), 1);
    EXPECT_EQ(math::max(nan, S(1)), 1);
    EXPECT_EQ(math::min(S(2), S(1)), 1);
    EXPECT_EQ(math::max(S(2), S(1)), 2);
}

TYPED_TEST(Limits, TheRestIsTheStandardLibrarys) {
    using S = TypeParam;
    for (S x : {S(0.1), S(1), S(7.5)}) {
        EXPECT_EQ(math::exp(x), std::exp(x));
        EXPECT_EQ(math::sqrt(x), std::sqrt(x));
        EXPECT_NEAR(math::fma(x, S(3), S(2)), x * 3 + 2, 1e-6);
        EXPECT_EQ(math::select(x > 1, x, S(0)), x > 1 ? x : 0);
    }
}

TEST(Tanh, OfDoubleIsTheStandardLibrarys) {
    for (double x = -30; x < 30; x += 0.37) {
        EXPECT_EQ(math::tanh(x), std::tanh(x));
        EXPECT_NEAR(math::sigmoid(x), exact_sigmoid(x), 1e-16);
        EXPECT_EQ(math::erf(x), std::erf(x));
        EXPECT_EQ(math::log1p(std::exp(-std::abs(x))), std::log1p(std::exp(-std::abs(x))));
    }
}

} // namespace functions_test
