// SPDX-License-Identifier: MIT
#include <rondo/layer/activation.hpp>

#include <rondo/cell/rnn.hpp>
#include <rondo/math/pack.hpp>

#include <support/layer.hpp>

#include <limits>
#include <type_traits>

INSTANTIATE_TYPED_TEST_SUITE_P(Float, LayerGolden, ActivationCases<TestBackend<float>>, CaseNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Double, LayerGolden, ActivationCases<TestBackend<double>>, CaseNames);

// As PyTorch's: what a NaN came from is found.
template <class P, class S>
void expect_slope_of_one_at_nan() {
    S slope[sizeof(P) / sizeof(S)]{};
    const P nan(std::numeric_limits<S>::quiet_NaN()), one(S(1));
    const auto read = [&](P value) {
        if constexpr (std::is_same_v<P, S>) slope[0] = value;
        else value.store(slope);
        return slope[0];
    };
    EXPECT_EQ(read(rondo::activation::ReLU::slope(nan)), 1);
    EXPECT_EQ(read(rondo::activation::ReLU::slope(P(S(0)))), 0);
    EXPECT_EQ(read(rondo::cell::ReluRNN::backward<P>({}, {one}, {nan}, {}, {one}).pre[0]), 1);
    EXPECT_EQ(read(rondo::cell::ReluRNN::backward<P>({}, {one}, {P(S(0))}, {}, {one}).pre[0]), 0);
}
TEST(ReLU, HandsSlopesOnThroughNaN) {
    expect_slope_of_one_at_nan<float, float>();
    expect_slope_of_one_at_nan<double, double>();
    expect_slope_of_one_at_nan<rondo::Pack<float>, float>();
    expect_slope_of_one_at_nan<rondo::Pack<double>, double>();
}
