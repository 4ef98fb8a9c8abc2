// SPDX-License-Identifier: MIT
#include <rondo/optimizer/sgd.hpp>

#include "rule.hpp"

namespace sgd_test {

using rondo::SGD;

TEST(SGD, GoesDownTheGradient) { expect_path(SGD{.rate = 0.1}, {0.5, -1, 0}, {0.95, 1.05, 1.05}); }

TEST(SGD, KeepsMomentum) { expect_path(SGD{.rate = 0.1, .momentum = 0.9}, {0.5, -1, 0}, {0.95, 1.005, 1.0545}); }

TEST(SGD, LooksAheadWithNesterov) {
    // v = 0.5, -0.55, -0.495; g + 0.9 v = 0.95, -1.495, -0.4455
    expect_path(SGD{.rate = 0.1, .momentum = 0.9, .nesterov = true}, {0.5, -1, 0}, {0.905, 1.0545, 1.09905});
}

TEST(SGD, DecaysWeights) { expect_path(SGD{.rate = 0.1, .weight_decay = 0.2}, {0.5, -1, 0}, {0.93, 1.0114, 0.991172}); }

TEST(SGD, MovesEachNumberByItself) {
    expect_elementwise(SGD{.rate = 0.1, .momentum = 0.9, .weight_decay = 0.01});
    expect_elementwise(SGD{.rate = 0.1, .momentum = 0.5, .nesterov = true});
}

TEST(SGD, NamesSettingsOutOfRange) {
    EXPECT_FALSE(SGD{}.problem());
    EXPECT_FALSE(SGD{.rate = 0}.problem());
    expect_problem(SGD{.rate = -1e-3}, "SGD: rate: expected a number from 0 to below inf, got -0.001");
    expect_problem(SGD{.rate = not_a_number}, "SGD: rate: expected a number from 0 to below inf, got nan");
    expect_problem(SGD{.rate = infinite}, "SGD: rate: expected a number from 0 to below inf, got inf");
    expect_problem(SGD{.momentum = 1}, "SGD: momentum: expected a number from 0 to below 1, got 1");
    expect_problem(SGD{.weight_decay = -1e-9}, "SGD: weight_decay: expected a number from 0 to below inf, got -1e-09");
}

} // namespace sgd_test
