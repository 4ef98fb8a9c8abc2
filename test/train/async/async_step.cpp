// SPDX-License-Identifier: MIT
// Asynchronous training gives the same results as synchronous training with Eigen.
#include <rondo/train/async/async_step.hpp>

#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/data/token_windows.hpp>
#include <rondo/data/weighted_samples.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/op/scheduled_sampling.hpp>
#include <rondo/train/fit.hpp>

#include "deferred.hpp"

#include <laws/batch.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace async_step_test {

using namespace rondo;
using law::difference;
using law::differing;

/// The same without capture: every step is enqueued anew.
struct Recapturing : AsyncBackend {
    template <class Work>
    void repeat(Graph&, const Work& work) {
        work();
    }
};
static_assert(Asynchronous<AsyncBackend> && Asynchronous<Recapturing> && !Asynchronous<SyncBackend>);

/// Dropout between and after its layers.
using Reader =
    Sequential<Named<"in", Embedding<7, 3>>, Named<"rnn", RNN<3, 5, Stack{.layers = 2, .dropout = Rate{30}}>>,
               Dropout<5, Rate{1, 4}>, Named<"out", Linear<5, 7>>>;

const std::vector<int> text = letters(33);
const TrainerSettings settings{.clip_norm = 0.4, .clip_value = 0.1, .seed = Seed{4}};

struct Outcome {
    std::vector<double> losses, parameters;
    std::int64_t steps = 0;
};
void expect_near(const Outcome& a, const Outcome& b) {
    EXPECT_LT(difference(a.losses, b.losses), 1e-9);
    EXPECT_LT(difference(a.parameters, b.parameters), 1e-9);
    EXPECT_EQ(a.steps, b.steps);
}
void expect_same(const Outcome& a, const Outcome& b) {
    EXPECT_EQ(differing(a.losses, b.losses), 0u);
    EXPECT_EQ(differing(a.parameters, b.parameters), 0u);
    EXPECT_EQ(a.steps, b.steps);
}

template <class B, class Net = Reader, class Loss = CrossEntropy, class Data>
Outcome fitted(Data data, TrainerSettings with = settings) {
    Model<Net, B> model{Seed{1}};
    Trainer<Net, Loss, Adam, B> trainer{model, {}, Adam{.rate = 1e-2}, with};
    Progress progress;
    Outcome outcome;
    for (const EpochResult& e : fit(trainer, data, {.epochs = 4}, progress)) outcome.losses.push_back(e.loss);
    outcome.losses.push_back(evaluate(trainer, data).mean());
    outcome.parameters = model.values();
    outcome.steps = trainer.steps();
    if (with.average)
        for (const double one : trainer.averaged().values()) outcome.parameters.push_back(one);
    return outcome;
}
template <class Net = Reader, class Loss = CrossEntropy, class Data>
void expect_like_eigen(const Data& data, const TrainerSettings& with = settings) {
    const Outcome later = fitted<AsyncBackend, Net, Loss>(data, with);
    expect_near(later, fitted<SyncBackend, Net, Loss>(data, with));
    expect_same(later, fitted<Recapturing, Net, Loss>(data, with));
}

TEST(AsyncStep, WindowsOfTwoForms) { expect_like_eigen(TokenWindows{text, 6, 5}); }
TEST(AsyncStep, GroupsAndAnAverage) {
    TrainerSettings grouped = settings;
    grouped.groups = {
        {.names = "in", .frozen = true}, {.names = "rnn*bias*", .rate = 0.5}, {.names = "out", .frozen = true}};
    grouped.average = MovingAverage{.decay = 0.9};
    expect_like_eigen(TokenWindows{text, 6, 5}, grouped);
    grouped.threads = 2;
    grouped.small_work = 0;
    expect_like_eigen(TokenWindows{text, 6, 5}, grouped);
}
TEST(AsyncStep, StreamsThatGoOn) { expect_like_eigen(TokenStreams{text, 3, 2}); }
TEST(AsyncStep, TwoWorkersWait) {
    TrainerSettings two = settings;
    two.threads = 2;
    two.small_work = 0;
    expect_like_eigen(TokenWindows{text, 6, 5}, two);
}
/// Running averages are a part of a step.
using Normalized = Sequential<Named<"in", Embedding<7, 3>>, BatchNorm1d<3>, Named<"out", Linear<3, 7>>>;
TEST(AsyncStep, BatchesThatAreNormalized) {
    expect_like_eigen<Normalized>(TokenWindows{text, 6, 5});
    TrainerSettings two = settings;
    two.threads = 2;
    two.small_work = 0;
    expect_like_eigen<Normalized>(TokenWindows{text, 6, 5}, two);
}
TEST(AsyncStep, SequencesOfManyLengths) {
    Samples<int, 1, int, 1> data{3, Samples<int, 1, int, 1>::Target::each_step};
    for (const std::size_t length : {3u, 1u, 5u, 5u, 4u, 2u, 5u, 3u}) data.add(letters(length), letters(length, 2));
    expect_like_eigen(data);
}
/// Weights of samples are copied with the batch, those of classes are part of the program.
struct WithWeights : CrossEntropy {
    WithWeights() : CrossEntropy{.smoothing = 0.1, .weights = {1, 2, 3, 4, 5, 6, 7}} {}
};
TEST(AsyncStep, TargetsWithWeights) {
    Samples<int, 1, int, 1> data{3, Samples<int, 1, int, 1>::Target::each_step};
    for (const std::size_t length : {3u, 3u, 5u, 5u, 4u, 2u}) data.add(letters(length), letters(length, 2));
    expect_like_eigen<Reader, WithWeights>(WeightedSamples{data, std::vector<double>{1, 0, 2, 0.5, 3, 1}});
}

/// A network whose program depends on the number of the step, until the rate is reached.
struct Sampled : Network<Named<"in", Embedding<7, 3>>, Named<"scores", Linear<3, 7>>> {
    static constexpr int vocabulary = 7, output_size = 7;
    static auto forward(auto& run, const Tokens& x) {
        const auto first = run(layer<"scores">, run(layer<"in">, x));
        const Tokens own = own_or_given(run, first, x, ScheduledSampling{Rate{80}, 12}, run.draw());
        return run(layer<"scores">, run(layer<"in">, own));
    }
};
TEST(AsyncStep, ARateThatChangesWithTheStep) { expect_like_eigen<Sampled>(TokenWindows{text, 1, 5}); }

/// Lengths that the network sets are copied to the device in each step.
struct Shortened : Network<Named<"in", Embedding<7, 3>>, Named<"rnn", RNN<3, 5>>, Named<"out", Linear<5, 7>>> {
    static constexpr int vocabulary = 7, output_size = 7;
    static auto forward(auto& run, const Tokens& x) {
        static constexpr int lengths[]{6, 6, 6, 6, 6};
        auto all = run(layer<"in">, x);
        all.extent.lengths = lengths;
        return run(layer<"out">, run(layer<"rnn">, all));
    }
};
TEST(AsyncStep, WorkThatSendsIsDoneEachTime) { expect_like_eigen<Shortened>(TokenWindows{text, 6, 5}); }

/// Lengths that the network changes in each step, and that only the host reads.
int waning[5];
struct Waning : Network<Named<"in", Embedding<7, 3>>, Named<"tanh", Tanh<3>>, Named<"out", Linear<3, 7>>> {
    static constexpr int vocabulary = 7, output_size = 7;
    static auto forward(auto& run, const Tokens& x) {
        auto some = run(layer<"in">, x);
        some.extent.lengths = waning;
        auto all = run(layer<"tanh">, some);
        all.extent.lengths = nullptr;
        return run(layer<"out">, all);
    }
};
template <class B>
std::vector<double> waned() {
    Model<Waning, B> model{Seed{1}};
    Trainer<Waning, CrossEntropy, Adam, B> trainer{model, {}, {}, settings};
    TokenWindows data{text, 6, 5};
    std::vector<double> losses;
    for (const int length : {6, 5, 2, 4}) {
        std::ranges::fill(waning, length);
        losses.push_back(trainer.step(data.at(0)).mean());
    }
    return losses;
}
TEST(AsyncStep, LengthsThatTheHostReadsAreReadEachTime) {
    EXPECT_LT(difference(waned<AsyncBackend>(), waned<SyncBackend>()), 1e-9);
}

/// A factor that the host changes between steps is part of the program.
double factor = 1;
struct Scaled : CrossEntropy {
    auto operator()(auto& run, const auto& y, const Tokens& target, double terms) const {
        return CrossEntropy::operator()(run, y, target, terms / factor);
    }
};
template <class B>
std::vector<double> scaled() {
    Model<Reader, B> model{Seed{1}};
    Trainer<Reader, Scaled, Adam, B> trainer{model, {}, {}, settings};
    TokenWindows data{text, 6, 5};
    std::vector<double> losses;
    for (const double now : {1.0, 1.0, 1.0, 3.0, 0.5, 1.0}) {
        factor = now;
        losses.push_back(trainer.step(data.at(0)).mean());
    }
    return losses;
}
TEST(AsyncStep, NumbersThatTheHostChangesAreReadEachTime) {
    if (!rondo::clears_padding) GTEST_SKIP() << "values of operations are not compared";
    EXPECT_LT(difference(scaled<AsyncBackend>(), scaled<SyncBackend>()), 1e-9);
}

/// Counts the steps that are captured or replayed.
int repeats;
struct Counting : AsyncBackend {
    template <class Work>
    void repeat(Graph& graph, const Work& work) {
        ++repeats;
        AsyncBackend::repeat(graph, work);
    }
};
TEST(AsyncStep, StepsWithEqualProgramsAreRepeated) {
    repeats = 0;
    Model<Reader, Counting> model{Seed{1}};
    Trainer<Reader, CrossEntropy, Adam, Counting> trainer{model, {}, {}, settings};
    TokenWindows data{text, 6, 5};
    for (int k = 0; k < 6; ++k) trainer.enqueue(data.at(0));
    trainer.collect();
    EXPECT_EQ(repeats, 5) << "all but the first";
}

/// A loss of several parts.
struct Halves : CrossEntropy {
    auto operator()(auto& run, const auto& y, const Tokens& target, double terms) const {
        const auto half = CrossEntropy::operator()(run, y, target, 2 * terms);
        return half + CrossEntropy::operator()(run, y, target, 2 * terms);
    }
};
TEST(AsyncStep, ALossMayHaveParts) { expect_like_eigen<Reader, Halves>(TokenWindows{text, 6, 5}); }

TEST(AsyncStep, CollectsTheLossesOfAllSteps) {
    const Tracks<double> data{4, 3}, other{5, 2, 7};
    Model<Tracker, AsyncBackend> model{Seed{1}}, one_by_one = model;
    Followed<AsyncBackend> trainer{model, {}, {}}, waiting{one_by_one, {}, {}};
    LossSum sum;
    for (int k = 0; k < 150; ++k) { // more than a StepRecord has slots
        const auto batch = k % 5 < 3 ? data.batch() : other.batch();
        trainer.enqueue(batch);
        const LossSum loss = waiting.step(batch);
        sum.sum += loss.sum, sum.terms += loss.terms;
    }
    EXPECT_EQ(trainer.steps(), 150);
    EXPECT_EQ(trainer.collect(), sum);
    EXPECT_EQ(trainer.collect(), LossSum{}) << "nothing is left";
    EXPECT_EQ(differing(model.values(), one_by_one.values()), 0u);
    trainer.enqueue(data.batch());
    EXPECT_EQ(trainer.step(other.batch()).terms, 12 + 10) << "what was enqueued is collected with a step";
}

TEST(AsyncStep, StopsAndGoesOnToTheSameBits) {
    const auto trained = [](std::size_t stop) {
        Model<Reader, AsyncBackend> model{Seed{1}};
        Trainer<Reader, CrossEntropy, Adam, AsyncBackend> trainer{model, {}, {}, settings};
        TokenStreams data{text, 3, 2};
        Progress progress;
        FitOptions first{.epochs = 3};
        first.on_batch = [&](const Progress& p) { return std::size_t(p.epoch) * data.count() + p.batch < stop; };
        Outcome outcome;
        const auto add = [&](const History& history) {
            for (const EpochResult& e : history) outcome.losses.push_back(e.loss);
        };
        if (stop > 0) add(fit(trainer, data, first, progress));
        add(fit(trainer, data, {.epochs = 3}, progress));
        outcome.parameters = model.values();
        outcome.steps = trainer.steps();
        return outcome;
    };
    const Outcome whole = trained(0);
    EXPECT_EQ(whole.losses.size(), 3u);
    for (const std::size_t stop : {1u, 5u, 6u, 7u, 15u}) expect_same(trained(stop), whole);
}

TEST(AsyncStep, ABatchWithoutTermsTeachesNothingButCarriesOn) {
    const std::vector<int> ignored(6, -100);
    TokenStreams streams{text, 3, 2};
    std::vector<std::vector<double>> ends;
    for (int which = 0; which < 2; ++which) {
        const auto all = [&]<class B>(B) {
            Model<Reader, B> model{Seed{1}};
            Trainer<Reader, CrossEntropy, Adam, B> trainer{model, {}, {}};
            for (const std::size_t k : {0u, 1u, 2u, 3u, 4u, 0u, 1u}) {
                auto batch = streams.at(k);
                if (k % 2 == 1) batch.target.value = ignored.data();
                trainer.enqueue(batch);
            }
            EXPECT_EQ(trainer.collect().terms, 24);
            EXPECT_EQ(trainer.steps(), 4);
            return model.values();
        };
        ends.push_back(which == 0 ? all(AsyncBackend{}) : all(SyncBackend{}));
    }
    EXPECT_LT(difference(ends[0], ends[1]), 1e-9);
}

} // namespace async_step_test
