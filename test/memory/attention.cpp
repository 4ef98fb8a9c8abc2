// SPDX-License-Identifier: MIT
// What an encoder-decoder was trained on once, and a source of a length that was seen, ask for no more memory.
#include "counted.hpp"

#include <rondo/data/token_pairs.hpp>
#include <rondo/generate/decoding.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/model/encoder_decoder.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/trainer.hpp>

#include <support/training.hpp>

#include <gtest/gtest.h>

namespace {

using namespace rondo;
using counted::allocations;
using Net = EncoderDecoder<7, 7, 5, 4, AdditiveAttention<4, 4, 3>, Feeding{.sampling = {Rate{25}, 3}}>;

TEST(EncoderDecoders, TrainWithoutAllocation) {
    TokenPairs pairs{4, 0, 1};
    for (const std::size_t length : {3u, 1u, 20u, 5u, 5u, 33u, 1u, 3u, 5u})
        pairs.add(letters(length), letters(length / 2, 2));
    pairs.group_by_length(2);
    for (const int threads : {1, 2}) {
        Model<Net> model{Seed{1}};
        Trainer trainer{model, CrossEntropy{}, Adam{},
                        TrainerSettings{.clip_norm = 1, .threads = threads, .small_work = 0}};
        const auto epochs = [&] {
            for (std::int64_t number = 0; number < 3; ++number) {
                pairs.begin_epoch(Seed{1}, number);
                for (std::size_t k = 0; k < pairs.count(); ++k) trainer.step(pairs.at(k));
            }
        };
        EXPECT_GT(allocations(epochs), 0u) << "the first take all";
        EXPECT_EQ(allocations(epochs), 0u) << threads << " threads";
    }
}

TEST(Decoding, StepsWithoutAllocation) {
    const Model<Net> model{Seed{1}};
    Decoding decoding{model, 3};
    const auto source = letters(20), tokens = letters(3), parents = std::vector<int>{2, 0, 0};
    const auto say = [&](std::size_t length) {
        decoding.start(std::span{source}.first(length));
        for (int t = 0; t < 10; ++t) decoding(parents, tokens);
    };
    EXPECT_GT(allocations([&] { say(20); }), 0u) << "the first takes all";
    EXPECT_EQ(allocations([&] {
                  say(20);
                  say(3);
              }),
              0u);
}

} // namespace
