// SPDX-License-Identifier: MIT
#include <rondo/train/trainer.hpp>

#include <rondo/data/token_streams.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/sgd.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace trainer_refused_test {

using namespace rondo;
using law::differing;

using LetterModel = Model<Letters, EigenBackend<double>>;
using LetterTrainer = Trainer<Letters, CrossEntropy, Adam, EigenBackend<double>>;
using TrackerModel = Model<Tracker, EigenBackend<float>>;
using TrackerTrainer = Trainer<Tracker, MeanSquaredError, Adam, EigenBackend<float>>;

/// Failed steps have no effect on parameters, the number of steps and the next valid step.
template <class T, class Make, class Good, class Bad>
void expect_no_trace(Make make, const Good& good, const Bad& bad, Error::Kind kind, const std::string& message) {
    for (const int threads : {1, 2}) {
        SCOPED_TRACE(std::to_string(threads) + " threads");
        auto model = make(), other = make();
        T trainer{model, {}, {.rate = 0.1}, {.threads = threads, .small_work = 0}},
            untroubled{other, {}, {.rate = 0.1}, {.threads = threads, .small_work = 0}};
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
                                       "rondo: token " + std::to_string(wrong) +
                                           " of sequence 1, step 2 is not from 0 to 6");
        expect_no_trace<LetterTrainer>(make, batch(text, text, extent), batch(text, bad, extent), Error::Kind::argument,
                                       "rondo::CrossEntropy: target " + std::to_string(wrong) +
                                           " of sequence 1, step 2 is not a class from 0 to 6");
    }
    // Padding may be any token.
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
    LetterTrainer one{model, {}, {}},
        two{model, {}, {}, {.threads = 2, .small_work = 0}}; // each of two workers reports errors of its part
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
    const auto refused = [&](auto change, const std::string& what) {
        Tracks<float> bad = good;
        change(bad);
        expect_no_trace<TrackerTrainer>(make, good.batch(), bad.batch(), Error::Kind::not_finite,
                                        "rondo::Trainer: step 3: " + what +
                                            " is not finite; the parameters are those of step 2");
    };
    // The last step of the last sequence, which is in the second worker's part.
    refused([](Tracks<float>& bad) { bad.x[3 * 14] = nan; }, "the loss is nan; input 0 of sequence 2, step 4");
    refused([](Tracks<float>& bad) { bad.x[3 * 14] = infinity; },
            "input 0 of sequence 2, step 4"); // gates saturate, but their gradients are NaN
    refused([](Tracks<float>& bad) { bad.y[0] = nan; }, "the loss is nan; the target of sequence 0, step 0");
    refused([](Tracks<float>& bad) { bad.y[0] = -infinity; }, "the loss is inf; the target of sequence 0, step 0");
}

// Training does not resume from the states of a batch that was not finite.
TEST(Trainer, BeginsFromZeroAfterNumbersThatAreNotFinite) {
    const Tracks<float> good{5, 3};
    Tracks<float> bad = good;
    bad.x[0] = std::numeric_limits<float>::quiet_NaN();
    for (const int threads : {1, 2}) {
        TrackerModel model{Seed{1}}, other = model;
        TrackerTrainer trainer{model, {}, {}, {.threads = threads, .small_work = 0}},
            fresh{other, {}, {}, {.threads = threads, .small_work = 0}};
        for (const StatePolicy carry : {StatePolicy::start, StatePolicy::resume})
            trainer.step(good.batch(carry)), fresh.step(good.batch(carry));
        Error error;
        trainer.step(bad.batch(StatePolicy::resume), error);
        EXPECT_EQ(error.kind, Error::Kind::not_finite);
        EXPECT_EQ(trainer.step(good.batch(StatePolicy::resume)), fresh.step(good.batch(StatePolicy::start)));
        EXPECT_EQ(model, other);
    }
}

TEST(Trainer, StopsWhereAHugeRateLeads) {
    const Tracks<float> data{5, 3};
    for (const int threads : {1, 2}) {
        TrackerModel model{Seed{1}};
        Trainer<Tracker, MeanSquaredError, SGD, EigenBackend<float>> trainer{
            model, {}, {.rate = 1e30}, {.threads = threads, .small_work = 0}};
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
    // If the first step overflows, the message names the parameter.
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
    expect_argument([&] { TrackerTrainer(model, {}, {}, {.clip_norm = -1}); },
                    "rondo::Trainer: clip_norm: expected a number from 0 to below inf, got -1");
    expect_argument([&] { TrackerTrainer(model, {}, {}, {.clip_value = NAN}); },
                    "rondo::Trainer: clip_value: expected a number from 0 to below inf, got nan");
}

TEST(Trainer, RefusesToGoOnWithOtherSequences) {
    const Tracks<float> five{4, 5}, four{4, 4};
    for (const int threads : {1, 2}) {
        TrackerModel model{Seed{1}};
        TrackerTrainer trainer{model, {}, {}, {.threads = threads, .small_work = 0}};
        trainer.step(four.batch(StatePolicy::resume)); // the first batch starts from zero
        expect_argument([&] { trainer.step(five.batch(StatePolicy::resume)); },
                        "rondo::Trainer: a batch of 5 sequences cannot go on from the states of 4");
        for (const auto& tracks : {five, Tracks<float>{4, 1}})
            for (const StatePolicy carry : {StatePolicy::start, StatePolicy::resume}) trainer.step(tracks.batch(carry));
    }
}

TEST(Trainer, RefusesLengthsOutsideTheSteps) {
    const Tracks<float> good{4, 3};
    TrackerModel model{Seed{1}};
    TrackerTrainer trainer{model, {}, {}};
    for (const int wrong : {5, -1}) {
        const int lengths[]{4, wrong, 4};
        auto of_input = good.batch(), of_target = good.batch();
        std::get<0>(of_input.inputs).extent.lengths = of_target.target.extent.lengths = lengths;
        const std::string message =
            "rondo: the length of sequence 1: expected 0 to 4 steps, got " + std::to_string(wrong);
        expect_argument([&] { trainer.step(of_input); }, message);
        expect_argument([&] { trainer.step(of_target); }, message);
    }
    // Targets after the end of the input would count as terms, but have no gradient.
    const int lengths[]{4, 2, 4};
    auto padded = good.batch();
    std::get<0>(padded.inputs).extent.lengths = lengths;
    expect_argument([&] { trainer.step(padded); }, "rondo: sequence 1 has 2 steps, its targets have 4");
}

/// A network that states neither vocabulary nor classes, so that the trainer cannot validate them before a step.
struct Unspoken : Network<Named<"in", Embedding<7, 5>>, Named<"out", Linear<5, 7>>> {
    static auto forward(auto& run, const Tokens& x) { return run(layer<"out">, run(layer<"in">, x)); }
};

TEST(Trainer, RefusesTokensAndTargetsOfAnyNetwork) {
    const auto text = letters(15);
    auto bad = text;
    bad[7] = 7;
    const auto batch = [&](const std::vector<int>& x, const std::vector<int>& y) {
        return Batch<Tokens, Tokens>{{{x.data(), nullptr, {5, 3}}}, {y.data(), nullptr, {5, 3}}};
    };
    const auto make = [] { return Model<Unspoken>{Seed{1}}; };
    using T = Trainer<Unspoken, CrossEntropy, Adam, EigenBackend<float>>;
    expect_no_trace<T>(make, batch(text, text), batch(bad, text), Error::Kind::argument,
                       "rondo: token 7 of sequence 1, step 2 is not from 0 to 6");
    expect_no_trace<T>(make, batch(text, text), batch(text, bad), Error::Kind::argument,
                       "rondo::CrossEntropy: target 7 of sequence 1, step 2 is not a class from 0 to 6");
}

using Both = Sequential<Embedding<7, 5>, LSTM<5, 3, Stack{.bidirectional = true}>, Linear<6, 7>>;

TEST(Trainer, BothDirectionsCannotBeCarriedOn) {
    const auto text = letters(40);
    TokenStreams streams{text, 5, 3};
    auto alone = streams.at(0), carried = alone;
    alone.state_policy = StatePolicy::none;
    for (const StatePolicy carry : {StatePolicy::start, StatePolicy::resume}) {
        carried.state_policy = carry;
        expect_no_trace<Trainer<Both, CrossEntropy, Adam, EigenBackend<float>>>(
            [] { return Model<Both>{Seed{1}}; }, alone, carried, Error::Kind::argument,
            "rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot carry state on");
    }
}

/// A network that throws an exception of another type if a batch has 13 steps.
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
        Trainer<Fragile, MeanSquaredError, Adam, EigenBackend<float>> trainer{
            model, {}, {}, {.threads = threads, .small_work = 0}};
        const LossSum before = trainer.evaluate(good.batch());
        EXPECT_THROW(trainer.step(bad.batch()), std::logic_error);
        EXPECT_THROW(trainer.evaluate(bad.batch()), std::logic_error);
        EXPECT_EQ(trainer.steps(), 0);
        EXPECT_EQ(trainer.evaluate(good.batch()), before);
    }
}

} // namespace trainer_refused_test
