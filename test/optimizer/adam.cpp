// SPDX-License-Identifier: MIT
#include <rondo/optimizer/adam.hpp>

#include "rule.hpp"

namespace adam_test {

using rondo::Adam;
using rondo::AdamW;

// m = 1, 0, 0.5 over 1 - 2^-t;   v = 1, 1, 1 over 1 - 0.75^t = 1/4, 7/16, 37/64
constexpr Adam rule{.rate = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1};
const double first = 0.1 * 2 / (2 + 1), third = 0.1 * 4 / 7 / (8 / std::sqrt(37) + 1);

TEST(Adam, CorrectsTheBiasOfItsMeans) { expect_path(rule, {2, -1, 1}, {1 - first, 1 - first, 1 - first - third}); }

TEST(Adam, FirstStepIsTheRateWhateverTheGradient) {
    for (const double g : {1e-3, 1.0, 1e3}) expect_path(Adam{.rate = 0.25, .epsilon = 1e-30}, {g}, {0.75});
}

TEST(Adam, AddsDecayToTheGradient) {
    Adam a = rule;
    a.weight_decay = 0.5; // what is left of the gradients is 2, -1
    expect_path(a, {1.5, -1 - 0.5 * (1 - first)}, {1 - first, 1 - first});
}

TEST(AdamW, DecaysTheParametersThemselves) {
    AdamW a{.rate = 0.1, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 1, .weight_decay = 0.5};
    const double one = 0.95 - first, two = 0.95 * one;
    expect_path(a, {2, -1, 1}, {one, two, 0.95 * two - third});
    a.weight_decay = 0;
    expect_path(a, {2, -1, 1}, {1 - first, 1 - first, 1 - first - third});
}

TEST(Adam, LeavesANumberWhoseGradientIsZero) { expect_path(Adam{}, {0, 0, 0}, {1, 1, 1}); }

TEST(Adam, MovesEachNumberByItself) {
    expect_elementwise(Adam{});
    expect_elementwise(Adam{.rate = 0.1, .weight_decay = 0.01});
    expect_elementwise(AdamW{.rate = 0.1, .weight_decay = 0.1});
}

TEST(Adam, NamesSettingsOutOfRange) {
    EXPECT_FALSE(Adam{}.problem());
    EXPECT_FALSE(AdamW{}.problem());
    expect_problem(Adam{.rate = -1}, "Adam: rate: expected a number from 0 to below inf, got -1");
    expect_problem(Adam{.beta1 = 1}, "Adam: beta1: expected a number from 0 to below 1, got 1");
    expect_problem(Adam{.beta2 = -0.5}, "Adam: beta2: expected a number from 0 to below 1, got -0.5");
    expect_problem(Adam{.epsilon = 0},
                   "Adam: epsilon: expected a number from 1.1754943508222875e-38 to below inf, got 0");
    expect_problem(Adam{.weight_decay = infinite},
                   "Adam: weight_decay: expected a number from 0 to below inf, got inf");
    expect_problem(AdamW{.rate = not_a_number}, "AdamW: rate: expected a number from 0 to below inf, got nan");
}

} // namespace adam_test
