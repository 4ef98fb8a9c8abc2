// SPDX-License-Identifier: MIT
#include <rondo/layer/activation.hpp>

#include <rondo/cell/rnn.hpp>
#include <rondo/simd/pack.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace activation_test {

// As PyTorch's: what a NaN came from is found.
template <class P, class S>
void expect_gradient_of_one_at_nan() {
    S gradient[sizeof(P) / sizeof(S)]{};
    const P nan(std::numeric_limits<S>::quiet_NaN()), one(S(1));
    const auto read = [&](P value) {
        if constexpr (std::is_same_v<P, S>) gradient[0] = value;
        else value.store(gradient);
        return gradient[0];
    };
    EXPECT_EQ(read(rondo::activation::ReLU::gradient(nan)), 1);
    EXPECT_EQ(read(rondo::activation::ReLU::gradient(P(S(0)))), 0);
    EXPECT_EQ(read(rondo::cell::ReluRNN::backward<P>({}, {one}, {nan}, {}, {one}).pre[0]), 1);
    EXPECT_EQ(read(rondo::cell::ReluRNN::backward<P>({}, {one}, {P(S(0))}, {}, {one}).pre[0]), 0);
}
TEST(ReLU, HandsGradientsOnThroughNaN) {
    expect_gradient_of_one_at_nan<float, float>();
    expect_gradient_of_one_at_nan<double, double>();
    expect_gradient_of_one_at_nan<rondo::Pack<float>, float>();
    expect_gradient_of_one_at_nan<rondo::Pack<double>, double>();
}

template <class P, class S>
S first_lane(P value) {
    if constexpr (std::is_same_v<P, S>) return value;
    else {
        S lanes[sizeof(P) / sizeof(S)];
        value.store(lanes);
        return lanes[0];
    }
}
/// The largest error of Softplus in units of `epsilon`, relative to the result.
template <class P, class S>
void expect_softplus_without_overflow(double most) {
    using rondo::activation::Softplus;
    constexpr double epsilon = std::numeric_limits<S>::epsilon(), inf = std::numeric_limits<double>::infinity();
    const auto value = [](double x) { return double(first_lane<P, S>(Softplus::value(P(S(x))))); };
    const auto gradient = [](double y) { return double(first_lane<P, S>(Softplus::gradient(P(S(y))))); };
    double worst = 0, apart = 0; // of values, of gradients
    for (double at = -80; at <= 200; at += 0.0371) {
        const double x = double(S(at)), right = x > 40 ? x : double(std::log1p(std::exp((long double)(x))));
        worst = std::max(worst, std::abs(value(x) - right) / right / epsilon);
        const double sigmoid = 1 / (1 + std::exp(-x));
        apart = std::max(apart, std::abs(gradient(double(S(right))) - sigmoid) / sigmoid / epsilon);
    }
    EXPECT_LE(worst, most);
    EXPECT_LE(apart, 4);
    for (const double x : {1000., double(std::numeric_limits<S>::max()), inf}) {
        EXPECT_EQ(value(x), x);
        EXPECT_NEAR(value(-x), 0, 1e-300);
        EXPECT_EQ(gradient(x), 1);
    }
    EXPECT_EQ(gradient(0), 0);
    EXPECT_TRUE(std::isnan(value(std::numeric_limits<double>::quiet_NaN())));
}
TEST(Softplus, IsExactAndDoesNotOverflow) {
    expect_softplus_without_overflow<float, float>(4);
    expect_softplus_without_overflow<double, double>(4);
    expect_softplus_without_overflow<rondo::Pack<float>, float>(4);
    expect_softplus_without_overflow<rondo::Pack<double>, double>(4);
}

// A negative threshold lets numbers below 0 through.
TEST(Threshold, HandsOnWhatIsAboveIt) {
    using Below = rondo::activation::Threshold<rondo::Ratio{-1, 2}>;
    EXPECT_EQ(Below::value(-0.25f), -0.25f);
    EXPECT_EQ(Below::gradient(-0.25f, -0.25f), 1);
    for (const float x : {-0.5f, -1.f}) {
        EXPECT_EQ(Below::value(x), 0);
        EXPECT_EQ(Below::gradient(x, 0.f), 0);
    }
}

} // namespace activation_test
