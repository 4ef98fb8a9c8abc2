// SPDX-License-Identifier: MIT
#include "moments.hpp"

#include <rondo/initial/default.hpp>
#include <rondo/initial/orthogonal.hpp>
#include <rondo/initial/xavier.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/prelu.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace default_test {

using namespace rondo;

TEST(Default, IsPyTorchsForARecurrentLayer) {
    // U(-a, a), a = 1/sqrt(hidden), for weights and biases alike, whatever the input's size.
    for (const ParameterSpec& t : LSTM<90, 100>::tensors) {
        const auto m = moments(drawn<float>(Default{}, t));
        EXPECT_NEAR(m.mean, 0, 5 * 0.1 / std::sqrt(3. * double(t.size()))) << t.name.view();
        EXPECT_NEAR(m.variance, 0.01 / 3, 0.01 / 3 * 6 / std::sqrt(double(t.size()))) << t.name.view();
        EXPECT_LE(m.largest, 0.1f) << t.name.view();
        EXPECT_GT(m.largest, 0.098f) << t.name.view();
    }
}

TEST(Default, IsPyTorchsForLinear) {
    for (const ParameterSpec& t : Linear<400, 300>::tensors) { // a = 1/sqrt(inputs)
        const auto m = moments(drawn<double>(Default{}, t));
        EXPECT_LE(m.largest, 0.05) << t.name.view();
        EXPECT_GT(m.largest, 0.049) << t.name.view();
    }
}

/// Norms begin as the identity, whatever is drawn for the other layers.
TEST(Default, LeavesConstantsAtTheirValues) {
    using Net = Sequential<LayerNorm<3>, RMSNorm<3>, PReLU<3>>;
    const std::vector<float> expected{1, 1, 1, 0, 0, 0, 1, 1, 1, 0.25f};
    for (const Model<Net>& model :
         {Model<Net>{Seed{1}}, Model<Net>{Seed{1}, Xavier{}}, Model<Net>{Seed{1}, Orthogonal{}}}) {
        std::vector<float> got;
        for (const ParameterSpec& t : Net::tensors)
            got.insert(got.end(), model.data() + t.offset, model.data() + t.offset + t.size());
        EXPECT_EQ(got, expected);
    }
}

TEST(Default, DrawsTablesFromTheNormalDistribution) {
    constexpr ParameterSpec table = Embedding<200, 100, 7>::tensors[0];
    auto numbers = drawn<float>(Default{}, table);
    for (std::size_t k = 0; k < 100; ++k) EXPECT_EQ(numbers[7 * 100 + k], 0) << k;
    EXPECT_NE(numbers[6 * 100 + 99], 0);
    EXPECT_NE(numbers[8 * 100], 0);
    numbers.erase(numbers.begin() + 700, numbers.begin() + 800);
    const auto m = moments(numbers);
    EXPECT_NEAR(m.mean, 0, 5 / std::sqrt(19900.));
    EXPECT_NEAR(m.variance, 1, 5 * std::sqrt(2 / 19900.));
    // A normal tail: 4.55 % lie outside of two standard deviations.
    EXPECT_NEAR(double(std::ranges::count_if(numbers, [](float x) { return std::abs(x) > 2; })) / 19900, 0.0455, 0.008);
}

template <class Layer>
void forget_bias_is_added_where_it_belongs(int gates, int forget, int hidden) {
    for (const ParameterSpec& t : Layer::tensors) {
        const auto without = drawn<double>(Default{}, t), with = drawn<double>(Default{.forget_bias = 1}, t);
        for (int row = 0; row < t.rows; ++row)
            for (int k = 0; k < t.columns; ++k) {
                const bool here = t.name.view() == "bias_ih_l0" && forget >= 0 && row / hidden == forget;
                const auto at = std::size_t(row * t.columns + k);
                EXPECT_EQ(with[at] - without[at], here ? with[at] - (with[at] - 1) : 0) << t.name.view() << ' ' << row;
            }
        EXPECT_EQ(t.gates, gates) << t.name.view();
    }
}

TEST(Default, AddsTheForgetBiasToTheForgetGatesRowsOnly) {
    forget_bias_is_added_where_it_belongs<LSTM<3, 5>>(4, 1, 5);
    forget_bias_is_added_where_it_belongs<GRU<3, 5>>(3, -1, 5);
}

TEST(Default, IsTheSameInFloatAndDouble) {
    for (const ParameterSpec& t : LSTM<9, 10>::tensors) {
        const auto a = drawn<float>(Default{}, t);
        const auto b = drawn<double>(Default{}, t);
        for (std::size_t k = 0; k < a.size(); ++k) EXPECT_EQ(a[k], float(b[k])) << t.name.view();
    }
}

} // namespace default_test
