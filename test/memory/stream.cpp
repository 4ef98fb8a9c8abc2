// SPDX-License-Identifier: MIT
// A stream and a single cell ask for no memory once they are made.
#include "counted.hpp"

#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/pool1d.hpp>
#include <rondo/model/single_cell.hpp>
#include <rondo/stream/any_stream.hpp>
#include <rondo/stream/stream.hpp>
#include <rondo/stream/streams.hpp>

#include <support/compositions.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace {

using namespace rondo;
using counted::allocations;

template <class Net, class W = float, class Input>
void expect_none(const Input& x) {
    Model<Net> model{Seed{1}};
    const Model<Net> other{Seed{2}};
    Packed<Net, EigenBackend<float>, W> packed{model};
    Stream stream{packed};
    auto kept = stream.state();
    EXPECT_EQ(allocations([&] { stream.step(x); }), 0u) << "not even the first step";
    EXPECT_EQ(allocations([&] {
                  for (int k = 0; k < 20; ++k) stream.step(x);
                  kept = stream.state();
                  stream.reset();
                  stream.step(x);
                  stream.state(kept);
                  packed.repack(other);
                  stream.step(x);
              }),
              0u);
    EXPECT_GT(allocations([&] { Stream another{packed}; }), 0u);
}

constexpr ConvOptions grouped(int groups) { return {.groups = groups, .padding = causal_padding}; }
using Convolved = Sequential<Conv1d<3, 6, 3, grouped(3)>, BatchNorm1d<6>, Conv1d<6, 6, 40, grouped(6)>, BatchNorm1d<6>,
                             BatchNorm1d<6>, Conv1d<6, 2, 3, grouped(1)>>;

TEST(Stream, AllocatesNothing) {
    const float features[]{0.5f, -1, 2};
    expect_none<Letters>(3);
    expect_none<Sequential<Embedding<28, 128>, LSTM<128, 128, Stack{.layers = 2}>, Linear<128, 28>>>(3);
    expect_none<Tracker>(std::span{features});
    expect_none<Sequential<LSTM<3, 20, Stack{.layers = 2, .projection = 5}>, Linear<5, 2>>>(std::span{features});
    expect_none<Branch>(std::span{features});
    expect_none<Convolved>(std::span{features});
    expect_none<Sequential<LSTM<3, 20, Stack{.layers = 2, .projection = 5}>, GRUResetBefore<5, 20>, Linear<20, 5>>,
                std::int8_t>(std::span{features});
    expect_none<Sequential<MaxPool1d<3, 3, PoolOptions{.stride = 1, .padding = causal_padding}>, Linear<3, 5>,
                           AvgPool1d<5, 2, PoolOptions{1, 2, causal_padding, false}>>>(std::span{features});
}

TEST(Stream, TakesNoMemoryWhereItIsGiven) {
    const Model<Branch> model{Seed{1}};
    const float x[]{0.5f, -1, 2};
    Packed packed{model};
    Stream expected{packed};
    alignas(64) std::byte weights[Packed<Branch>::size];
    alignas(64) float values[512];
    ASSERT_LE(Stream<Branch>::values_size(), 512u);
    float first = 0, second = 0;
    EXPECT_EQ(allocations([&] {
                  const Packed<Branch> of_array{Packed<Branch>::parameters{model.data(), model.size}, weights};
                  Stream stream{of_array, std::span<float>{values}};
                  first = stream.step(x)[0];
                  Stream another{stream};
                  second = another.step(x)[0];
              }),
              0u);
    EXPECT_EQ(first, expected.step(x)[0]);
    EXPECT_EQ(second, expected.step(x)[0]);
}

template <class Net, class W = float, class Input>
void expect_none_of_many(const Input& x) {
    const Packed<Net, EigenBackend<float>, W> packed{Model<Net>{Seed{1}}};
    constexpr std::size_t count = 40; // more than a group
    using Many = Streams<Net, EigenBackend<float>, W>;
    std::vector<typename Many::input> in;
    for (std::size_t k = 0; k < count; ++k) in.insert(in.end(), x.begin(), x.end());
    std::vector<float> out(count * Many::output_size);
    Many streams{packed, count};
    std::vector<typename Many::Handle> all(count);
    bool stepped = true;
    EXPECT_EQ(allocations([&] {
                  for (auto& one : all) one = streams.join();
                  for (const std::size_t of : {count, std::size_t(1), std::size_t(5), count}) {
                      stepped &= streams.step({all.data(), of}, {in.data(), in.size() / count * of},
                                              {out.data(), Many::output_size * of});
                      streams.reset(all[0], *streams.state(all[1]));
                      streams.leave(all[2]);
                      stepped &= !streams.step(all, in, out);
                      all[2] = streams.join();
                  }
                  Many moved{std::move(streams)};
                  streams = std::move(moved);
              }),
              0u);
    EXPECT_TRUE(stepped);
    EXPECT_GT(allocations([&] { Many another{packed, count}; }), 0u);
}

TEST(Streams, AllocateNothing) {
    const std::vector<float> features{0.5f, -1, 2};
    expect_none_of_many<Letters>(std::vector{3});
    expect_none_of_many<Sequential<LSTM<3, 20, Stack{.layers = 2, .projection = 5}>, Linear<5, 2>>>(features);
    expect_none_of_many<Branch>(features);
    expect_none_of_many<Sequential<LSTM<3, 100>, Linear<100, 5>>, std::int8_t>(features);
    expect_none_of_many<Convolved>(features);
}

template <class Net, class Input>
void expect_none_of_any(const std::vector<Input>& x, std::size_t steps) {
    const BasicAnyStream<Input, float> model{Model<Net>{Seed{1}}};
    auto stream = model.another();
    std::vector<float> y(steps * stream.output_size());
    EXPECT_EQ(allocations([&] {
                  for (int k = 0; k < 3; ++k) {
                      stream.process(x.data(), y.data(), steps);
                      stream.reset();
                      auto moved = std::move(stream);
                      stream = std::move(moved);
                  }
              }),
              0u);
    const std::size_t a_state = allocations([&] { auto another = model.another(); });
    EXPECT_GT(a_state, 0u);
    EXPECT_LT(a_state, allocations([&] { BasicAnyStream<Input, float> another{Model<Net>{Seed{1}}}; }));
}

TEST(AnyStream, AllocatesNothing) {
    expect_none_of_any<Letters>(letters(20), 20);
    expect_none_of_any<Tracker>(normal_numbers<float>(3 * 20), 20);
}

template <class Cell>
void expect_none() {
    for (const int batch : {1, 3, 20}) {
        const Cell cell{Seed{1}};
        typename Cell::Step step{batch}, next{batch};
        typename Cell::Parameters gradient;
        EXPECT_EQ(allocations([&] {
                      for (int k = 0; k < 3; ++k) {
                          step.x().setOnes();
                          step.before().setZero();
                          cell.forward(step);
                          next.before() = step.after();
                          cell.forward(next);
                          next.after_gradient().setOnes();
                          cell.backward(next, gradient);
                          step.after_gradient() = next.before_gradient();
                          cell.backward(step, gradient);
                      }
                  }),
                  0u)
            << batch << " sequences";
    }
}

TEST(SingleCell, AllocatesNothing) {
    expect_none<RNNCell<1, 3>>();
    expect_none<LSTMCell<5, 20>>();
    expect_none<LSTMCell<128, 128>>();
    expect_none<GRUCell<33, 5>>();
    expect_none<GRUResetBeforeCell<20, 33>>();
}

} // namespace
