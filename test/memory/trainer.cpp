// SPDX-License-Identifier: MIT
// In the steady state a trainer's steps ask for no memory, whatever they are fed and however many threads share them.
#include "counted.hpp"

#include <rondo/data/labelled_sequences.hpp>
#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/data/token_windows.hpp>
#include <rondo/data/weighted_samples.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/ctc.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/rmsprop.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/fit.hpp>

#include <support/training.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace {

using namespace rondo;
using counted::allocations;
using B = EigenBackend<float>;

template <class Trainer, class Data>
void epoch(Trainer& trainer, Data& data, std::int64_t number) {
    data.begin_epoch(Seed{1}, number);
    for (std::size_t k = 0; k < data.count(); ++k) trainer.step(data.at(k));
}

template <class Data, class Rule>
void expect_none(Rule rule) {
    const auto text = letters(60);
    const std::vector<ParameterGroup> groups{{.names = "in", .frozen = true}, {.names = "out.bias", .rate = 0.5}};
    for (const int threads : {1, 2, 3}) {
        Data data{text, 5, 7};
        Model<Letters> model{Seed{1}};
        const bool more = threads == 2; // groups and an average, too
        Trainer<Letters, CrossEntropy, Rule, B> trainer{
            model,
            {},
            rule,
            {.clip_norm = 0.5,
             .clip_value = 0.5,
             .threads = threads,
             .small_work = 0,
             .schedule = CosineDecay{.steps = 100},
             .groups = more ? groups : std::vector<ParameterGroup>{},
             .average = more ? std::optional{MovingAverage{}} : std::nullopt}};
        EXPECT_GT(allocations([&] { epoch(trainer, data, 0); }), 0u) << "the first takes all";
        EXPECT_EQ(allocations([&] {
                      for (std::int64_t k = 1; k < 4; ++k) epoch(trainer, data, k);
                  }),
                  0u)
            << threads << " threads";
        evaluate(trainer, data);
        EXPECT_EQ(allocations([&] { evaluate(trainer, data); }), 0u) << threads << " threads";
    }
}

TEST(TrainersSteps, AllocateNothing) {
    expect_none<TokenWindows>(Adam{});
    expect_none<TokenStreams>(Adam{});
    expect_none<TokenWindows>(SGD{.momentum = 0.9});
    expect_none<TokenStreams>(RMSprop{.centered = true});
}

TEST(TrainersSteps, AllocateNothingForLabels) {
    LabelledSequences<float, 3> data{4};
    for (const std::size_t length : {9u, 5u, 20u, 5u, 7u, 33u, 3u, 9u, 5u, 8u})
        data.add(normal_numbers<float>(3 * length), std::vector<int>(length % 3, 2));
    for (const int threads : {1, 2, 3}) {
        Model<GRU<3, 5>> model{Seed{1}};
        Trainer trainer{model, CTC{}, Adam{}, {.threads = threads, .small_work = 0}};
        for (std::int64_t k = 0; k < 8; ++k) epoch(trainer, data, k);
        EXPECT_EQ(allocations([&] {
                      for (std::int64_t k = 0; k < 8; ++k) epoch(trainer, data, k);
                  }),
                  0u)
            << threads << " threads";
        evaluate(trainer, data);
        EXPECT_EQ(allocations([&] { evaluate(trainer, data); }), 0u) << threads << " threads";
        WeightedSamples weighted{data, std::vector<float>(10, 0.5f)};
        for (std::int64_t k = 0; k < 8; ++k) epoch(trainer, weighted, k);
        EXPECT_EQ(allocations([&] {
                      for (std::int64_t k = 0; k < 8; ++k) epoch(trainer, weighted, k);
                  }),
                  0u)
            << threads << " threads, weights";
    }
}

TEST(TrainersSteps, AllocateNothingInFit) {
    const auto text = letters(60);
    TokenWindows data{text, 5, 7};
    Model<Letters> model{Seed{1}};
    std::vector<std::size_t> calls;
    calls.reserve(100);
    FitOptions options{.epochs = 3};
    options.on_batch = [&](const Progress&) { return calls.push_back(counted::calls), true; };
    fit(model, data, CrossEntropy{}, Adam{}, options, {.threads = 2, .small_work = 0});
    ASSERT_EQ(calls.size(), 3 * data.count());
    for (std::size_t k = data.count() + 1; k < calls.size(); ++k) {
        if (k % data.count() == 0) continue; // before it an epoch was noted in the history
        EXPECT_EQ(calls[k], calls[k - 1]) << "batch " << k;
    }
}

TEST(Samples, AllocateNothing) {
    Samples<int, 1, int, 1> data{5, Samples<int, 1, int, 1>::Target::each_step};
    for (const std::size_t length : {3u, 1u, 20u, 5u, 5u, 33u, 1u, 3u, 5u, 5u, 20u})
        data.add(letters(length), letters(length, 2));
    data.at(2); // of one sequence
    EXPECT_EQ(allocations([&] {
                  for (std::int64_t number = 0; number < 10; ++number) {
                      data.begin_epoch(Seed{1}, number);
                      for (std::size_t k = 0; k < data.count(); ++k) data.at(k);
                  }
              }),
              0u);
}

} // namespace
