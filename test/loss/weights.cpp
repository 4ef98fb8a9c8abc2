// SPDX-License-Identifier: MIT
// Weights of classes and of columns, and label smoothing.
#include <rondo/loss/binary_cross_entropy.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/focal.hpp>
#include <rondo/loss/huber.hpp>
#include <rondo/loss/ignore_targets.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/loss/multi_margin.hpp>
#include <rondo/loss/poisson_nll.hpp>

#include <support/failure.hpp>
#include <support/loss.hpp>

namespace weights_test {

using namespace rondo;

template <class S> class WeightsOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(WeightsOf, Scalars);

std::vector<double> class_weights(std::string_view name) { return Golden{"losses", name}.get<double>("class_weights"); }

TYPED_TEST(WeightsOf, golden) {
    using S = TypeParam;
    const auto expect = [](auto loss, const std::string& name) {
        loss.weights = class_weights(name);
        expect_golden<S, 5, int>(loss, name);
    };
    for (const char* suffix : {"", "_extreme"}) {
        expect(CrossEntropy{}, std::string{"cross_entropy_5_weights_0.0"} + suffix);
        expect(CrossEntropy{.smoothing = 0.2}, std::string{"cross_entropy_5_weights_0.2"} + suffix);
        for (const double smoothing : {0.0, 0.2}) {
            const std::string name =
                std::string{"cross_entropy_33_weights_"} + (smoothing > 0 ? "0.2" : "0.0") + suffix;
            expect_golden<S, 33, int>(CrossEntropy{.smoothing = smoothing, .weights = class_weights(name)}, name);
        }
    }
    expect_golden<S, 5, int>(CrossEntropy{.smoothing = 0.1}, "cross_entropy_5_smoothing");
    expect_golden<S, 33, int>(CrossEntropy{.smoothing = 0.1}, "cross_entropy_33_smoothing");
    expect(FocalLoss{}, "focal_weights");
    expect(MultiMarginLoss{.margin = 0.8}, "multi_margin_weights");
    expect(CrossEntropy{}, "samples_cross_entropy");
    expect(CrossEntropy{.smoothing = 0.1}, "samples_smoothing");
    expect_golden<S, 5, S>(BinaryCrossEntropy{3}, "bce_positive");
    expect_golden<S, 5, S>(HuberLoss{0.7}, "samples_huber");
    expect_golden<S, 5, S>(BinaryCrossEntropy{}, "samples_bce");
}

TYPED_TEST(WeightsOf, padding) {
    const auto weights = class_weights("cross_entropy_5_weights_0.2");
    expect_no_padding<TypeParam, 5, int>(CrossEntropy{.weights = weights}, "cross_entropy_5_weights_0.0");
    expect_no_padding<TypeParam, 5, int>(CrossEntropy{.smoothing = 0.2, .weights = weights},
                                         "cross_entropy_5_weights_0.2");
}

TEST(Weights, gradients_are_central_differences) {
    const auto weights = class_weights("samples_smoothing");
    expect_differences<5, int>(CrossEntropy{.weights = weights}, "cross_entropy_5_weights_0.0");
    expect_differences<5, int>(CrossEntropy{.smoothing = 0.3, .weights = weights}, "samples_smoothing");
    expect_differences<5, double>(BinaryCrossEntropy{3}, "samples_bce");
}

TEST(Weights, a_column_of_weight_0_is_ignored_whatever_it_has) {
    const double nothing = std::nan("");
    LossRun<double, 2, double> run{{3, 1, nothing, 5}, {1, 2, nothing, 7}, {2, 1}};
    run.weight = {0.5, 0};
    EXPECT_EQ(run(MeanSquaredError{}), (4 + 1) / 2.0);
    EXPECT_EQ(MeanSquaredError{}.terms(run.weighted()), 1);
    EXPECT_EQ(run.gradient, (std::vector<double>{2, -1, 0, 0}));
    LossRun<double, 2, int> classes{{1, 2, nothing, 3}, {1, 99}, {2, 1}};
    classes.weight = {1, 0};
    EXPECT_FALSE(CrossEntropy{}.check(classes.weighted(), 2));
    EXPECT_NEAR(classes(CrossEntropy{}), std::log1p(std::exp(-1.0)), 1e-15);
}

TEST(Weights, times_ignored_targets_and_weights_of_classes) {
    LossRun<double, 2, double> run{{3, 1, 4, 5}, {1, std::nan(""), 4, 7}, {2, 1}};
    run.weight = {0.5, 2};
    EXPECT_EQ(IgnoreTargets{MeanSquaredError{}}.terms(run.weighted()), 0.5 + 2 * 2);
    EXPECT_DOUBLE_EQ(run(IgnoreTargets{MeanSquaredError{}}), (0.5 * 4 + 2 * 4) / 4.5);
}

/// Counts no target of 99.
struct Below99 : ElementwiseLoss<Below99> {
    template <class S>
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
        loss += scale * (y - target);
        if (gradient) *gradient += scale;
    }
    RONDO_HOST_DEVICE bool counts(double target) const { return target != 99; }
};
TEST(Weights, a_target_that_is_not_counted_adds_nothing) {
    LossRun<double, 1, double> run{{3, 5, 7}, {99, 1, 2}, {3, 1}};
    auto without_2 = run;
    EXPECT_EQ(run(Below99{}), (4 + 5) / 2.0);
    EXPECT_EQ(run.gradient, (std::vector<double>{0, 0.5, 0.5}));
    EXPECT_EQ(without_2(IgnoreTargets{Below99{}, 2}), 4);
    EXPECT_EQ(without_2.gradient, (std::vector<double>{0, 1, 0}));
}

TEST(Weights, equal_ones_change_nothing) {
    LossRun<double, 5, int> plain{Golden{"losses", "cross_entropy_5"}}, twice = plain;
    twice.weight.assign(12, 2);
    EXPECT_DOUBLE_EQ(twice(CrossEntropy{.weights = std::vector<double>(5, 3.0)}), plain(CrossEntropy{}));
    for (std::size_t k = 0; k < plain.y.size(); ++k) EXPECT_NEAR(twice.gradient[k], plain.gradient[k], 1e-16);
}

TEST(Weights, names_what_is_out_of_range) {
    const int classes[]{0, 1};
    const double columns[]{1, -1, std::nan("")};
    const Tokens tokens{classes, nullptr, {2, 1}};
    const auto weighted = [&](int first, Extent e) {
        return CrossEntropy{}.check(WeightedTarget{tokens, SequenceView<const double, 1>{columns + first, nullptr, e}},
                                    2);
    };
    EXPECT_EQ(weighted(0, {2, 1}).message,
              "rondo::CrossEntropy: weight -1 of sequence 0, step 1 is not a finite number of 0 or more");
    EXPECT_NE(weighted(1, {2, 1}).message, "");
    EXPECT_EQ(weighted(0, {1, 1}).message,
              "rondo: targets and weights: different extents: 2 steps of 1 sequences and 1 steps of 1 sequences");
    EXPECT_FALSE((CrossEntropy{.weights = {1, 2}}.check({classes, nullptr, {2, 1}}, 2)));
    EXPECT_EQ((FocalLoss{.weights = {1, 2}}.terms({classes, nullptr, {2, 1}})), 3);
    EXPECT_EQ((CrossEntropy{.weights = {1, 2, 3}}.check(tokens, 2).message),
              "rondo::CrossEntropy: weights: expected one for each of 2 classes, got 3");
    EXPECT_EQ((CrossEntropy{.weights = {1, -2}}.check(tokens, 2).message),
              "rondo::CrossEntropy: weights: expected finite numbers of 0 or more, got -2 for class 1");
    EXPECT_EQ((CrossEntropy{.smoothing = 1.5}.check(tokens, 2).message),
              "rondo::CrossEntropy: smoothing: expected a number from 0 to 1, got 1.5");
    EXPECT_EQ(failure_of([] { BinaryCrossEntropy{-1}; }).message,
              "rondo::BinaryCrossEntropy: positive_weight: expected a finite number of 0 or more, got -1");
    BinaryCrossEntropy changed;
    changed.positive_weight = -3;
    const double y = 0.5;
    const SequenceView<const double, 1> number{&y, nullptr, {1, 1}};
    EXPECT_EQ(changed.check(number, 1).message,
              "rondo::BinaryCrossEntropy: positive_weight: expected a finite number of 0 or more, got -3");
    HuberLoss huber;
    huber.delta = 0;
    EXPECT_EQ(IgnoreTargets{huber}.check(number, 1).message,
              "rondo::HuberLoss: delta: expected a finite number above 0, got 0");
    const double infinite = HUGE_VAL;
    EXPECT_EQ(PoissonNLL{}.check(SequenceView<const double, 1>{&infinite, nullptr, {1, 1}}, 1).message,
              "rondo::PoissonNLL: target inf of sequence 0, step 0 is not a count of 0 or more");
    LossRun<double, 2, int> run{{1, 2}, {0}, {1, 1}};
    EXPECT_EQ(failure_of([&] { run(CrossEntropy{.weights = {1}}); }).message,
              "rondo::CrossEntropy: weights: expected one for each of 2 classes, got 1");
}

} // namespace weights_test
