// SPDX-License-Identifier: MIT
#include <rondo/train/fit.hpp>

#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/data/token_windows.hpp>
#include <rondo/data/weighted_samples.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/sgd.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace trainer_test {

using namespace rondo;
using law::difference;
using law::differing;

using LetterModel = Model<Letters, EigenBackend<double>>;
using LetterTrainer = Trainer<Letters, CrossEntropy, Adam, EigenBackend<double>>;
using TrackerModel = Model<Tracker, EigenBackend<float>>;
using TrackerTrainer = Trainer<Tracker, MeanSquaredError, Adam, EigenBackend<float>>;

/// A model's parameters after some epochs of windows; the last batch of each epoch has one sequence.
std::vector<double> trained(int threads, int batch, std::vector<double>* losses = nullptr, std::size_t small_work = 0) {
    const auto text = letters(std::size_t(2 * batch + 1 + 6));
    TokenWindows windows{text, 6, batch};
    LetterModel model{Seed{1}};
    LetterTrainer trainer{model,
                          CrossEntropy{},
                          Adam{.rate = 1e-2},
                          {.clip_norm = 0.5, .threads = threads, .seed = Seed{3}, .small_work = small_work}};
    for (const std::int64_t epoch : {0, 1, 2, 3}) {
        windows.begin_epoch(Seed{9}, epoch);
        EXPECT_EQ(windows.count(), 3u);
        EXPECT_EQ(windows.at(2).target.extent.batch, 1);
        for (std::size_t k = 0; k < windows.count(); ++k) {
            const LossSum loss = trainer.step(windows.at(k));
            if (losses) losses->push_back(loss.mean());
        }
    }
    EXPECT_EQ(trainer.steps(), 12);
    return model.values();
}

TEST(Trainer, GivesTheSameBitsWithAnyNumberOfThreads) {
    for (const int batch : {3, 5, 20}) {
        std::vector<double> losses;
        const auto one = trained(1, batch, &losses);
        EXPECT_NE(one, LetterModel{Seed{1}}.values());
        for (const int threads : {1, 2, 3, 5}) {
            std::vector<double> others;
            EXPECT_EQ(differing(one, trained(threads, batch, &others)), 0u) << threads << " threads";
            EXPECT_EQ(losses, others) << threads << " threads";
            EXPECT_EQ(one, trained(threads, batch, nullptr, TrainerSettings{}.small_work)) << "all by the caller";
        }
    }
}

/// A loss that counts the parts of batches that are computed by threads other than the test's.
struct Elsewhere : CrossEntropy {
    std::thread::id here = std::this_thread::get_id();
    std::atomic<int>* elsewhere = nullptr;
    auto operator()(auto&&... given) const {
        if (std::this_thread::get_id() != here) ++*elsewhere;
        return CrossEntropy::operator()(std::forward<decltype(given)>(given)...);
    }
};

TEST(Trainer, SmallWorkStaysOnTheCallersThread) {
    const auto text = letters(2 * 4 + 1 + 6);
    TokenWindows windows{text, 6, 4};
    const std::size_t work = Model<Letters>::parameters * 6 * 4;
    for (const std::size_t small_work : {work, work + 1}) {
        std::atomic<int> elsewhere = 0;
        LetterModel model{Seed{1}};
        Elsewhere loss;
        loss.elsewhere = &elsewhere;
        Trainer trainer{model, loss, SGD{}, TrainerSettings{.threads = 2, .small_work = small_work}};
        trainer.step(windows.at(0));
        EXPECT_EQ(elsewhere > 0, small_work == work);
    }
}

TEST(Trainer, EvaluationLearnsNothingAndLeavesTrainingAlone) {
    const auto text = letters(60);
    for (const int threads : {1, 2}) {
        std::vector<std::vector<double>> ends;
        for (const bool disturbed : {false, true}) {
            TokenStreams streams{text, 5, 3};
            LetterModel model{Seed{1}};
            LetterTrainer trainer{model, CrossEntropy{}, Adam{}, {.threads = threads, .small_work = 0}};
            for (std::size_t k = 0; k < streams.count(); ++k) {
                trainer.step(streams.at(k));
                if (!disturbed) continue;
                const auto before = model.values();
                const LossSum first = trainer.evaluate(streams.at(0));
                EXPECT_EQ(trainer.evaluate(streams.at(0)), first) << "without dropout, from the start";
                Error none;
                EXPECT_EQ(trainer.evaluate(streams.at(0), none), first);
                EXPECT_FALSE(none);
                EXPECT_NE(trainer.evaluate(streams.at(1)), trainer.evaluate(streams.at(1))) << "it goes on";
                EXPECT_EQ(differing(model.values(), before), 0u);
            }
            ends.push_back(model.values());
        }
        EXPECT_EQ(differing(ends[0], ends[1]), 0u);
    }
}

TEST(Trainer, ReturnsTheLossBeforeTheStep) {
    const Tracks<float> data{5, 3};
    TrackerModel model{Seed{1}};
    TrackerTrainer trainer{model, MeanSquaredError{}, Adam{.rate = 1e-3}};
    const LossSum before = trainer.evaluate(data.batch()), step = trainer.step(data.batch());
    EXPECT_EQ(step, before) << "no dropout in this network";
    EXPECT_EQ(step.terms, 15);
    EXPECT_LT(trainer.evaluate(data.batch()).mean(), before.mean());
}

TEST(Trainer, AsksTheScheduleForEveryStep) {
    std::vector<std::int64_t> asked;
    const Tracks<float> data{5, 3};
    TrackerModel model{Seed{1}}, other = model;
    TrackerTrainer trainer{model, MeanSquaredError{}, Adam{.rate = 0.1}, {.schedule = [&](std::int64_t step) {
                               asked.push_back(step);
                               return step == 2 ? 0 : 0.5;
                           }}};
    TrackerTrainer half{other, MeanSquaredError{}, Adam{.rate = 0.05}};
    for (int k = 0; k < 2; ++k) trainer.step(data.batch()), half.step(data.batch());
    EXPECT_EQ(model, other);
    trainer.step(data.batch());
    EXPECT_EQ(model, other) << "a rate of zero";
    EXPECT_EQ(asked, (std::vector<std::int64_t>{0, 1, 2}));

    half.rate_factor(0);
    half.step(data.batch());
    EXPECT_EQ(model, other);
}

TEST(Trainer, ABatchWithoutTermsTeachesNothingButCarriesOn) {
    const auto text = letters(34);
    const std::vector<int> ignored(15, -100);
    TokenStreams streams{text, 5, 3};
    for (const int threads : {1, 2, 5}) {
        LetterModel model{Seed{1}};
        const LetterModel before = model;
        LetterTrainer trainer{model, {}, {}, {.threads = threads, .small_work = 0}};
        const auto without = [&](std::size_t k, StatePolicy carry) {
            auto batch = streams.at(k);
            batch.target.value = ignored.data();
            batch.state_policy = carry;
            return batch;
        };
        EXPECT_EQ(trainer.evaluate(without(0, StatePolicy::none)), LossSum{});
        trainer.evaluate(streams.at(0));
        const LossSum expected = trainer.evaluate(streams.at(1));
        EXPECT_EQ(trainer.evaluate(without(0, StatePolicy::start)).terms, 0);
        EXPECT_EQ(trainer.evaluate(streams.at(1)), expected) << "as after the same tokens with targets";

        for (const StatePolicy carry : {StatePolicy::none, StatePolicy::start, StatePolicy::resume})
            EXPECT_EQ(trainer.step(without(0, carry)).terms, 0);
        EXPECT_EQ(model, before);
        EXPECT_EQ(trainer.steps(), 0);
    }
}

TEST(Trainer, ASampleOfWeightTwoCountsAsTwo) {
    using Tracked = Samples<float, 3, float, 1>;
    Tracked data{8, Tracked::Target::each_sequence}, repeated{8, Tracked::Target::each_sequence};
    const std::vector<float> weights{1, 2, 0, 1, 2};
    for (std::size_t n = 0; n < weights.size(); ++n) {
        const auto x = normal_numbers<float>(12, n), y = normal_numbers<float>(1, 10 + n);
        data.add(x, y);
        for (int k = 0; k < int(weights[n]); ++k) repeated.add(x, y);
    }
    using Last = Sequential<GRU<3, 5>, Linear<5, 1>, LastStep<1>>;
    WeightedSamples weighted{data, weights};
    const auto after = [&](auto& batches, int threads) {
        Model<Last> model{Seed{1}};
        Trainer trainer{model, MeanSquaredError{}, SGD{.rate = 0.1}, {.threads = threads, .small_work = 0}};
        const LossSum loss = trainer.step(batches.at(0));
        EXPECT_EQ(loss.terms, 6);
        EXPECT_EQ(trainer.evaluate(batches.at(0)).terms, 6);
        auto values = model.values();
        values.push_back(float(loss.mean()));
        return values;
    };
    const auto once = after(weighted, 1);
    EXPECT_LT(difference(once, after(repeated, 1)), 1e-6);
    EXPECT_EQ(once, after(weighted, 2));

    Model<Last> model{Seed{1}};
    WeightedSamples wrong{data, std::vector<float>{1, 2, -1, 1, 2}};
    expect_argument([&] { evaluate(model, wrong, MeanSquaredError{}); },
                    "rondo: weight -1 of sequence 2, step 0 is not a finite number of 0 or more");
}

} // namespace trainer_test
