// SPDX-License-Identifier: MIT
// Losses of numbers, each with its target.
#include <rondo/loss/huber.hpp>
#include <rondo/loss/ignore_targets.hpp>
#include <rondo/loss/mean_absolute_error.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/loss/quantile.hpp>

#include <support/failure.hpp>
#include <support/loss.hpp>

namespace regression_loss_test {

using namespace rondo;

template <class S> class RegressionLossOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(RegressionLossOf, Scalars);

TYPED_TEST(RegressionLossOf, golden) {
    using S = TypeParam;
    expect_golden<S, 5, S>(MeanAbsoluteError{}, "mae");
    expect_golden<S, 5, S>(HuberLoss{0.7}, "huber");
    expect_golden<S, 5, S>(SmoothL1Loss{0.7}, "smooth_l1");
    expect_golden<S, 6, S, 3>(QuantileLoss{0.1, 0.5, 0.9}, "quantile");
    expect_golden<S, 2, S>(IgnoreTargets{MeanSquaredError{}}, "mse_ignored");
    expect_golden<S, 6, S, 3>(IgnoreTargets{QuantileLoss{0.1, 0.5, 0.9}}, "quantile_ignored");
}

TYPED_TEST(RegressionLossOf, padding) {
    using S = TypeParam;
    expect_no_padding<S, 5, S>(HuberLoss{}, "huber");
    expect_no_padding<S, 6, S, 3>(IgnoreTargets{QuantileLoss{0.1, 0.5, 0.9}}, "quantile_ignored");
}

TYPED_TEST(RegressionLossOf, extents) { expect_same_extents<TypeParam, 5, TypeParam>(MeanAbsoluteError{}); }

TEST(RegressionLoss, gradients_are_central_differences) {
    expect_differences<5, double>(MeanAbsoluteError{}, "mae");
    expect_differences<5, double>(HuberLoss{0.7}, "huber");
    expect_differences<5, double>(SmoothL1Loss{0.7}, "smooth_l1");
    expect_differences<6, double, 3>(QuantileLoss{0.1, 0.5, 0.9}, "quantile");
    expect_differences<2, double>(IgnoreTargets{MeanSquaredError{}}, "mse_ignored");
}

TEST(RegressionLoss, without_an_error_there_is_no_gradient) {
    const auto gradient = [](const auto& loss) {
        LossRun<double, 1, double> run{{2}, {2}, {1, 1}};
        EXPECT_EQ(run(loss), 0);
        return run.gradient[0];
    };
    EXPECT_EQ(gradient(MeanAbsoluteError{}), 0);
    EXPECT_EQ(gradient(HuberLoss{}), 0);
    EXPECT_EQ(gradient(SmoothL1Loss{1e-300}), 0);
    EXPECT_EQ(gradient(QuantileLoss{0.3}), 0);
}

TEST(RegressionLoss, a_number_that_is_not_finite_is_not_lost) {
    const auto value = [](const auto& loss, double y) { return LossRun<double, 1, double>{{y}, {2}, {1, 1}}(loss); };
    for (const double y : {std::nan(""), 1 / std::sin(0.0)}) {
        EXPECT_FALSE(std::isfinite(value(MeanAbsoluteError{}, y)));
        EXPECT_FALSE(std::isfinite(value(HuberLoss{}, y)));
        EXPECT_FALSE(std::isfinite(value(SmoothL1Loss{}, y)));
        EXPECT_FALSE(std::isfinite(value(QuantileLoss{0.3}, y)));
    }
}

TEST(QuantileLoss, one_level_is_the_quantile_of_each_target) {
    LossRun<double, 2, double> run{{1, 4}, {3, 3}, {1, 1}};
    EXPECT_DOUBLE_EQ(run(QuantileLoss{0.25}), (0.25 * 2 + 0.75 * 1) / 2);
    EXPECT_EQ(run.gradient, (std::vector<double>{-0.125, 0.375}));
}

TEST(QuantileLoss, as_many_levels_as_wanted) {
    using Many = QuantileLoss<40>; // more than an operation holds
    const Many loss = []<std::size_t... k>(std::index_sequence<k...>) {
        return Many{double(k + 1) / 41 ...};
    }(std::make_index_sequence<40>{});
    LossRun<float, 40, float, 40> run{std::vector<float>(40, 0), {1}, {1, 1}};
    run(loss);
    for (std::size_t k = 0; k < 40; ++k) EXPECT_FLOAT_EQ(run.gradient[k], -float(k + 1) / 41 / 40) << k;
}

TEST(IgnoreTargets, leaves_out_the_targets_of_a_value) {
    LossRun<double, 1, double> run{{3, 1, 5}, {1, -1, 1}, {3, 1}};
    const IgnoreTargets loss{MeanSquaredError{}, -1};
    EXPECT_EQ(loss.terms(run.targets()), 2);
    EXPECT_EQ(run(loss), (4 + 16) / 2.0);
    EXPECT_EQ(run.gradient, (std::vector<double>{2, 0, 4}));
    LossRun<double, 1, double> none{{3}, {std::nan("")}, {1, 1}};
    EXPECT_EQ(none(IgnoreTargets{MeanAbsoluteError{}}), 0);
    EXPECT_EQ(IgnoreTargets{MeanAbsoluteError{}}.terms(none.targets()), 0);
}

TEST(RegressionLoss, settings_out_of_range) {
    const auto message = [](auto make) { return failure_of(make).message; };
    EXPECT_EQ(message([] { HuberLoss{0}; }), "rondo::HuberLoss: delta: expected a finite number above 0, got 0");
    EXPECT_EQ(message([] { SmoothL1Loss{-1}; }), "rondo::SmoothL1Loss: beta: expected a finite number above 0, got -1");
    EXPECT_EQ(message([] { QuantileLoss{0.5, 1}; }), "rondo::QuantileLoss: expected levels above 0 and below 1, got 1");
}

} // namespace regression_loss_test
