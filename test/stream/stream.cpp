// SPDX-License-Identifier: MIT
#include "streamed.hpp"

#include <rondo/layer/rnn.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/optimizer/sgd.hpp>
#include <rondo/train/trainer.hpp>

#include <support/failure.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace stream_stream_test {

using namespace rondo;

// What a stream promises to whoever compiles with it.
using FloatStream = StreamOf<Letters, float>;
static_assert(noexcept(std::declval<FloatStream&>().step(0)) && noexcept(std::declval<FloatStream&>().reset()));
static_assert(noexcept(std::declval<StreamOf<Tracker, double>&>().step(std::declval<std::span<const double, 3>>())));
static_assert(std::is_same_v<decltype(std::declval<FloatStream&>().step(0)), std::span<const float, 7>>);
static_assert(!std::is_constructible_v<FloatStream, Packed<Letters>&&> &&
              std::is_constructible_v<FloatStream, const Packed<Letters>&>);
static_assert(std::copyable<FloatStream> && !std::is_copy_constructible_v<Packed<Letters>>);

// A state is a small value whose size the compiler knows.
static_assert(std::regular<State<Letters>> && std::is_trivially_copyable_v<State<Letters>>);
static_assert(State<Letters>::size == 2 * 2 * 32 && sizeof(State<Letters>) == 4 * State<Letters>::size);
static_assert(State<Linear<3, 1>>::size == 0);

TEST(Stream, BeginsFromZeroAndResets) {
    const Model<Letters> model{Seed{3}};
    const Packed packed{model};
    Stream stream{packed}, other{packed};
    EXPECT_EQ(stream.state(), State<Letters>{});
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

TEST(Stream, ResetsToAStateOfRest) {
    const Packed packed{Model<Tracker>{Seed{3}}};
    Stream stream{packed};
    const std::vector<float> silence(60), sound = normal_numbers<float>(60);
    streamed(stream, silence, 0, 20);
    const State<Tracker> rest = stream.state();
    const auto expected = streamed(stream, sound, 0, 20);
    EXPECT_NE(stream.state(), rest);
    stream.reset(rest);
    EXPECT_EQ(streamed(stream, sound, 0, 20), expected);
}

TEST(Stream, ProcessesABlockAsItsSteps) {
    const Packed packed{Model<Tracker>{Seed{3}}};
    Stream stream{packed}, other{packed};
    const auto x = normal_numbers<float>(99);
    std::vector<float> y(33);
    stream.process(std::span{x}.first(30), std::span{y}.first(10));
    stream.process(std::span{x}.subspan(30), std::span{y}.subspan(10));
    EXPECT_EQ(streamed(other, x, 0, 33), y);
    EXPECT_EQ(stream.state(), other.state());
    stream.process({}, {});
    EXPECT_EQ(stream.state(), other.state());
}

TEST(Stream, CopiesGoOnByThemselves) {
    const Packed packed{Model<Letters>{Seed{3}}};
    Stream stream{packed};
    const auto x = letters(33);
    streamed(stream, x, 0, 13);
    Stream copy{stream};
    EXPECT_EQ(streamed(copy, x, 13, 20), streamed(stream, x, 13, 20));
}

TEST(Packed, LiesInMemoryOfTheCallers) {
    using Small = Packed<Letters>;
    const Model<Letters> model{Seed{3}};
    Buffer<std::byte> memory(Small::size + 64);
    const Small own{model}, lent{model, std::span{memory}.first(Small::size)};
    EXPECT_EQ(lent.data(), memory.data());
    Stream stream{own}, other{lent};
    EXPECT_EQ(streamed(stream, letters(20), 0, 20), streamed(other, letters(20), 0, 20));
    const std::string size = std::to_string(Small::size);
    expect_argument([&] { Small{model, std::span{memory}.first(Small::size - 1)}; },
                    "rondo::Packed: expected " + size + " bytes, aligned to 64, got " +
                        std::to_string(Small::size - 1));
    expect_argument([&] { Small{model, std::span{memory}.subspan(4)}; },
                    "rondo::Packed: expected " + size + " bytes, aligned to 64, got " +
                        std::to_string(Small::size + 60) + " that are not aligned");
}

TEST(Stream, RefusesMemoryThatDoesNotFit) {
    const Model<Tracker> model{Seed{3}};
    const Packed packed{model};
    const std::size_t size = Stream<Tracker>::values_size();
    alignas(64) std::array<float, 256> memory;
    ASSERT_LT(size, memory.size());
    const std::string expected =
        "rondo::Stream: expected memory for " + std::to_string(size) + " numbers, aligned to 64 bytes, got ";
    expect_argument([&] { Stream{packed, std::span{memory}.first(size - 1)}; }, expected + std::to_string(size - 1));
    expect_argument([&] { Stream{packed, std::span{memory}.subspan(1, size)}; },
                    expected + std::to_string(size) + " that are not aligned");
}

// A decaying state would pass through numbers that processors are slow with.
template <class Net>
void expect_no_denormals() {
    Model<Net> model{Seed{3}}; // but without biases: what is left decays to zero
    std::vector<float> values = model.values();
    for (const ParameterSpec& t : Net::tensors)
        if (t.role == ParameterSpec::Role::bias) std::fill_n(values.begin() + std::ptrdiff_t(t.offset), t.size(), 0.f);
    model.assign(values);
    const Packed packed{model};
    Stream stream{packed};
    float x = 1;
    bool moved = false;
    for (int t = 0; t < 3000; ++t, x *= 0.9f) {
        const auto y = stream.step(std::span<const float, 1>{&x, 1});
        for (const float value : y) {
            moved = moved || value != 0;
            EXPECT_NE(std::fpclassify(value), FP_SUBNORMAL) << "result of step " << t;
        }
        for (const float value : stream.state().numbers())
            EXPECT_NE(std::fpclassify(value), FP_SUBNORMAL) << "state of step " << t;
    }
    EXPECT_TRUE(moved);
    for (const float value : stream.state().numbers()) EXPECT_LT(std::abs(value), 1e-26f) << "it comes to rest";
}
TEST(Stream, HasNoDenormals) {
    expect_no_denormals<LSTM<1, 20>>();
    expect_no_denormals<GRU<1, 33>>();
    expect_no_denormals<RNN<1, 5, Stack{.layers = 2}>>();
}

TEST(Packed, HasNoDenormals) {
    Model<Letters> model;
    const Packed zeros{model};
    std::vector<float> values = model.values();
    std::fill(values.begin(), values.end(), -1e-39f);
    model.assign(values);
    const Packed packed{model};
    EXPECT_EQ(std::memcmp(packed.data(), zeros.data(), packed.size), 0);
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
    stream.reset();
    const auto after = streamed(stream, x, 0, 20);
    EXPECT_NE(after, before);
    EXPECT_LT(law::difference(unrolled<Letters, float>(model, x), after), law::tolerance<float>);
}

} // namespace stream_stream_test
