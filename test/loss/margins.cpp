// SPDX-License-Identifier: MIT
// Losses of scores and of logits: hinge and focal, of two classes and of several.
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/binary_focal.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/focal.hpp>
#include <rondo/loss/hinge.hpp>
#include <rondo/loss/multi_margin.hpp>

#include <support/failure.hpp>
#include <support/loss.hpp>

namespace margins_test {

using namespace rondo;

template <class S> class MarginsOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(MarginsOf, Scalars);

TYPED_TEST(MarginsOf, golden) {
    using S = TypeParam;
    expect_golden<S, 5, S>(HingeLoss{0.8}, "hinge");
    expect_golden<S, 5, int>(MultiMarginLoss{.margin = 0.8}, "multi_margin");
    expect_golden<S, 5, int>(FocalLoss{}, "focal_2");
    expect_golden<S, 5, int>(FocalLoss{.gamma = 0.5}, "focal_0.5");
    expect_golden<S, 5, int>(FocalLoss{.gamma = 0}, "focal_0");
    expect_golden<S, 5, S>(BinaryFocalLoss{}, "binary_focal_2");
    expect_golden<S, 5, S>(BinaryFocalLoss{0.5, -1}, "binary_focal_0.5");
    expect_golden<S, 5, S>(BinaryFocalLoss{0, 0.75}, "binary_focal_0");
}

TYPED_TEST(MarginsOf, padding) {
    expect_no_padding<TypeParam, 5, int>(FocalLoss{}, "focal_2");
    expect_no_padding<TypeParam, 5, int>(MultiMarginLoss{}, "multi_margin");
    expect_no_padding<TypeParam, 5, TypeParam>(HingeLoss{}, "hinge");
}

TYPED_TEST(MarginsOf, extents) { expect_same_extents<TypeParam, 5, int>(FocalLoss{}); }

TEST(Margins, gradients_are_central_differences) {
    expect_differences<5, double>(HingeLoss{0.8}, "hinge");
    expect_differences<5, int>(MultiMarginLoss{.margin = 0.8}, "multi_margin");
    expect_differences<5, int>(FocalLoss{.weights = {1, 0, 2, 3, 4}}, "focal_weights");
    expect_differences<5, double>(BinaryFocalLoss{2}, "samples_bce"); // targets between 0 and 1
}

TEST(Focal, without_an_exponent_it_is_the_cross_entropy) {
    LossRun<double, 5, int> focal{Golden{"losses", "cross_entropy_5_extreme"}}, entropy = focal;
    EXPECT_NEAR(focal(FocalLoss{.gamma = 0}), entropy(CrossEntropy{}), 1e-12);
    for (std::size_t k = 0; k < focal.y.size(); ++k) EXPECT_NEAR(focal.gradient[k], entropy.gradient[k], 1e-15);
    LossRun<double, 5, double> binary{Golden{"losses", "bce_extreme"}}, of_logits = binary;
    EXPECT_NEAR(binary(BinaryFocalLoss{0, -1}), of_logits(BinaryCrossEntropy{}), 1e-12);
    for (std::size_t k = 0; k < binary.y.size(); ++k) EXPECT_NEAR(binary.gradient[k], of_logits.gradient[k], 1e-15);
}

TEST(Focal, a_target_that_is_certain_has_no_loss) {
    for (const double gamma : {0.0, 0.5, 2.0}) {
        LossRun<float, 2, int> run{{200, -200}, {0}, {1, 1}};
        EXPECT_EQ(run(FocalLoss{.gamma = gamma}), 0);
        EXPECT_EQ(run.gradient, std::vector<float>(2));
        LossRun<float, 1, float> binary{{200}, {1}, {1, 1}};
        EXPECT_EQ(binary(BinaryFocalLoss{gamma}), 0);
        EXPECT_EQ(binary.gradient, std::vector<float>(1));
    }
}

TEST(Margins, names_what_is_out_of_range) {
    const double targets[]{-1, 1, 0};
    EXPECT_EQ((HingeLoss{}.check(SequenceView<const double, 1>{targets, nullptr, {3, 1}}, 1).message),
              "rondo::HingeLoss: target 0 of sequence 0, step 2 is neither -1 nor 1");
    const int classes[]{0, 5};
    const Tokens tokens{classes, nullptr, {2, 1}};
    EXPECT_EQ(FocalLoss{}.check(tokens, 5).message,
              "rondo::FocalLoss: target 5 of sequence 0, step 1 is not a class from 0 to 4");
    EXPECT_EQ(MultiMarginLoss{.margin = 0}.check(tokens, 6).message,
              "rondo::MultiMarginLoss: margin: expected a finite number above 0, got 0");
    EXPECT_EQ((FocalLoss{.gamma = -1}.check(tokens, 6).message),
              "rondo::FocalLoss: gamma: expected a finite number of 0 or more, got -1");
    EXPECT_EQ(failure_of([] { BinaryFocalLoss{-1}; }).message,
              "rondo::BinaryFocalLoss: expected a gamma of 0 or more and an alpha of at most 1, got -1 and 0.25");
}

} // namespace margins_test
