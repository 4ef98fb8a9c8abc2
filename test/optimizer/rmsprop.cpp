// SPDX-License-Identifier: MIT
#include <rondo/optimizer/rmsprop.hpp>

#include "rule.hpp"

namespace rmsprop_test {

using rondo::RMSprop;

// With smoothing 0.75 the gradients 2, -1, 1 keep the mean square at 1; epsilon 1 then halves them.
constexpr RMSprop rule{.rate = 0.1, .smoothing = 0.75, .epsilon = 1};

TEST(RMSprop, DividesByTheRootMeanSquare) { expect_path(rule, {2, -1, 1}, {0.9, 0.95, 0.9}); }

TEST(RMSprop, KeepsMomentum) {
    RMSprop r = rule;
    r.momentum = 0.5; // v = 1, 0, 0.5
    expect_path(r, {2, -1, 1}, {0.9, 0.9, 0.85});
}

TEST(RMSprop, CenteredDividesByTheDeviation) {
    RMSprop r = rule;
    r.centered = true; // mean 0.5, 0.125
    const double first = 1 - 0.1 * 2 / (std::sqrt(0.75) + 1);
    expect_path(r, {2, -1}, {first, first + 0.1 / (std::sqrt(0.984375) + 1)});
}

TEST(RMSprop, DecaysWeights) {
    RMSprop r = rule;
    r.weight_decay = 0.5;
    expect_path(r, {1.5, -1.45}, {0.9, 0.95});
}

TEST(RMSprop, MovesEachNumberByItself) {
    expect_elementwise(RMSprop{});
    expect_elementwise(RMSprop{.momentum = 0.9, .weight_decay = 0.01, .centered = true});
}

// The running square and the square of the running mean then differ by rounding alone.
TEST(RMSprop, CenteredTakesAGradientThatNeverChanges) {
    Moved<float, RMSprop> all{{.rate = 1e-3, .centered = true}, 33};
    for (std::size_t k = 0; k < 33; ++k) all.g[k] = 0.37f * float(k + 1);
    for (int t = 0; t < 5000; ++t) all.step();
    for (const float p : all.p) EXPECT_TRUE(std::isfinite(p));
}

TEST(RMSprop, NamesSettingsOutOfRange) {
    EXPECT_FALSE(RMSprop{}.problem());
    expect_problem(RMSprop{.rate = -1}, "RMSprop: rate: expected a number from 0 to below inf, got -1");
    expect_problem(RMSprop{.smoothing = 1}, "RMSprop: smoothing: expected a number from 0 to below 1, got 1");
    expect_problem(RMSprop{.epsilon = 0},
                   "RMSprop: epsilon: expected a number from 1.1754943508222875e-38 to below inf, got 0");
    expect_problem(RMSprop{.momentum = 1.5}, "RMSprop: momentum: expected a number from 0 to below 1, got 1.5");
    expect_problem(RMSprop{.weight_decay = not_a_number},
                   "RMSprop: weight_decay: expected a number from 0 to below inf, got nan");
}

} // namespace rmsprop_test
