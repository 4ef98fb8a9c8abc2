// SPDX-License-Identifier: MIT
#include "moments.hpp"

#include <rondo/initial/xavier.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace xavier_test {

using namespace rondo;

TEST(Xavier, BoundsEachGateByItsOwnInputsAndOutputs) {
    using Layer = LSTM<50, 100>;
    for (const ParameterSpec& t : Layer::tensors) {
        if (t.role == ParameterSpec::Role::bias) continue;
        const double a = std::sqrt(6. / (t.columns + 100));
        const auto m = moments(drawn<double>(Xavier{}, t));
        EXPECT_LE(m.largest, a) << t.name.view();
        EXPECT_GT(m.largest, 0.99 * a) << t.name.view();
        EXPECT_NEAR(m.mean, 0, 5 * a / std::sqrt(3. * double(t.size()))) << t.name.view();
        EXPECT_NEAR(m.variance, a * a / 3, a * a * 2 / std::sqrt(double(t.size()))) << t.name.view();
    }
    const auto m = moments(drawn<double>(Xavier{}, Linear<50, 100>::tensors[0]));
    EXPECT_LE(m.largest, 0.2);
    EXPECT_GT(m.largest, 0.198);
}

TEST(Xavier, LeavesBiasesAtZeroButForTheForgetGates) {
    constexpr ParameterSpec bias = LSTM<3, 5>::tensors[2], other = LSTM<3, 5>::tensors[3];
    EXPECT_EQ(drawn<float>(Xavier{}, bias), std::vector<float>(20));
    EXPECT_EQ(drawn<float>(Xavier{.forget_bias = 1.5}, other), std::vector<float>(20));
    const auto with = drawn<float>(Xavier{.forget_bias = 1.5}, bias);
    for (std::size_t k = 0; k < 20; ++k) EXPECT_EQ(with[k], k / 5 == 1 ? 1.5f : 0.f) << k;
}

TEST(Xavier, DrawsTablesAsDefaultDoes) {
    constexpr ParameterSpec table = Embedding<20, 10, 7>::tensors[0];
    EXPECT_EQ(drawn<float>(Xavier{}, table), drawn<float>(Default{}, table));
}

} // namespace xavier_test
