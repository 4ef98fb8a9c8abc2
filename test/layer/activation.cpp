// SPDX-License-Identifier: MIT
#include <rondo/layer/activation.hpp>

#include <rondo/cell/rnn.hpp>
#include <rondo/simd/pack.hpp>

#include <gtest/gtest.h>

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

} // namespace activation_test
