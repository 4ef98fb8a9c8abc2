// SPDX-License-Identifier: MIT
// An asynchronous step that is not finite gives the same error, and leaves the same parameters, as a synchronous one.
#include "deferred.hpp"

#include <rondo/layer/embedding.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/fit.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace async_errors_test {

using namespace rondo;
using law::difference;
using law::differing;

/// Batches of a Tracker, one of which is not finite.
struct Spoilt {
    std::vector<Tracks<double>> all;
    explicit Spoilt(int count) {
        for (int k = 0; k < count; ++k) all.emplace_back(4, 3, std::uint64_t(k));
    }
    std::size_t count() const { return all.size(); }
    void begin_epoch(Seed, std::int64_t) {}
    auto at(std::size_t k) { return all[k].batch(k == 0 ? StatePolicy::start : StatePolicy::resume); }
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
    if (rule.rate < 1) trainer.step(Tracks<double>{4, 3}.batch(StatePolicy::resume)); // from zero: states were reset
    result.after = model.values();
    return result;
}
void expect_like_eigen(const Spoilt& data, std::int64_t steps, const std::string& message, Adam rule = {}) {
    const Failed later = failed<AsyncBackend>(data, rule), at_once = failed<SyncBackend>(data, rule);
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

TEST(AsyncErrors, TellsWhichStepWasBad) {
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
    data.all[5].x[3 * 11] = infinity; // gates saturate, but their gradients are NaN
    data.all[6].y[0] = nan;           // after the first error
    expect_like_eigen(data, 5, "rondo::Trainer: step 6: input 0 of sequence 2, step 3" + end + "5");
    data.all[3].y[1] = infinity;
    expect_like_eigen(data, 3, "rondo::Trainer: step 4: the loss is inf; the target of sequence 1, step 0" + end + "3");
}

/// A network in which only the gradient is not finite.
struct Steep : Network<Named<"first", Linear<3, 2>>, Named<"second", Linear<2, 1>>> {
    static auto forward(auto& run, const auto& x) { return run(layer<"second">, run(layer<"first">, x)); }
};
template <class B>
Error too_steep() {
    Model<Steep, B> model;
    std::vector<double> values(model.size);
    const ParameterSpec &weight = Steep::tensors[2], &bias = Steep::tensors[1];
    values[weight.offset] = 1e150; // the gradients of "first" overflow, not its result, which is zero
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
TEST(AsyncErrors, TellsWhichGradientWasBad) {
    const Error later = too_steep<AsyncBackend>();
    EXPECT_EQ(later.kind, Error::Kind::not_finite);
    EXPECT_EQ(later.message, "rondo::Trainer: step 1: the gradient of first.weight is not finite; the parameters are "
                             "those of step 0");
}

TEST(AsyncErrors, TellsWhichParameterWasBad) {
    expect_like_eigen(Spoilt{20}, 1,
                      "rondo::Trainer: step 2: the loss is nan; parameter gru.weight_ih_l0 is not finite; the "
                      "parameters are those of step 1",
                      Adam{.rate = 1e308});
}

TEST(AsyncErrors, AStepNamesItsBatch) {
    const Tracks<double> good{4, 3};
    Tracks<double> bad = good;
    bad.y[4] = std::numeric_limits<double>::quiet_NaN();
    Model<Tracker, AsyncBackend> model{Seed{1}}, other = model;
    Followed<AsyncBackend> trainer{model, {}, {}}, untroubled{other, {}, {}};
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

/// A network that throws if a batch has 13 steps.
struct Fragile : Network<Named<"in", Linear<3, 1>>> {
    static auto forward(auto& run, const auto& x) {
        if (x.extent.steps == 13) throw std::logic_error{"thirteen"};
        return run(layer<"in">, x);
    }
};
TEST(AsyncErrors, StandsAtTheBatchThatCouldNotBeEnqueued) {
    for (const std::size_t k : {0u, 3u}) {
        Spoilt data{9};
        data.all[k] = Tracks<double>{13, 3};
        Model<Fragile, AsyncBackend> model{Seed{1}};
        Trainer<Fragile, MeanSquaredError, SGD, AsyncBackend> trainer{model, {}, {}};
        Progress progress;
        EXPECT_THROW(fit(trainer, data, {}, progress), std::logic_error);
        EXPECT_EQ(progress.batch, k);
        EXPECT_EQ(progress.loss.terms, 12 * double(k));
        EXPECT_EQ(trainer.steps(), std::int64_t(k));
        data.all[k] = Tracks<double>{4, 2}; // another number of sequences
        if (k > 0) {
            progress = {};
            expect_argument([&] { fit(trainer, data, {}, progress); },
                            "rondo::Trainer: a batch of 2 sequences cannot go on from the states of 3");
            EXPECT_EQ(progress.batch, k);
        }
    }
}

/// A network that states neither vocabulary nor classes, so that the trainer cannot validate them before a step.
struct Unspoken : Network<Named<"in", Embedding<7, 5>>, Named<"out", Linear<5, 7>>> {
    static auto forward(auto& run, const Tokens& x) { return run(layer<"out">, run(layer<"in">, x)); }
};
TEST(AsyncErrors, RefusesTokensAndTargetsOfAnyNetwork) {
    const auto good = letters(15);
    auto bad = good;
    bad[7] = 7;
    Model<Unspoken, AsyncBackend> model{Seed{1}}, other = model;
    Trainer<Unspoken, CrossEntropy, Adam, AsyncBackend> trainer{model, {}, {}}, untroubled{other, {}, {}};
    const auto batch = [](const std::vector<int>& x, const std::vector<int>& y) {
        return Batch<Tokens, Tokens>{{{x.data(), nullptr, {5, 3}}}, {y.data(), nullptr, {5, 3}}};
    };
    for (int k = 0; k < 4; ++k) { // also in captured steps
        expect_argument([&] { trainer.step(batch(bad, good)); },
                        "rondo: token 7 of sequence 1, step 2 is not from 0 to 6");
        expect_argument([&] { trainer.step(batch(good, bad)); },
                        "rondo::CrossEntropy: target 7 of sequence 1, step 2 is not a class from 0 to 6");
        EXPECT_EQ(trainer.step(batch(good, good)), untroubled.step(batch(good, good)));
    }
    EXPECT_EQ(model, other);
}

} // namespace async_errors_test
