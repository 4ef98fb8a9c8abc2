// SPDX-License-Identifier: MIT
#include "streamed.hpp"

#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/trainer.hpp>

#include <support/failure.hpp>

#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using namespace rondo;

// What a stream promises to whoever compiles with it.
using FloatStream = StreamOf<Letters, float>;
static_assert(noexcept(std::declval<FloatStream&>().step(0)) && noexcept(std::declval<FloatStream&>().reset()));
static_assert(noexcept(std::declval<StreamOf<Tracker, double>&>().step(std::declval<std::span<const double, 3>>())));
static_assert(std::is_same_v<decltype(std::declval<FloatStream&>().step(0)), std::span<const float, 7>>);
static_assert(!std::is_constructible_v<FloatStream, Packed<Letters>&&> &&
              std::is_constructible_v<FloatStream, const Packed<Letters>&>);
static_assert(std::is_move_constructible_v<FloatStream> && !std::is_copy_constructible_v<FloatStream>);

TEST(Stream, BeginsFromZeroAndResets) {
    const Model<Letters> model{Seed{3}};
    const Packed packed{model};
    Stream stream{packed}, other{packed};
    EXPECT_EQ(stream.state(), (State<Letters, EigenBackend<float>>{1}));
    const auto x = letters(20);
    const auto first = streamed(stream, x, 0, 20);
    EXPECT_NE(stream.state(), other.state());
    EXPECT_NE(streamed(stream, x, 0, 20), first) << "it goes on";
    stream.reset();
    EXPECT_EQ(stream.state(), other.state());
    EXPECT_EQ(streamed(stream, x, 0, 20), first);
}

TEST(Stream, GoesBackToAStateThatWasKept) {
    const Model<Letters> model{Seed{3}};
    const Packed packed{model};
    Stream stream{packed};
    const auto x = letters(33);
    streamed(stream, x, 0, 13);
    const auto kept = stream.state();
    const auto expected = streamed(stream, x, 13, 20);
    stream.state(kept);
    EXPECT_EQ(streamed(stream, x, 13, 20), expected);

    Stream another{packed}; // a state is a value: it may go on elsewhere
    another.state(kept);
    EXPECT_EQ(streamed(another, x, 13, 20), expected);

    Stream moved{std::move(another)};
    moved.state(kept);
    EXPECT_EQ(streamed(moved, x, 13, 20), expected);
}

TEST(Stream, RefusesTheStateOfOtherNumbersOfSequences) {
    const Packed packed{Model<Letters>{Seed{3}}};
    Stream stream{packed};
    for (const int batch : {0, 2})
        expect_argument([&] { stream.state(State<Letters>{batch}); },
                        "rondo::Stream: expected the state of 1 sequence, got " + std::to_string(batch));
}

TEST(Stream, KeepsItsResultUntilTheNextStep) {
    const Model<Letters> model{Seed{3}};
    const Packed packed{model};
    Stream stream{packed}, other{packed};
    const auto y = stream.step(1);
    const std::vector<float> before(y.begin(), y.end());
    other.step(5);
    stream.reset();
    EXPECT_EQ(std::vector<float>(y.begin(), y.end()), before);
}

TEST(Stream, ManyShareTheWeights) {
    const Model<Letters> model{Seed{3}};
    const Packed packed{model};
    std::vector<FloatStream> streams;
    for (int k = 0; k < 33; ++k) streams.emplace_back(packed);
    std::vector<std::vector<float>> got(33);
    for (std::size_t t = 0; t < 20; ++t)
        for (std::size_t k = 0; k < 33; ++k) {
            const auto y = streams[k].step(letters(20, k)[t]);
            got[k].insert(got[k].end(), y.begin(), y.end());
        }
    for (std::size_t k = 0; k < 33; ++k) {
        Stream alone{packed};
        EXPECT_EQ(streamed(alone, letters(20, k), 0, 20), got[k]) << "stream " << k;
    }
}

TEST(Stream, RunsInAnyThread) {
    const Model<Letters> model{Seed{3}};
    const Packed packed{model};
    std::vector<std::vector<float>> got(4);
    std::vector<std::thread> threads;
    for (std::size_t k = 0; k < 4; ++k)
        threads.emplace_back([&, k] {
            Stream stream{packed};
            const auto x = letters(300, k);
            got[k] = streamed(stream, x, 0, 300);
        });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t k = 0; k < 4; ++k) {
        Stream alone{packed};
        EXPECT_EQ(streamed(alone, letters(300, k), 0, 300), got[k]);
    }
}

TEST(Stream, ReadsTheWeightsAsLastPacked) {
    Model<Letters> model{Seed{3}};
    Packed packed{model};
    Stream stream{packed};
    const auto x = letters(20);
    const auto before = streamed(stream, x, 0, 20);

    Trainer<Letters, CrossEntropy, SGD, EigenBackend<float>> trainer{model, {}, {.rate = 0.5}};
    const Tokens tokens{x.data(), nullptr, {20, 1}};
    trainer.step(Batch<Tokens, Tokens>{{tokens}, tokens});
    stream.reset();
    EXPECT_EQ(streamed(stream, x, 0, 20), before) << "training does not touch them";

    packed.repack(model);
    EXPECT_EQ(packed.weights(), model);
    stream.reset();
    const auto after = streamed(stream, x, 0, 20);
    EXPECT_NE(after, before);
    EXPECT_LT(law::difference(unrolled<Letters, float>(model, x), after), law::tolerance<float>);
}

} // namespace
