// SPDX-License-Identifier: MIT
// The moving average of the weights; its values are those of a golden in traces.hpp.
#include <rondo/train/moving_average.hpp>

#include "letters_fit.hpp"

#include <rondo/layer/batch_norm.hpp>
#include <rondo/train/checkpoint.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace moving_average_test {

using namespace fit_test;
using law::difference;
using law::differing;

TrainerSettings averaged(MovingAverage average) {
    TrainerSettings with = settings;
    with.average = average;
    return with;
}

TEST(MovingAverage, DecaysAsItsEquationsSay) {
    const MovingAverage plain{.decay = 0.9, .start = 2}, warm{.decay = 0.5, .warm_up = true};
    for (const std::int64_t step : {1, 2, 3}) EXPECT_EQ(plain.decay_after(step), 0);
    EXPECT_EQ(plain.decay_after(4), 0.9);
    EXPECT_EQ(warm.decay_after(1), 0);
    EXPECT_EQ(warm.decay_after(2), 2.0 / 11);
    EXPECT_EQ(warm.decay_after(8), 8.0 / 17);
    EXPECT_EQ(warm.decay_after(9), 0.5);
    EXPECT_EQ(warm.decay_after(1000), 0.5);
}

TEST(MovingAverage, FollowsEachStep) {
    for (const MovingAverage& average : {MovingAverage{.decay = 0.8}, MovingAverage{.decay = 0.8, .warm_up = true},
                                         MovingAverage{.decay = 0.5, .start = 3}}) {
        LetterModel model{Seed{1}}, other = model;
        LetterTrainer trainer{model, {}, rule, averaged(average)}, plain{other, {}, rule, settings};
        TokenWindows data = windows();
        EXPECT_EQ(trainer.averaged(), model);
        std::vector<double> expected(model.count());
        for (std::int64_t step = 1; step <= 6; ++step) {
            trainer.step(data.at(std::size_t(step - 1)));
            plain.step(data.at(std::size_t(step - 1)));
            const double d = average.decay_after(step);
            for (std::size_t k = 0; k < expected.size(); ++k) expected[k] = d * expected[k] + (1 - d) * model.data()[k];
            EXPECT_LT(difference(trainer.averaged().values(), expected), 1e-15);
        }
        EXPECT_EQ(model, other) << "training does not depend on its average";
        EXPECT_NE(model, trainer.averaged());
        EXPECT_EQ(plain.averaged(), other);
        const LetterModel last = model, mean = trainer.averaged();
        trainer.swap_average();
        EXPECT_EQ(model, mean);
        trainer.swap_average();
        EXPECT_EQ(model, last);
    }
}

TEST(MovingAverage, IsNotInTheModelWithoutKeep) {
    LetterModel model{Seed{1}}, other = model;
    TokenWindows data = windows(), same = windows();
    const History history = fit(model, data, CrossEntropy{}, rule, three, averaged({.decay = 0.8}));
    ASSERT_EQ(history.notes.size(), 1u);
    EXPECT_TRUE(history.notes[0].starts_with("the model has the parameters of the last step, not their average"));
    EXPECT_TRUE(fit(other, same, CrossEntropy{}, rule, three, settings).notes.empty());
    LetterTrainer none{model, {}, rule, settings};
    expect_argument([&] { none.swap_average(); }, "rondo::Trainer: swap_average: expected an average, got none");
}

/// A run whose validation is a loss of the model, or fails in an epoch.
struct Averaged {
    LetterModel model;
    TokenWindows data = windows(), held_out{text, 3, 20};
    LetterTrainer trainer;
    Progress progress{};
    FitOptions options{.epochs = 3};
    std::vector<std::vector<double>> validated{}, averages{};
    std::int64_t fails = -1;

    explicit Averaged(std::uint64_t seed, MovingAverage average = {.decay = 0.9})
        : model{Seed{seed}}, trainer{model, {}, rule, averaged(average)} {
        options.validate = [this] {
            if (progress.epoch == fails) fail(Error::Kind::argument, "no validation");
            validated.push_back(model.values());
            return evaluate(trainer, held_out).mean();
        };
        options.on_epoch = [this](const EpochResult&) {
            averages.push_back(trainer.averaged().values());
            return true;
        };
    }
    Averaged(const Averaged&) = delete;
    History fit() { return rondo::fit(trainer, data, options, progress); }
};

TEST(MovingAverage, IsEvaluatedAndKept) {
    Averaged run{1}, kept{1}, plain{1};
    const History history = run.fit();
    EXPECT_EQ(run.validated, run.averages);
    EXPECT_NE(run.model.values(), run.averages.back()) << "training goes on from the parameters";
    EXPECT_EQ(history[2].validation, evaluate(run.trainer.averaged(), run.held_out, CrossEntropy{}).mean());
    kept.options.keep = Best{};
    EXPECT_EQ(kept.fit().restored, 3);
    EXPECT_EQ(kept.model.values(), run.averages.back());

    plain.fails = 1;
    EXPECT_EQ(failure_of([&] { plain.fit(); }).message, "no validation");
    plain.trainer.step(plain.data.at(0));
    EXPECT_LT(difference(plain.model.values(), plain.trainer.averaged().values()), 1)
        << "the parameters are in their place after an error";
    EXPECT_NE(plain.model.values(), plain.validated.back());
}

TEST(MovingAverage, IsInCheckpoints) {
    const TemporaryFolder folder;
    Averaged whole{1};
    whole.fit();
    Averaged first{1}, second{77};
    first.options.on_batch = [](const Progress& p) { return p.epoch < 1 || p.batch < 3; };
    first.fit();
    save_checkpoint(first.trainer, first.progress, folder / "a");
    load_checkpoint(second.trainer, second.progress, folder / "a");
    EXPECT_EQ(second.trainer.averaged(), first.trainer.averaged());
    second.fit();
    EXPECT_EQ(second.model, whole.model);
    EXPECT_EQ(second.trainer.averaged(), whole.trainer.averaged());

    Averaged other{1, {.decay = 0.5, .warm_up = true, .start = 7}};
    LetterModel model{Seed{1}};
    LetterTrainer without{model, {}, rule, settings};
    const std::string path = (folder / "a").string(), ours = ": the run's average of weights: decay 0.9 from step 0; ";
    expect_failure([&] { load_checkpoint(other.trainer, other.progress, path); }, Error::Kind::mismatch,
                   path + ours + "the trainer's: decay 0.5 from step 7, warm-up");
    expect_failure([&] { load_checkpoint(without, other.progress, path); }, Error::Kind::mismatch,
                   path + ours + "the trainer's: none");
    save_checkpoint(without, {}, folder / "b");
    expect_failure([&] { load_checkpoint(first.trainer, first.progress, folder / "b"); }, Error::Kind::mismatch,
                   (folder / "b").string() +
                       ": the run's average of weights: none; the trainer's: decay 0.9 from step 0");
}

// The averages of a norm are those of the model.
TEST(MovingAverage, IsOfParametersOnly) {
    using Net = Sequential<Named<"in", Embedding<7, 5>>, Named<"bn", BatchNorm1d<5>>, Named<"out", Linear<5, 7>>>;
    Model<Net, B> model{Seed{1}};
    Trainer<Net, CrossEntropy, Adam, B> trainer{model, {}, rule, averaged({.decay = 0.9})};
    TokenWindows data = windows();
    for (std::size_t k = 0; k < 3; ++k) trainer.step(data.at(k));
    const Model<Net, B> mean = trainer.averaged();
    EXPECT_EQ((mean.template tensor<"bn.running_mean">()), (model.template tensor<"bn.running_mean">()));
    EXPECT_EQ((mean.template tensor<"bn.num_batches_tracked">()), (model.template tensor<"bn.num_batches_tracked">()));
    EXPECT_NE((mean.template tensor<"bn.weight">()), (model.template tensor<"bn.weight">()));
    trainer.swap_average();
    EXPECT_EQ(model, mean);
}

TEST(MovingAverage, RefusesSettings) {
    LetterModel model{Seed{1}};
    expect_argument([&] { LetterTrainer(model, {}, rule, averaged({.decay = 1})); },
                    "rondo::Trainer: average: decay: expected a number from 0 to below 1, got 1");
    expect_argument([&] { LetterTrainer(model, {}, rule, averaged({.start = -1})); },
                    "rondo::Trainer: average: start: expected 0 or more, got -1");
}

} // namespace moving_average_test
