// SPDX-License-Identifier: MIT
#include <rondo/loss/binary_cross_entropy.hpp>

#include <support/loss.hpp>

#include <cmath>

namespace binary_cross_entropy_test {

using rondo::BinaryCrossEntropy, rondo::Error;

template <class S> class BinaryCrossEntropyOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(BinaryCrossEntropyOf, Scalars);

TYPED_TEST(BinaryCrossEntropyOf, golden) { expect_golden<TypeParam, 5, TypeParam>(BinaryCrossEntropy{}, "bce"); }

TYPED_TEST(BinaryCrossEntropyOf, extreme_logits) {
    expect_golden<TypeParam, 5, TypeParam>(BinaryCrossEntropy{}, "bce_extreme");
    for (const TypeParam huge : {TypeParam(1e4), TypeParam(-1e4)}) {
        LossRun<TypeParam, 1, TypeParam> run{{huge, huge}, {0, 1}, {2, 1}};
        EXPECT_EQ(run(BinaryCrossEntropy{}), 5e3);
        EXPECT_EQ(run.gradient, (huge > 0 ? std::vector<TypeParam>{0.5, 0} : std::vector<TypeParam>{0, -0.5}));
    }
}

TYPED_TEST(BinaryCrossEntropyOf, padding) { expect_no_padding<TypeParam, 5, TypeParam>(BinaryCrossEntropy{}, "bce"); }

TYPED_TEST(BinaryCrossEntropyOf, extents) { expect_same_extents<TypeParam, 5, TypeParam>(BinaryCrossEntropy{}); }

TEST(BinaryCrossEntropy, targets_between_zero_and_one) {
    LossRun<double, 3, double> run{{-1.5, 0, 2}, {0.25, 0.5, 1}, {1, 1}};
    double expected = 0;
    const double value = run(BinaryCrossEntropy{});
    for (std::size_t k = 0; k < 3; ++k) {
        const double p = 1 / (1 + std::exp(-run.y[k])), t = run.target[k];
        expected -= (t * std::log(p) + (1 - t) * std::log(1 - p)) / 3;
        EXPECT_NEAR(run.gradient[k], (p - t) / 3, 1e-15);
    }
    EXPECT_NEAR(value, expected, 1e-15);
}

TEST(BinaryCrossEntropy, names_a_target_that_is_not_from_0_to_1) {
    const auto problem = [](double target) {
        const double targets[]{0, 1, target, 0.5};
        const Error error =
            BinaryCrossEntropy{}.check(rondo::SequenceView<const double, 2>{targets, nullptr, {2, 1}}, 2);
        EXPECT_EQ(error.kind, error ? Error::Kind::argument : Error::Kind::none);
        return error.message;
    };
    EXPECT_EQ(problem(0.75), "");
    EXPECT_EQ(problem(1.5), "rondo::BinaryCrossEntropy: target 1.5 of sequence 0, step 1 is not from 0 to 1");
    EXPECT_EQ(problem(-0.25), "rondo::BinaryCrossEntropy: target -0.25 of sequence 0, step 1 is not from 0 to 1");
    EXPECT_NE(problem(std::nan("")), "");
}

} // namespace binary_cross_entropy_test
