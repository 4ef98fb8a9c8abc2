// SPDX-License-Identifier: MIT
#include <rondo/train/trainer.hpp>

#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/token_streams.hpp>
#include <rondo/train/token_windows.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace rondo;
using law::difference;
using law::differing;

using LetterModel = Model<Letters, EigenBackend<double>>;
using LetterTrainer = Trainer<Letters, CrossEntropy, Adam, EigenBackend<double>>;
using TrackerModel = Model<Tracker, EigenBackend<float>>;
using TrackerTrainer = Trainer<Tracker, MeanSquaredError, Adam, EigenBackend<float>>;

/// A model's numbers after some epochs of windows; the last batch of each has one sequence.
std::vector<double> trained(int threads, int batch, std::vector<double>* losses = nullptr) {
    const auto text = letters(std::size_t(2 * batch + 1 + 6));
    TokenWindows windows{text, 6, batch};
    LetterModel model{Seed{1}};
    LetterTrainer trainer{
        model, CrossEntropy{}, Adam{.rate = 1e-2}, {.clip_norm = 0.5, .threads = threads, .seed = Seed{3}}};
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

TEST(Trainer, SameThreadsGiveTheSameBitsAndOthersTheSameToRounding) {
    for (const int batch : {3, 5, 20}) {
        std::vector<double> losses;
        const auto one = trained(1, batch, &losses);
        EXPECT_NE(one, LetterModel{Seed{1}}.values());
        for (const int threads : {1, 2, 3, 5}) {
            std::vector<double> others;
            const auto several = trained(threads, batch, &others);
            EXPECT_EQ(differing(several, trained(threads, batch)), 0u) << threads << " threads";
            EXPECT_LT(difference(one, several), 1e-11) << threads << " threads";
            EXPECT_LT(difference(losses, others), 1e-11) << threads << " threads";
        }
    }
}

TEST(Trainer, EvaluationLearnsNothingAndLeavesTrainingAlone) {
    const auto text = letters(60);
    for (const int threads : {1, 2}) {
        std::vector<std::vector<double>> ends;
        for (const bool disturbed : {false, true}) {
            TokenStreams streams{text, 5, 3};
            LetterModel model{Seed{1}};
            LetterTrainer trainer{model, CrossEntropy{}, Adam{}, {.threads = threads}};
            for (std::size_t k = 0; k < streams.count(); ++k) {
                trainer.step(streams.at(k));
                if (!disturbed) continue;
                const auto before = model.values();
                const LossSum first = trainer.evaluate(streams.at(0));
                EXPECT_EQ(trainer.evaluate(streams.at(0)), first) << "without dropout, from the start";
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

/// Steps that fail leave no trace: parameters, step count and what the next good step does are as if they had not been.
template <class T, class Make, class Good, class Bad>
void expect_no_trace(Make make, const Good& good, const Bad& bad, Error::Kind kind, const std::string& message) {
    for (const int threads : {1, 2}) {
        SCOPED_TRACE(std::to_string(threads) + " threads");
        auto model = make(), other = make();
        T trainer{model, {}, {.rate = 0.1}, {.threads = threads}},
            untroubled{other, {}, {.rate = 0.1}, {.threads = threads}};
        for (int k = 0; k < 2; ++k) trainer.step(good), untroubled.step(good);

        Error error;
        trainer.step(bad, error);
        EXPECT_EQ(error.kind, kind);
        EXPECT_EQ(error.message, message);
        expect_failure([&] { trainer.step(bad); }, kind, message);
        EXPECT_EQ(differing(model.values(), other.values()), 0u);
        EXPECT_EQ(trainer.steps(), 2);

        Error untouched{Error::Kind::file, "from before"};
        EXPECT_EQ(trainer.step(good, untouched), untroubled.step(good));
        EXPECT_EQ(untouched, (Error{Error::Kind::file, "from before"}));
        EXPECT_EQ(differing(model.values(), other.values()), 0u);
    }
}

TEST(Trainer, RefusesTokensAndTargetsOutOfRange) {
    const auto text = letters(16);
    const Extent extent{5, 3};
    const auto batch = [&](const std::vector<int>& tokens, const std::vector<int>& targets, Extent e) {
        return Batch<Tokens, Tokens>{{{tokens.data(), nullptr, e}}, {targets.data(), nullptr, e}};
    };
    const auto make = [] { return LetterModel{Seed{1}}; };
    for (const int wrong : {7, -1, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
        auto bad = text;
        bad[7] = wrong;
        expect_no_trace<LetterTrainer>(make, batch(text, text, extent), batch(bad, text, extent), Error::Kind::argument,
                                       "rondo::Trainer: token " + std::to_string(wrong) +
                                           " of sequence 1, step 2 is not from 0 to 6");
        expect_no_trace<LetterTrainer>(make, batch(text, text, extent), batch(text, bad, extent), Error::Kind::argument,
                                       "rondo::CrossEntropy: target " + std::to_string(wrong) +
                                           " of sequence 1, step 2 is not a class from 0 to 6");
    }
    // Padding may hold any token.
    auto padded = text;
    padded[7] = 1234567;
    const int lengths[]{5, 2, 5};
    LetterModel model{Seed{1}}, other = model;
    LetterTrainer{model, {}, {}}.step(batch(padded, text, {5, 3, lengths}));
    LetterTrainer{other, {}, {}}.step(batch(text, text, {5, 3, lengths}));
    EXPECT_EQ(model, other);
}

TEST(Trainer, RefusesTargetsOfOtherExtents) {
    const auto text = letters(50);
    const auto batch = [&](Extent of_tokens, Extent of_targets) {
        return Batch<Tokens, Tokens>{{{text.data(), nullptr, of_tokens}}, {text.data(), nullptr, of_targets}};
    };
    const auto make = [] { return LetterModel{Seed{1}}; };
    expect_no_trace<LetterTrainer>(make, batch({5, 3}, {5, 3}), batch({5, 3}, {5, 4}), Error::Kind::argument,
                                   "rondo::Trainer: the input is 3 sequences, the targets are 4");
    expect_no_trace<LetterTrainer>(make, batch({5, 3}, {5, 3}), batch({5, 4}, {5, 3}), Error::Kind::argument,
                                   "rondo::Trainer: the input is 4 sequences, the targets are 3");
    LetterModel model{Seed{1}};
    const auto one_step = batch({5, 2}, {1, 2});
    LetterTrainer one{model, {}, {}}, two{model, {}, {}, {.threads = 2}}; // of two, each speaks of its share
    expect_argument([&] { one.step(one_step); },
                    "rondo: the network gave 5 steps of 2 sequences, the targets are 1 steps of 2");
    expect_argument([&] { two.step(one_step); },
                    "rondo: the network gave 5 steps of 1 sequences, the targets are 1 steps of 1");
    EXPECT_EQ(model, make());
}

TEST(Trainer, StopsAtNumbersThatAreNotFinite) {
    const auto make = [] { return TrackerModel{Seed{1}}; };
    const Tracks<float> good{5, 3};
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    const std::string gradient = "the gradient of gru.weight_ih_l0 is not finite; the parameters are those of step 2";
    const auto refused = [&](auto change, const std::string& what) {
        Tracks<float> bad = good;
        change(bad);
        expect_no_trace<TrackerTrainer>(make, good.batch(), bad.batch(), Error::Kind::not_finite,
                                        "rondo::Trainer: step 3: " + what + gradient);
    };
    // The last step of the last sequence: the second worker's.
    refused([](Tracks<float>& bad) { bad.x[3 * 14] = nan; }, "the loss is nan; ");
    refused([](Tracks<float>& bad) { bad.x[3 * 14] = infinity; }, ""); // gates take it, their gradients do not
    refused([](Tracks<float>& bad) { bad.y[0] = nan; }, "the loss is nan; ");
    refused([](Tracks<float>& bad) { bad.y[0] = -infinity; }, "the loss is inf; ");
}

// The states that a bad batch left cannot be gone on from.
TEST(Trainer, BeginsFromZeroAfterNumbersThatAreNotFinite) {
    const Tracks<float> good{5, 3};
    Tracks<float> bad = good;
    bad.x[0] = std::numeric_limits<float>::quiet_NaN();
    for (const int threads : {1, 2}) {
        TrackerModel model{Seed{1}}, other = model;
        TrackerTrainer trainer{model, {}, {}, {.threads = threads}}, fresh{other, {}, {}, {.threads = threads}};
        for (const Carry carry : {Carry::start, Carry::go_on})
            trainer.step(good.batch(carry)), fresh.step(good.batch(carry));
        Error error;
        trainer.step(bad.batch(Carry::go_on), error);
        EXPECT_EQ(error.kind, Error::Kind::not_finite);
        EXPECT_EQ(trainer.step(good.batch(Carry::go_on)), fresh.step(good.batch(Carry::start)));
        EXPECT_EQ(model, other);
    }
}

TEST(Trainer, StopsWhereAHugeRateLeads) {
    const Tracks<float> data{5, 3};
    for (const int threads : {1, 2}) {
        TrackerModel model{Seed{1}};
        Trainer<Tracker, MeanSquaredError, SGD, EigenBackend<float>> trainer{
            model, {}, {.rate = 1e30}, {.threads = threads}};
        trainer.step(data.batch());
        const auto last = model.values();
        for (const float value : last) EXPECT_TRUE(std::isfinite(value));
        Error error;
        trainer.step(data.batch(), error);
        EXPECT_EQ(error.kind, Error::Kind::not_finite);
        EXPECT_EQ(error.message.substr(0, 41), "rondo::Trainer: step 2: the loss is inf; ");
        EXPECT_TRUE(error.message.ends_with("; the parameters are those of step 1")) << error.message;
        EXPECT_EQ(differing(model.values(), last), 0u);
    }
    // One that leads beyond the numbers at once is named by the parameter.
    TrackerModel model{Seed{1}};
    Trainer<Tracker, MeanSquaredError, SGD, EigenBackend<float>> trainer{model, {}, {.rate = 1e300}};
    trainer.step(data.batch());
    Error error;
    trainer.step(data.batch(), error);
    EXPECT_EQ(error.message, "rondo::Trainer: step 2: the loss is nan; parameter gru.weight_ih_l0 is not finite; "
                             "the parameters are those of step 1");
}

TEST(Trainer, RefusesAScheduleWithoutAFactor) {
    const Tracks<float> data{5, 3};
    for (const auto& [factor, text] :
         {std::pair{std::numeric_limits<double>::quiet_NaN(), "nan"}, {-0.5, "-0.5"}, {HUGE_VAL, "inf"}}) {
        TrackerModel model{Seed{1}}, before = model;
        TrackerTrainer trainer{model, {}, {}, {.schedule = [factor = factor](std::int64_t) { return factor; }}};
        const std::string expected = "the rate's factor: expected a number from 0 to below inf, got ";
        expect_argument([&] { trainer.step(data.batch()); }, "rondo::Trainer: step 1: " + expected + text);
        EXPECT_EQ(model, before);
        EXPECT_EQ(trainer.steps(), 0);
    }
}

TEST(Trainer, RefusesBadSettings) {
    TrackerModel model{Seed{1}};
    expect_argument([&] { TrackerTrainer(model, {}, {}, {.threads = 0}); },
                    "rondo::Trainer: threads: expected 1 or more, got 0");
    expect_argument([&] { TrackerTrainer(model, {}, {.beta1 = 2}); },
                    "Adam: beta1: expected a number from 0 to below 1, got 2");
}

TEST(Trainer, ABatchWithoutTermsTeachesNothingButCarriesOn) {
    const auto text = letters(34);
    const std::vector<int> ignored(15, -100);
    TokenStreams streams{text, 5, 3};
    for (const int threads : {1, 2, 5}) {
        LetterModel model{Seed{1}};
        const LetterModel before = model;
        LetterTrainer trainer{model, {}, {}, {.threads = threads}};
        const auto without = [&](std::size_t k, Carry carry) {
            auto batch = streams.at(k);
            batch.target.value = ignored.data();
            batch.carry = carry;
            return batch;
        };
        EXPECT_EQ(trainer.evaluate(without(0, Carry::none)), LossSum{});
        trainer.evaluate(streams.at(0));
        const LossSum expected = trainer.evaluate(streams.at(1));
        EXPECT_EQ(trainer.evaluate(without(0, Carry::start)).terms, 0);
        EXPECT_EQ(trainer.evaluate(streams.at(1)), expected) << "as after the same tokens with targets";

        for (const Carry carry : {Carry::none, Carry::start, Carry::go_on})
            EXPECT_EQ(trainer.step(without(0, carry)).terms, 0);
        EXPECT_EQ(model, before);
        EXPECT_EQ(trainer.steps(), 0);
    }
}

using Both = Sequential<Embedding<7, 5>, LSTM<5, 3, Stack{.bidirectional = true}>, Linear<6, 7>>;

TEST(Trainer, BothDirectionsCannotBeCarriedOn) {
    const auto text = letters(40);
    TokenStreams streams{text, 5, 3};
    auto alone = streams.at(0), carried = alone;
    alone.carry = Carry::none;
    for (const Carry carry : {Carry::start, Carry::go_on}) {
        carried.carry = carry;
        expect_no_trace<Trainer<Both, CrossEntropy, Adam, EigenBackend<float>>>(
            [] { return Model<Both>{Seed{1}}; }, alone, carried, Error::Kind::argument,
            "rondo: a bidirectional layer reads a sequence from its end; it cannot carry state on");
    }
}

/// A network that throws something of its own where a batch has 13 steps.
struct Fragile : Network<Named<"rnn", GRU<3, 1>>> {
    static constexpr int output_size = 1;
    static auto forward(auto& run, const auto& x) {
        if (x.extent.steps == 13) throw std::logic_error{"thirteen"};
        return run(layer<"rnn">, x);
    }
};

TEST(Trainer, HandsOnWhatANetworkThrows) {
    const Tracks<float> good{5, 5}, bad{13, 5};
    for (const int threads : {1, 2, 5}) {
        Model<Fragile> model{Seed{1}};
        Trainer<Fragile, MeanSquaredError, Adam, EigenBackend<float>> trainer{model, {}, {}, {.threads = threads}};
        const LossSum before = trainer.evaluate(good.batch());
        EXPECT_THROW(trainer.step(bad.batch()), std::logic_error);
        EXPECT_THROW(trainer.evaluate(bad.batch()), std::logic_error);
        EXPECT_EQ(trainer.steps(), 0);
        EXPECT_EQ(trainer.evaluate(good.batch()), before);
    }
}

} // namespace
