// SPDX-License-Identifier: MIT
// In the steady state a trainer whose backend's work is done later asks for no memory, whatever it is fed.
#include "counted.hpp"

#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/data/token_windows.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <support/backend.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cstddef>

namespace {

using namespace rondo;
using counted::allocations;
using B = TestBackend<float>;

// Its recurrence goes step by step: the threads of one that does not, played on the host, have memory of their own.
using Reader =
    Sequential<Named<"in", Embedding<7, 3>>,
               Named<"gru", GRUResetBefore<3, 5, Stack{.layers = 2, .dropout = Rate{30}}>>, Named<"out", Linear<5, 7>>>;

template <class Data>
void expect_none(Data data) {
    Model<Reader, B> model{Seed{1}};
    Trainer<Reader, CrossEntropy, Adam, B> trainer{model, {}, {}, {.clip_norm = 0.5, .clip_value = 0.5}};
    const auto epoch = [&](std::int64_t number) {
        data.begin_epoch(Seed{1}, number);
        for (std::size_t k = 0; k < data.count(); ++k) trainer.enqueue(data.at(k));
        trainer.collect();
    };
    EXPECT_GT(allocations([&] { epoch(0); }), 0u) << "the first takes what it needs";
    for (const int k : {1, 2}) epoch(k); // the second time work is kept, and every batch has been the largest
    EXPECT_EQ(allocations([&] {
                  for (const int k : {0, 1, 2}) epoch(k);
              }),
              0u);
    evaluate(trainer, data);
    EXPECT_EQ(allocations([&] { evaluate(trainer, data); }), 0u);
}

TEST(AsyncSteps, AllocateNothing) {
    const auto text = letters(60);
    expect_none(TokenWindows{text, 5, 7});
    expect_none(TokenStreams{text, 5, 7});
}

TEST(AsyncSteps, AllocateNothingForSequencesOfManyLengths) {
    Samples<int, 1, int, 1> data{3, Samples<int, 1, int, 1>::Target::each_step};
    for (const std::size_t length : {3u, 1u, 5u, 5u, 4u, 2u, 5u, 3u}) data.add(letters(length), letters(length, 2));
    expect_none(data);
}

} // namespace
