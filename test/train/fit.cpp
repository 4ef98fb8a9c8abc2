// SPDX-License-Identifier: MIT
#include "letters_fit.hpp"

#include <laws/batch.hpp>
#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fit_test {

using law::differing;

void expect_same(const History& a, const History& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
        EXPECT_EQ(a[k].epoch, b[k].epoch);
        EXPECT_EQ(a[k].loss, b[k].loss);
        EXPECT_TRUE(a[k].validation == b[k].validation || (std::isnan(a[k].validation) && std::isnan(b[k].validation)));
        EXPECT_GE(a[k].seconds, 0);
    }
}

TEST(Fit, IsATrainersStepsOverEveryBatchOfEveryEpoch) {
    LetterModel model{Seed{1}}, other = model;
    TokenWindows data = windows(), same = windows();
    const History history = fit(model, data, CrossEntropy{}, rule, three, settings);

    LetterTrainer trainer{other, {}, rule, settings};
    History expected;
    for (const std::int64_t epoch : {0, 1, 2}) {
        same.begin_epoch(Seed{4}, epoch);
        LossSum sum;
        for (std::size_t k = 0; k < 6; ++k) {
            const LossSum loss = trainer.step(same.at(k));
            EXPECT_EQ(loss.terms, k < 5 ? 30 : 12);
            sum.sum += loss.sum;
            sum.terms += loss.terms;
        }
        expected.push_back({epoch + 1, sum.sum / (6 * 27)});
    }
    expect_same(history, expected);
    EXPECT_EQ(differing(model.values(), other.values()), 0u);
}

TEST(Fit, Learns) {
    LetterModel model{Seed{1}};
    std::vector<int> rhyme;
    for (int k = 0; k < 40; ++k) rhyme.push_back(k * k % 7);
    TokenWindows data{rhyme, 5, 5};
    const History history = fit(model, data, CrossEntropy{}, Adam{.rate = 2e-2}, {.epochs = 30});
    EXPECT_GT(history.front().loss, 1.5);
    LetterTrainer trainer{model, {}, rule};
    EXPECT_LT(evaluate(trainer, data).mean(), 0.3);
}

TEST(Fit, TellsHowFarItIs) {
    LetterModel model{Seed{1}};
    TokenWindows data = windows();
    std::vector<Progress> batches;
    std::vector<EpochResult> epochs;
    FitOptions options = three;
    options.on_batch = [&](const Progress& p) { return batches.push_back(p), true; };
    options.on_epoch = [&](const EpochResult& e) { return epochs.push_back(e), true; };
    options.validate = [n = 0]() mutable { return 1.0 / ++n; };
    const History history = fit(model, data, CrossEntropy{}, rule, options);

    ASSERT_EQ(batches.size(), 18u);
    for (std::size_t k = 0; k < 18; ++k) {
        EXPECT_EQ(batches[k].epoch, std::int64_t(k / 6));
        EXPECT_EQ(batches[k].batch, k % 6 + 1);
        EXPECT_EQ(batches[k].batches, 6u);
        EXPECT_EQ(batches[k].loss.terms, double(k % 6 == 5 ? 162 : 30 * (k % 6 + 1)));
    }
    expect_same(epochs, history);
    ASSERT_EQ(history.size(), 3u);
    for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_EQ(history[k].epoch, std::int64_t(k + 1));
        EXPECT_EQ(history[k].loss, batches[6 * k + 5].loss.mean());
        EXPECT_EQ(history[k].validation, 1.0 / double(k + 1));
    }
}

// A run that on_batch or on_epoch stops after any batch, and that is then resumed, has the same parameters, progress
// and history.
TEST(Fit, StopsAndGoesOn) {
    const FitOptions options = three;
    TrainerSettings of_two = settings;
    of_two.threads = 2;
    const auto trained = [&](const FitOptions& until, LetterTrainer& trainer, Progress& progress) {
        TokenWindows data = windows();
        return fit(trainer, data, until, progress);
    };
    const auto with_validation = [](FitOptions o, LetterTrainer& trainer) {
        o.validate = [&trainer] {
            TokenWindows held_out{text, 3, 20};
            return evaluate(trainer, held_out).mean();
        };
        o.plateau = ReduceOnPlateau{.patience = 0, .factor = 0.5, .threshold = 0.5};
        return o;
    };
    LetterModel whole{Seed{1}};
    LetterTrainer trainer{whole, {}, rule, of_two};
    Progress end;
    const History expected = trained(with_validation(options, trainer), trainer, end);
    EXPECT_EQ(end.epoch, 3);
    EXPECT_LT(trainer.rate_factor(), 1);
    EXPECT_TRUE(trained(options, trainer, end).empty()) << "nothing is left to do";

    for (std::size_t stop = 1; stop <= 18; ++stop) {
        LetterModel model{Seed{1}};
        LetterTrainer parted{model, {}, rule, of_two};
        Progress progress;
        FitOptions first = with_validation(options, parted);
        first.on_batch = [&](const Progress& p) { return std::size_t(p.epoch) * 6 + p.batch < stop; };
        History history = trained(first, parted, progress);
        EXPECT_EQ(std::size_t(progress.epoch) * 6 + progress.batch, stop);
        for (const EpochResult& e : trained(with_validation(options, parted), parted, progress)) history.push_back(e);
        expect_same(history, expected);
        EXPECT_EQ(progress, end);
        EXPECT_EQ(parted.rate_factor(), trainer.rate_factor());
        EXPECT_EQ(differing(model.values(), whole.values()), 0u);
    }

    LetterModel model{Seed{1}};
    LetterTrainer by_epochs{model, {}, rule, of_two};
    Progress progress;
    FitOptions one = with_validation(options, by_epochs);
    one.on_epoch = [](const EpochResult&) { return false; };
    History history;
    for (int k = 0; k < 3; ++k) {
        const History part = trained(one, by_epochs, progress);
        ASSERT_EQ(part.size(), 1u);
        history.push_back(part[0]);
    }
    expect_same(history, expected);
    EXPECT_EQ(progress, end);
    EXPECT_EQ(differing(model.values(), whole.values()), 0u);
}

TEST(Fit, EndsWithoutABetterValidationLoss) {
    LetterModel model{Seed{1}};
    TokenWindows data{text, 20, 20};
    LetterTrainer trainer{model, {}, rule};
    FitOptions options = validated({3, 2, 2, 2.5, 1, 1, 7, 1, 0.5, 0.5});
    options.patience = 3;
    Progress progress;
    EXPECT_EQ(fit(trainer, data, options, progress).size(), 8u) << "not better than 1 three times";
    EXPECT_EQ(progress.epoch, 8);
    EXPECT_EQ(progress.best, 1);
    EXPECT_EQ(progress.bad, 3);
    EXPECT_TRUE(fit(trainer, data, options, progress).empty()) << "it has ended";

    options.patience = 4;
    EXPECT_EQ(fit(trainer, data, options, progress).size(), 2u) << "with more patience it goes on";
    EXPECT_EQ(progress.best, 0.5);

    Progress without;
    EXPECT_EQ(fit(trainer, data, validated({1, 2, 3, 4, 5}), without).size(), 5u) << "without patience it never ends";
    without = {};
    fit(trainer, data, {.epochs = 3}, without);
    EXPECT_EQ(without.bad, 0) << "epochs without validation are not bad ones";
}

TEST(Fit, LowersTheRateOnAPlateau) {
    LetterModel model{Seed{1}};
    TokenWindows data{text, 20, 20};
    LetterTrainer trainer{model, {}, rule};
    FitOptions options = validated({3, 2, 2, 2, 1, 1, 1});
    options.plateau = ReduceOnPlateau{.patience = 1, .factor = 0.5};
    std::vector<double> factors;
    options.on_epoch = [&](const EpochResult&) { return factors.push_back(trainer.rate_factor()), true; };
    Progress progress;
    fit(trainer, data, options, progress);
    EXPECT_EQ(factors, (std::vector{1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25}));
    EXPECT_EQ(progress.plateau, (ReduceOnPlateau::Memory{.best = 1, .bad = 0, .rate = 0.25}));
}

TEST(Fit, TellsWhichEpochIsTheBest) {
    LetterModel model{Seed{1}};
    TokenWindows data{text, 20, 20};
    const std::vector<double> losses{3, 2, 2, 7, 1};
    FitOptions options = validated(losses);
    std::vector<bool> better;
    options.on_epoch = [&](const EpochResult& e) { return better.push_back(e.better), true; };
    fit(model, data, CrossEntropy{}, rule, options);
    EXPECT_EQ(better, (std::vector{true, true, false, false, true}));
}

TEST(Fit, StandsAtTheBatchThatFailed) {
    std::vector<int> wrong = text;
    wrong[20] = 9;
    LetterModel model{Seed{1}};
    LetterTrainer trainer{model, {}, rule};
    TokenWindows data{wrong, 1, 5};
    Progress progress;
    EXPECT_EQ(failure_of([&] { fit(trainer, data, {.epochs = 1}, progress); }).kind, Error::Kind::argument);
    const auto batch = data.at(progress.batch);
    const auto has_it = [&](const Tokens& x) {
        return std::find(x.value, x.value + x.columns(), 9) != x.value + x.columns();
    };
    EXPECT_TRUE(has_it(std::get<0>(batch.inputs)) || has_it(batch.target));
    EXPECT_EQ(std::int64_t(progress.batch), trainer.steps());
}

TEST(Evaluate, CountsEveryTermOnce) {
    LetterModel model{Seed{1}};
    LetterTrainer trainer{model, {}, rule, {.threads = 2, .small_work = 0}};
    TokenWindows whole{text, 6, 27};
    const LossSum all = trainer.evaluate(whole.at(0));
    for (const int batch : {1, 5, 20, 33}) {
        TokenWindows data{text, 6, batch};
        const LossSum loss = evaluate(trainer, data);
        EXPECT_EQ(loss.terms, 162);
        EXPECT_NEAR(loss.sum, all.sum, 1e-10);
    }
}

TEST(Evaluate, NeedsNoTrainer) {
    const LetterModel model{Seed{1}};
    LetterModel trained = model;
    LetterTrainer trainer{trained, {}, rule};
    TokenWindows data = windows();
    EXPECT_EQ(evaluate(model, data, CrossEntropy{}), evaluate(trainer, data));
}

TEST(Evaluate, OfNoTargetsIsNoLoss) {
    TokenWindows data{ignored, 6, 5};
    expect_argument([&] { evaluate(LetterModel{Seed{1}}, data, CrossEntropy{.ignore = 3}); },
                    "rondo::evaluate: expected one target or more, got none");
    EXPECT_TRUE(std::isnan(LossSum{}.mean()));
}

} // namespace fit_test
