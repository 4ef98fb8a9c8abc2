// SPDX-License-Identifier: MIT
// The search for a learning rate.
#include <rondo/train/find_rate.hpp>

#include "letters_fit.hpp"

#include <rondo/data/token_streams.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace find_rate_test {

using namespace fit_test;
using law::differing;

TEST(FindRate, LeavesTheTrainerAsItWas) {
    TrainerSettings with = settings;
    with.average = MovingAverage{.decay = 0.9};
    with.schedule = CosineDecay{.steps = 100};
    LetterModel model{Seed{1}}, other = model;
    LetterTrainer trainer{model, {}, rule, with}, plain{other, {}, rule, with};
    TokenStreams data{text, 5, 3}, same = data;
    Progress progress, expected;
    const FitOptions one{.epochs = 1}, two{.epochs = 2};
    fit(trainer, data, one, progress);
    fit(plain, same, one, expected);
    const RateSearch search = find_rate(trainer, data, {.from = 1e-5, .to = 1e3, .steps = 40});
    EXPECT_EQ(differing(model.values(), other.values()), 0u);
    EXPECT_EQ(trainer.optimizer_memory(), plain.optimizer_memory());
    EXPECT_EQ(trainer.state(), plain.state());
    EXPECT_EQ(trainer.steps(), plain.steps());
    EXPECT_EQ(trainer.averaged(), plain.averaged());
    EXPECT_EQ(trainer.rate(), plain.rate());
    fit(trainer, data, two, progress);
    fit(plain, same, two, expected);
    EXPECT_EQ(differing(model.values(), other.values()), 0u);
    EXPECT_EQ(search.rates.size(), search.losses.size());
}

TEST(FindRate, TriesTheSameStepsAsATrainer) {
    LetterModel model{Seed{1}}, other = model;
    LetterTrainer trainer{model, {}, rule, settings};
    TokenWindows data = windows();
    const RateSearch search = find_rate(trainer, data, {.from = 1e-3, .to = 1e-1, .steps = 9, .smoothing = 0.5});
    EXPECT_FALSE(search.diverged);
    ASSERT_EQ(search.rates.size(), 9u);
    EXPECT_DOUBLE_EQ(search.rates[4], 1e-2);
    EXPECT_DOUBLE_EQ(search.rates[8], 1e-1);
    TrainerSettings growing = settings;
    growing.schedule = [](std::int64_t k) { return std::pow(100.0, double(k) / 8) / 10; }; // of 1e-2
    LetterTrainer steps{other, {}, rule, growing};
    double average = 0;
    for (std::size_t k = 0; k < 9; ++k) {
        if (k % 6 == 0) data.begin_epoch(settings.seed, std::int64_t(k / 6));
        average = 0.5 * average + 0.5 * steps.step(data.at(k % 6)).mean();
        EXPECT_NEAR(search.losses[k], average / (1 - std::pow(0.5, double(k + 1))), 1e-9) << k;
    }
}

TEST(FindRate, StopsWhereItDiverges) {
    LetterModel model{Seed{1}};
    LetterTrainer trainer{model, {}, rule, {}};
    TokenWindows data = windows();
    const RateSearch search = find_rate(trainer, data, {.from = 1e-4, .to = 1e4, .steps = 80});
    EXPECT_TRUE(search.diverged);
    EXPECT_LT(search.rates.size(), 80u);
    EXPECT_GT(search.suggestion, 1e-4);
    EXPECT_LT(search.suggestion, search.rates.back());
}

TEST(FindRate, SuggestsWhereTheLossFallsMost) {
    using rondo::detail::steepest;
    EXPECT_EQ(steepest({5, 5, 4.9, 4, 2, 1.5, 1.4, 3, 9}), 3u);
    EXPECT_EQ(steepest({5, 3, 2, 2}), 0u);
    EXPECT_EQ(steepest({1, 2, 3}), 0u) << "it never falls";
    EXPECT_EQ(steepest({3, 2.9, 9, 0.5, 9}), 2u);
    EXPECT_EQ(steepest({1}), 0u);
}

TEST(FindRate, Refuses) {
    LetterModel model{Seed{1}};
    const LetterModel before = model;
    LetterTrainer trainer{model, {}, rule, settings}, still{model, {}, Adam{.rate = 0}, settings};
    TokenWindows data = windows();
    const auto refused = [&](LetterTrainer& with, const RateRange& range, const std::string& message) {
        expect_argument([&] { find_rate(with, data, range); }, message);
    };
    refused(trainer, {.from = 1, .to = 0.1}, "rondo::find_rate: to: expected a number from 1 to below inf, got 0.1");
    refused(trainer, {.steps = 2}, "rondo::find_rate: steps: expected 3 or more, got 2");
    refused(trainer, {.smoothing = 1}, "rondo::find_rate: smoothing: expected a number from 0 to below 1, got 1");
    refused(still, {}, "rondo::find_rate: expected an optimizer with a rate above 0, got 0");
    const std::vector<int> outside(33, 9);
    TokenWindows wrong{outside, 6, 5};
    EXPECT_EQ(failure_of([&] { find_rate(trainer, wrong); }).kind, Error::Kind::argument);
    EXPECT_EQ(model, before) << "restored after an error, too";
    std::fill_n(model.data(), 3, NAN);
    EXPECT_EQ(failure_of([&] { find_rate(trainer, data); }).kind, Error::Kind::not_finite);
    TokenWindows none{ignored, 6, 5};
    LetterModel fresh{Seed{1}};
    LetterTrainer ignoring{fresh, {.ignore = 3}, rule, settings};
    expect_argument([&] { find_rate(ignoring, none); },
                    "rondo::find_rate: expected one target or more among its batches, got none");
}

} // namespace find_rate_test
