// SPDX-License-Identifier: MIT
// Adagrad, NAdam, RAdam and Lion: steps of PyTorch, or of the paper.
#include <rondo/optimizer/adagrad.hpp>
#include <rondo/optimizer/lion.hpp>
#include <rondo/optimizer/nadam.hpp>
#include <rondo/optimizer/radam.hpp>

#include <support/golden.hpp>

#include "rule.hpp"

#include <string_view>

namespace further_rules_test {

using namespace rondo;

void expect_golden(const auto& rule, std::string_view name) {
    EXPECT_FALSE(rule.problem()) << rule.problem().message;
    const auto path = [&]<class S>(S) {
        const Golden golden{"optimizers", name};
        const auto p = golden.get<S>("p"), gradients = golden.get<S>("gradients");
        Moved<S, std::remove_cvref_t<decltype(rule)>> all{rule, p.size()};
        std::ranges::copy(p, all.p.data());
        std::vector<S> got;
        for (std::size_t k = 0; k < gradients.size(); k += p.size()) {
            std::copy_n(gradients.begin() + std::ptrdiff_t(k), p.size(), all.g.data());
            all.step();
            got.insert(got.end(), all.p.data(), all.p.data() + p.size());
        }
        golden.expect("path", got);
    };
    path(0.0);
    path(0.0f);
}

TEST(FurtherRules, golden) {
    expect_golden(Adagrad{.rate = 0.1}, "adagrad");
    expect_golden(Adagrad{.rate = 0.1, .rate_decay = 0.1, .epsilon = 1e-3, .weight_decay = 0.05, .initial = 0.5},
                  "adagrad_decay");
    expect_golden(NAdam{.rate = 0.05}, "nadam");
    expect_golden(NAdam{.rate = 0.05, .beta1 = 0.8, .beta2 = 0.9, .weight_decay = 0.05, .momentum_decay = 0.2},
                  "nadam_decay");
    expect_golden(RAdam{.rate = 0.05}, "radam");
    expect_golden(RAdam{.rate = 0.05, .beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-3, .weight_decay = 0.05},
                  "radam_decay");
    expect_golden(Lion{.rate = 0.05}, "lion");
    expect_golden(Lion{.rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .weight_decay = 0.1}, "lion_decay");
}

TEST(FurtherRules, LeaveANumberWhoseGradientIsZero) {
    expect_path(Adagrad{}, {0, 0, 0}, {1, 1, 1});
    expect_path(NAdam{}, {0, 0, 0}, {1, 1, 1});
    expect_path(RAdam{}, {0, 0, 0}, {1, 1, 1});
    expect_path(Lion{}, {0, 0, 0}, {1, 1, 1});
}

TEST(FurtherRules, MoveEachNumberByItself) {
    expect_elementwise(Adagrad{.weight_decay = 0.01});
    expect_elementwise(NAdam{.rate = 0.1, .weight_decay = 0.01});
    expect_elementwise(RAdam{.rate = 0.1, .beta2 = 0.9, .weight_decay = 0.01});
    expect_elementwise(Lion{.rate = 0.1, .weight_decay = 0.1});
}

TEST(FurtherRules, AfterManySteps) {
    Moved<double, NAdam> all{NAdam{.rate = 0.1, .beta1 = 0.5}, 1};
    all.steps = 1'000'000'000; // the product of so many factors is 0
    all.g[0] = 1;
    all.step();
    EXPECT_TRUE(std::isfinite(all.p[0]));
    Moved<double, RAdam> other{RAdam{}, 1};
    other.steps = 1'000'000'000;
    other.g[0] = 1;
    other.step();
    EXPECT_TRUE(std::isfinite(other.p[0]));
}

TEST(FurtherRules, NameSettingsOutOfRange) {
    expect_problem(Adagrad{.rate_decay = -1}, "Adagrad: rate_decay: expected a number from 0 to below inf, got -1");
    expect_problem(Adagrad{.initial = not_a_number},
                   "Adagrad: initial: expected a number from 0 to below inf, got nan");
    expect_problem(NAdam{.beta1 = 1}, "NAdam: beta1: expected a number from 0 to below 1, got 1");
    expect_problem(NAdam{.momentum_decay = -1}, "NAdam: momentum_decay: expected a number from 0 to below inf, got -1");
    expect_problem(RAdam{.beta2 = 1}, "RAdam: beta2: expected a number from 0 to below 1, got 1");
    expect_problem(Lion{.beta2 = -1}, "Lion: beta2: expected a number from 0 to below 1, got -1");
}

} // namespace further_rules_test
