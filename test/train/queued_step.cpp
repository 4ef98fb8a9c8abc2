// SPDX-License-Identifier: MIT
// Training on a backend whose work is done later: what nobody waited for is what Eigen does at once.
#include <rondo/train/queued_step.hpp>

#include <rondo/layer/activation.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/operation/scheduled_sampling.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/fit.hpp>
#include <rondo/train/samples.hpp>
#include <rondo/train/token_streams.hpp>
#include <rondo/train/token_windows.hpp>

#include <laws/batch.hpp>
#include <support/backend.hpp>
#include <support/failure.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace rondo;
using law::difference;
using law::differing;

using Later = TestBackend<double>;
using AtOnce = EigenBackend<double>;

/// The same, but it keeps no work: it is asked for all of it every time.
struct Anew : Later {
    template <class Work>
    void repeat(Graph&, const Work& work) {
        work();
    }
};
static_assert(Queued<Later> && Queued<Anew> && !Queued<AtOnce>);

/// Dropout between and after its layers.
using Reader = Sequential<Named<"in", Embedding<7, 3>>,
                          Named<"rnn", RNN<3, 5, Stack{.layers = 2, .dropout = Rate{30}}>>, Dropout<5, Rate{1, 4}>,
                          Named<"out", Linear<5, 7>>>;
static_assert(detail::queues<Reader, CrossEntropy, Later, Batch<Tokens, Tokens>>);
static_assert(!detail::queues<Reader, CrossEntropy, AtOnce, Batch<Tokens, Tokens>>);

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
    return outcome;
}
template <class Net = Reader, class Loss = CrossEntropy, class Data>
void expect_like_eigen(const Data& data, const TrainerSettings& with = settings) {
    const Outcome later = fitted<Later, Net, Loss>(data, with);
    expect_near(later, fitted<AtOnce, Net, Loss>(data, with));
    expect_same(later, fitted<Anew, Net, Loss>(data, with));
}

TEST(QueuedStep, WindowsOfTwoForms) { expect_like_eigen(TokenWindows{text, 6, 5}); }
TEST(QueuedStep, StreamsThatGoOn) { expect_like_eigen(TokenStreams{text, 3, 2}); }
TEST(QueuedStep, TwoWorkersWait) {
    TrainerSettings two = settings;
    two.threads = 2;
    two.small_work = 0;
    expect_like_eigen(TokenWindows{text, 6, 5}, two);
}
TEST(QueuedStep, SequencesOfManyLengths) {
    Samples<int, 1, int, 1> data{3, Samples<int, 1, int, 1>::Target::each_step};
    for (const std::size_t length : {3u, 1u, 5u, 5u, 4u, 2u, 5u, 3u}) data.add(letters(length), letters(length, 2));
    expect_like_eigen(data);
}

/// The host reads the step, and so takes part in each.
struct Sampled : Network<Named<"in", Embedding<7, 3>>, Named<"scores", Linear<3, 7>>> {
    static constexpr int vocabulary = 7, output_size = 7;
    static auto forward(auto& run, const Tokens& x) {
        const auto first = run(layer<"scores">, run(layer<"in">, x));
        const Tokens own = own_or_given(run, first, x, ScheduledSampling{Rate{80}, 12}, run.draw());
        return run(layer<"scores">, run(layer<"in">, own));
    }
};
TEST(QueuedStep, ARateThatChangesWithTheStep) { expect_like_eigen<Sampled>(TokenWindows{text, 1, 5}); }

/// Lengths of the network's own are sent with each step.
struct Shortened : Network<Named<"in", Embedding<7, 3>>, Named<"rnn", RNN<3, 5>>, Named<"out", Linear<5, 7>>> {
    static constexpr int vocabulary = 7, output_size = 7;
    static auto forward(auto& run, const Tokens& x) {
        static constexpr int lengths[]{6, 6, 6, 6, 6};
        auto all = run(layer<"in">, x);
        all.extent.lengths = lengths;
        return run(layer<"out">, run(layer<"rnn">, all));
    }
};
TEST(QueuedStep, WorkThatSendsIsDoneEachTime) { expect_like_eigen<Shortened>(TokenWindows{text, 6, 5}); }

/// Lengths of its own that are others at each step, and which nobody but the host reads.
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
TEST(QueuedStep, LengthsThatTheHostReadsAreReadEachTime) {
    EXPECT_LT(difference(waned<Later>(), waned<AtOnce>()), 1e-9);
}

/// A loss that is a number at once.
struct Doubled : CrossEntropy {
    double operator()(auto& run, const auto& y, const Tokens& target, double terms) const {
        return CrossEntropy::operator()(run, y, target, terms / 2) + 0.5;
    }
};
static_assert(!detail::queues<Reader, Doubled, Later, Batch<Tokens, Tokens>>);
TEST(QueuedStep, ALossThatIsAskedForWaits) { expect_like_eigen<Reader, Doubled>(TokenWindows{text, 6, 5}); }

template <class B>
using Followed = Trainer<Tracker, MeanSquaredError, Adam, B>;

TEST(QueuedStep, CollectsTheLossesOfAllSteps) {
    const Tracks<double> data{4, 3}, other{5, 2, 7};
    Model<Tracker, Later> model{Seed{1}}, one_by_one = model;
    Followed<Later> trainer{model, {}, {}}, waiting{one_by_one, {}, {}};
    LossSum sum;
    for (int k = 0; k < 150; ++k) { // more than a record holds
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

/// Batches of a Tracker, one of them spoilt.
struct Spoilt {
    std::vector<Tracks<double>> all;
    explicit Spoilt(int count) {
        for (int k = 0; k < count; ++k) all.emplace_back(4, 3, std::uint64_t(k));
    }
    std::size_t count() const { return all.size(); }
    void begin_epoch(Seed, std::int64_t) {}
    auto at(std::size_t k) { return all[k].batch(k == 0 ? Carry::start : Carry::go_on); }
};

struct Failed {
    Error error;
    Progress progress;
    std::int64_t steps = 0;
    std::vector<double> parameters, memory, after;
};
template <class B>
Failed failed(Spoilt data, Adam rule = {}) {
    Model<Tracker, B> model{Seed{1}};
    Followed<B> trainer{model, {}, rule};
    Failed result;
    result.error = failure_of([&] { fit(trainer, data, {.epochs = 2}, result.progress); });
    result.steps = trainer.steps();
    result.parameters = model.values();
    for (const auto& buffer : trainer.optimizer_memory()) {
        std::vector<double> host(model.size);
        B::download(host.data(), B::data(buffer), host.size());
        result.memory.insert(result.memory.end(), host.begin(), host.end());
    }
    if (rule.rate < 1) trainer.step(Tracks<double>{4, 3}.batch(Carry::go_on)); // from zero: the states are gone
    result.after = model.values();
    return result;
}
void expect_like_eigen(const Spoilt& data, std::int64_t steps, const std::string& message, Adam rule = {}) {
    const Failed later = failed<Later>(data, rule), at_once = failed<AtOnce>(data, rule);
    EXPECT_EQ(at_once.error.message, message);
    EXPECT_EQ(later.error, at_once.error);
    EXPECT_EQ(later.steps, steps);
    EXPECT_EQ(at_once.steps, steps);
    EXPECT_EQ(later.progress.batch, at_once.progress.batch);
    EXPECT_EQ(later.progress.epoch, at_once.progress.epoch);
    EXPECT_NEAR(later.progress.loss.sum, at_once.progress.loss.sum, 1e-9);
    EXPECT_EQ(later.progress.loss.terms, at_once.progress.loss.terms);
    if (rule.rate > 1) return;
    EXPECT_LT(difference(later.parameters, at_once.parameters), 1e-9) << "steps after it change nothing";
    EXPECT_LT(difference(later.memory, at_once.memory), 1e-9);
    EXPECT_LT(difference(later.after, at_once.after), 1e-9);
}

TEST(QueuedStep, TellsWhichStepWasBad) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
    const std::string end = " is not finite; the parameters are those of step ";
    for (const std::size_t k : {0u, 1u, 7u, 17u, 19u}) {
        const std::string step = "rondo::Trainer: step " + std::to_string(k + 1) + ": ", before = std::to_string(k);
        Spoilt data{20};
        data.all[k].x[3 * 7 + 1] = nan;
        expect_like_eigen(data, std::int64_t(k),
                          step + "the loss is nan; input 0 of sequence 1, step 2" + end + before);
    }
    Spoilt data{20};
    data.all[5].x[3 * 11] = infinity; // gates take it, their gradients do not
    data.all[6].y[0] = nan;           // not the first
    expect_like_eigen(data, 5, "rondo::Trainer: step 6: input 0 of sequence 2, step 3" + end + "5");
    data.all[3].y[1] = infinity;
    expect_like_eigen(data, 3, "rondo::Trainer: step 4: the loss is inf; the target of sequence 1, step 0" + end + "3");
}

/// Not finite are numbers of a gradient alone.
struct Steep : Network<Named<"first", Linear<3, 2>>, Named<"second", Linear<2, 1>>> {
    static auto forward(auto& run, const auto& x) { return run(layer<"second">, run(layer<"first">, x)); }
};
template <class B>
Error too_steep() {
    Model<Steep, B> model;
    std::vector<double> values(model.size);
    const Tensor &weight = Steep::tensors[2], &bias = Steep::tensors[1];
    values[weight.offset] = 1e150; // the slopes of "first" overflow, not its result, which is zero
    values[bias.offset] = 0;
    model.assign(values);
    Trainer<Steep, MeanSquaredError, SGD, B> trainer{model, {}, {}};
    Tracks<double> data{2, 2};
    for (double& y : data.y) y = 1e150;
    for (double& x : data.x) x = 1e20;
    Error error;
    trainer.enqueue(data.batch(), error);
    trainer.enqueue(Tracks<double>{2, 2}.batch(), error);
    const LossSum sum = trainer.collect(error);
    EXPECT_EQ(trainer.steps(), error ? 0 : 2);
    EXPECT_EQ(sum.terms, error ? 0 : 8);
    return error;
}
TEST(QueuedStep, TellsWhichGradientWasBad) {
    const Error later = too_steep<Later>();
    EXPECT_EQ(later.kind, Error::Kind::not_finite);
    EXPECT_EQ(later.message, "rondo::Trainer: step 1: the gradient of first.weight is not finite; the parameters are "
                             "those of step 0");
}

TEST(QueuedStep, TellsWhichParameterWasBad) {
    expect_like_eigen(Spoilt{20}, 1,
                      "rondo::Trainer: step 2: the loss is nan; parameter gru.weight_ih_l0 is not finite; the "
                      "parameters are those of step 1",
                      Adam{.rate = 1e308});
}

TEST(QueuedStep, AStepNamesItsBatch) {
    const Tracks<double> good{4, 3};
    Tracks<double> bad = good;
    bad.y[4] = std::numeric_limits<double>::quiet_NaN();
    Model<Tracker, Later> model{Seed{1}}, other = model;
    Followed<Later> trainer{model, {}, {}}, untroubled{other, {}, {}};
    for (int k = 0; k < 3; ++k) {
        Error error;
        trainer.step(bad.batch(), error);
        EXPECT_EQ(error.message, "rondo::Trainer: step " + std::to_string(k + 1) +
                                     ": the loss is nan; the target of sequence 1, step 1 is not finite; the "
                                     "parameters are those of step " +
                                     std::to_string(k));
        EXPECT_EQ(trainer.step(good.batch()), untroubled.step(good.batch()));
    }
    EXPECT_EQ(model, other);
}

TEST(QueuedStep, StopsAndGoesOnToTheSameBits) {
    const auto trained = [](std::size_t stop) {
        Model<Reader, Later> model{Seed{1}};
        Trainer<Reader, CrossEntropy, Adam, Later> trainer{model, {}, {}, settings};
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

/// A network that throws where a batch has 13 steps.
struct Fragile : Network<Named<"in", Linear<3, 1>>> {
    static auto forward(auto& run, const auto& x) {
        if (x.extent.steps == 13) throw std::logic_error{"thirteen"};
        return run(layer<"in">, x);
    }
};
TEST(QueuedStep, StandsAtTheBatchThatCouldNotBeEnqueued) {
    for (const std::size_t k : {0u, 3u}) {
        Spoilt data{9};
        data.all[k] = Tracks<double>{13, 3};
        Model<Fragile, Later> model{Seed{1}};
        Trainer<Fragile, MeanSquaredError, SGD, Later> trainer{model, {}, {}};
        Progress progress;
        EXPECT_THROW(fit(trainer, data, {}, progress), std::logic_error);
        EXPECT_EQ(progress.batch, k);
        EXPECT_EQ(progress.loss.terms, 12 * double(k));
        EXPECT_EQ(trainer.steps(), std::int64_t(k));
        data.all[k] = Tracks<double>{4, 2}; // of other sequences
        if (k > 0) {
            progress = {};
            expect_argument([&] { fit(trainer, data, {}, progress); },
                            "rondo::Trainer: a batch of 2 sequences cannot go on from the states of 3");
            EXPECT_EQ(progress.batch, k);
        }
    }
}

/// What the trainer cannot know beforehand: a network of one's own says neither its vocabulary nor its classes.
struct Unspoken : Network<Named<"in", Embedding<7, 5>>, Named<"out", Linear<5, 7>>> {
    static auto forward(auto& run, const Tokens& x) { return run(layer<"out">, run(layer<"in">, x)); }
};
TEST(QueuedStep, RefusesTokensAndTargetsOfAnyNetwork) {
    const auto good = letters(15);
    auto bad = good;
    bad[7] = 7;
    Model<Unspoken, Later> model{Seed{1}}, other = model;
    Trainer<Unspoken, CrossEntropy, Adam, Later> trainer{model, {}, {}}, untroubled{other, {}, {}};
    const auto batch = [](const std::vector<int>& x, const std::vector<int>& y) {
        return Batch<Tokens, Tokens>{{{x.data(), nullptr, {5, 3}}}, {y.data(), nullptr, {5, 3}}};
    };
    for (int k = 0; k < 4; ++k) { // of work that is kept, too
        expect_argument([&] { trainer.step(batch(bad, good)); },
                        "rondo: token 7 of sequence 1, step 2 is not from 0 to 6");
        expect_argument([&] { trainer.step(batch(good, bad)); },
                        "rondo::CrossEntropy: target 7 of sequence 1, step 2 is not a class from 0 to 6");
        EXPECT_EQ(trainer.step(batch(good, good)), untroubled.step(batch(good, good)));
    }
    EXPECT_EQ(model, other);
}

TEST(QueuedStep, ABatchWithoutTermsTeachesNothingButCarriesOn) {
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
        ends.push_back(which == 0 ? all(Later{}) : all(AtOnce{}));
    }
    EXPECT_LT(difference(ends[0], ends[1]), 1e-9);
}

} // namespace
