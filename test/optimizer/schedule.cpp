// SPDX-License-Identifier: MIT
#include <rondo/optimizer/one_cycle.hpp>
#include <rondo/optimizer/polynomial_decay.hpp>
#include <rondo/optimizer/schedule.hpp>
#include <rondo/optimizer/warm_restarts.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace schedule_test {

using rondo::ConstantRate;
using rondo::CosineDecay;
using rondo::Error;
using rondo::OneCycle;
using rondo::PolynomialDecay;
using rondo::ReduceOnPlateau;
using rondo::StepDecay;
using rondo::WarmRestarts;
using rondo::WarmUp;

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

constexpr auto halves = [](std::int64_t step) { return step < 3 ? 1.0 : 0.5; };
static_assert(rondo::Schedule<ConstantRate> && rondo::Schedule<StepDecay> && rondo::Schedule<CosineDecay> &&
              rondo::Schedule<WarmUp<>> && rondo::Schedule<WarmUp<WarmUp<StepDecay>>> &&
              rondo::Schedule<decltype(halves)>);
static_assert(!rondo::Schedule<ReduceOnPlateau> && !rondo::Schedule<double>);

void expect_rates(const rondo::Schedule auto& schedule, const std::vector<double>& expected) {
    for (std::size_t step = 0; step < expected.size(); ++step)
        EXPECT_NEAR(schedule(static_cast<std::int64_t>(step)), expected[step], 1e-14) << "step " << step;
}

// The numbers below are printed by test/golden/schedules.py (PyTorch).

TEST(StepDecay, IsPyTorchsStepLR) {
    expect_rates(StepDecay{.every = 3, .factor = 0.7},
                 {1.0, 1.0, 1.0, 0.7, 0.7, 0.7, 0.48999999999999994, 0.48999999999999994, 0.48999999999999994,
                  0.3429999999999999, 0.3429999999999999, 0.3429999999999999, 0.24009999999999992, 0.24009999999999992,
                  0.24009999999999992});
}

TEST(CosineDecay, IsPyTorchsCosineAnnealingLR) {
    expect_rates(CosineDecay{.steps = 7, .floor = 0.05}, {1.0,
                                                          0.952960212253649,
                                                          0.8211576558828984,
                                                          0.6306974436292493,
                                                          0.41930255637075065,
                                                          0.22884234411710158,
                                                          0.09703978774635096,
                                                          0.05,
                                                          0.09703978774635091,
                                                          0.22884234411710153,
                                                          0.4193025563707507,
                                                          0.6306974436292492,
                                                          0.8211576558828987,
                                                          0.9529602122536497,
                                                          1.0000000000000004,
                                                          0.9529602122536497,
                                                          0.821157655882899,
                                                          0.6306974436292494,
                                                          0.419302556370751,
                                                          0.2288423441171018});
}

TEST(WarmUp, IsPyTorchsLinearLR) {
    expect_rates(WarmUp<>{.steps = 5},
                 {0.3333333333333333, 0.4666666666666667, 0.6000000000000001, 0.7333333333333335, 0.8666666666666669,
                  1.0000000000000002, 1.0000000000000002, 1.0000000000000002, 1.0000000000000002, 1.0000000000000002});
}

TEST(WarmUp, GoesOnAsPyTorchsSequentialLR) {
    expect_rates(WarmUp<CosineDecay>{.steps = 4, .start = 0.1, .then = {.steps = 6, .floor = 0.2}},
                 {0.1, 0.325, 0.55, 0.7750000000000001, 1.0, 0.9464101615137757, 0.8000000000000003, 0.6000000000000002,
                  0.4000000000000002, 0.2535898384862246});
}

TEST(WarmUp, OfNoStepsIsWhatFollows) {
    const WarmUp<StepDecay> schedule{.then = {.every = 2}};
    for (std::int64_t step = 0; step < 10; ++step) EXPECT_EQ(schedule(step), schedule.then(step));
}

TEST(WarmUp, TakesALambda) {
    const WarmUp<decltype(halves)> schedule{.steps = 2, .start = 0, .then = halves};
    expect_rates(schedule, {0, 0.5, 1, 1, 1, 0.5, 0.5});
    EXPECT_FALSE(schedule.problem());
}

TEST(ConstantRate, IsOne) {
    for (std::int64_t step : {std::int64_t{0}, std::int64_t{1}, std::numeric_limits<std::int64_t>::max()})
        EXPECT_EQ(ConstantRate{}(step), 1);
}

std::vector<double> rates(const ReduceOnPlateau& rule, const std::vector<double>& values) {
    ReduceOnPlateau::Memory memory;
    std::vector<double> result;
    for (double value : values) result.push_back(rule.update(memory, value));
    return result;
}

void expect_near(const std::vector<double>& got, const std::vector<double>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got[k], expected[k], 1e-15) << "value " << k;
}

const std::vector<double> values{1.0, 0.9, 0.9, 0.899, 0.95, 0.85,     0.86, nan,  0.8499,  0.84, 0.9,  0.9, 0.9,
                                 0.9, 0.9, 0.9, 0.9,   0.9,  infinity, 0.1,  -1.0, -0.9995, -1.1, -1.0, -1.0};

TEST(ReduceOnPlateau, IsPyTorchsReduceLROnPlateau) {
    expect_near(rates({.patience = 2, .factor = 0.5, .threshold = 0.01, .floor = 0.1}, values),
                {1.0,   1.0,   1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125,
                 0.125, 0.125, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1,  0.1,  0.1,  0.1});
    expect_near(rates({.patience = 0}, {3.0, 2.0, 2.0, 1.9999, 1.9, 5.0}),
                {1.0, 1.0, 0.1, 0.010000000000000002, 0.010000000000000002, 0.0010000000000000002});
}

TEST(ReduceOnPlateau, GoesOnFromASavedMemory) {
    const ReduceOnPlateau rule{.patience = 2, .factor = 0.5, .threshold = 0.01};
    ReduceOnPlateau::Memory memory;
    for (double value : {1.0, 0.9, 0.95}) rule.update(memory, value);
    EXPECT_EQ(memory, (ReduceOnPlateau::Memory{.best = 0.9, .bad = 1, .rate = 1}));
    ReduceOnPlateau::Memory saved = memory;
    for (double value : values) EXPECT_EQ(rule.update(memory, value), rule.update(saved, value));
    EXPECT_EQ(memory, saved);
    EXPECT_NE(memory, ReduceOnPlateau::Memory{});
}

void expect_problem(const auto& rule, const std::string& message) {
    EXPECT_EQ(rule.problem(), (Error{Error::Kind::argument, message}));
    EXPECT_THROW(rondo::check(rule.problem()), rondo::Failure);
}

TEST(Schedule, NamesSettingsOutOfRange) {
    expect_problem(StepDecay{}, "every: expected 1 or more, got 0");
    expect_problem(StepDecay{.every = 2, .factor = 1.5}, "factor: expected a number from 0 to 1, got 1.5");
    expect_problem(StepDecay{.every = 2, .factor = nan}, "factor: expected a number from 0 to 1, got nan");
    expect_problem(CosineDecay{.steps = -4}, "steps: expected 1 or more, got -4");
    expect_problem(CosineDecay{.steps = 4, .floor = -0.5}, "floor: expected a number from 0 to 1, got -0.5");
    expect_problem(WarmUp<>{.steps = -1}, "steps: expected 0 or more, got -1");
    expect_problem(WarmUp<>{.steps = 1, .start = 2}, "start: expected a number from 0 to 1, got 2");
    expect_problem(WarmUp<StepDecay>{.steps = 1}, "every: expected 1 or more, got 0");
    expect_problem(ReduceOnPlateau{.patience = -1}, "patience: expected 0 or more, got -1");
    expect_problem(ReduceOnPlateau{.factor = -1}, "factor: expected a number from 0 to 1, got -1");
    expect_problem(ReduceOnPlateau{.threshold = infinity}, "threshold: expected a number from 0 to 1, got inf");
    expect_problem(ReduceOnPlateau{.floor = 7}, "floor: expected a number from 0 to 1, got 7");
    EXPECT_FALSE(ConstantRate{}.problem());
    EXPECT_FALSE((WarmUp<CosineDecay>{.steps = 10, .then = {.steps = 3}}.problem()));
    EXPECT_FALSE(ReduceOnPlateau{}.problem());
}

TEST(Schedule, WithoutStepsHasNoRate) {
    EXPECT_TRUE(std::isnan(StepDecay{}(1)));
    EXPECT_TRUE(std::isnan(CosineDecay{}(1)));
}

TEST(OneCycle, IsPyTorchsOneCycleLR) {
    expect_rates(OneCycle{.steps = 12},
                 {0.040000000000000036, 0.3497896542195831, 0.8792851591221287, 0.9944154354509117, 0.9330129698414117,
                  0.811745653949763, 0.6473789976951033, 0.46263710266697505, 0.28306099820869923, 0.1334775301888306,
                  0.03456698742539522, 4e-06, 4e-06, 4e-06});
    expect_rates(OneCycle{.steps = 10, .rise = 0.5, .start = 0.1, .end = 0.05},
                 {0.09999999999999998, 0.23180194846605362, 0.55, 0.8681980515339464, 1.0, 0.9092830723281,
                  0.6717830723281001, 0.37821692767189996, 0.14071692767190003, 0.05});
    for (const double rise : {0.0, 0.1, 1.0})
        for (const std::int64_t steps : {2, 3, 7})
            for (std::int64_t t = 0; t < 10; ++t) {
                const double rate = OneCycle{.steps = steps, .rise = rise}(t);
                EXPECT_TRUE(rate >= 0 && rate <= 1) << rise << ' ' << steps << ' ' << t << ' ' << rate;
            }
}

TEST(PolynomialDecay, IsPyTorchsPolynomialLR) {
    expect_rates(PolynomialDecay{.steps = 5, .power = 2.5}, {1.0, 0.5724334022399462, 0.27885480092693393,
                                                             0.10119288512538814, 0.01788854381999831, 0.0, 0.0, 0.0});
    expect_rates(PolynomialDecay{.steps = 4, .floor = 0.2}, {1, 0.8, 0.6, 0.4, 0.2, 0.2});
}

TEST(WarmRestarts, IsPyTorchsCosineAnnealingWarmRestarts) {
    expect_rates(WarmRestarts{.steps = 2, .growth = 2, .floor = 0.1},
                 {1.0, 0.55, 1.0, 0.8681980515339464, 0.55, 0.23180194846605365, 1.0, 0.9657457896300791,
                  0.8681980515339464, 0.7222075445642904, 0.55, 0.3777924554357096, 0.23180194846605367,
                  0.13425421036992097, 1.0, 0.9913533761814537});
    expect_rates(WarmRestarts{.steps = 3}, {1.0, 0.75, 0.25, 1.0, 0.75, 0.25, 1.0, 0.75});
    const std::int64_t last = std::numeric_limits<std::int64_t>::max();
    EXPECT_TRUE(std::isfinite((WarmRestarts{.steps = 1, .growth = last / 2}(last))));
}

TEST(Schedules, NameFurtherSettingsOutOfRange) {
    EXPECT_EQ(OneCycle{}.problem().message, "steps: expected 2 or more, got 0");
    EXPECT_EQ((OneCycle{.steps = 5, .rise = 2}.problem().message), "rise: expected a number from 0 to 1, got 2");
    EXPECT_EQ((OneCycle{.steps = 5, .end = -1}.problem().message), "end: expected a number from 0 to 1, got -1");
    EXPECT_EQ(PolynomialDecay{}.problem().message, "steps: expected 1 or more, got 0");
    EXPECT_TRUE((PolynomialDecay{.steps = 5, .power = -1}.problem()));
    EXPECT_EQ((WarmRestarts{.steps = 5, .growth = 0}.problem().message), "growth: expected 1 or more, got 0");
    EXPECT_TRUE(std::isnan(OneCycle{}(0)) && std::isnan(PolynomialDecay{}(0)) && std::isnan(WarmRestarts{}(0)));
}

} // namespace schedule_test
