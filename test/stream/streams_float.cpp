// SPDX-License-Identifier: MIT
// Many streams together compute what each computes alone, in float, with weights in float and in bfloat16.
#include "sessions.hpp"

#include <rondo/layer/variant.hpp>

#include <support/compositions.hpp>

namespace {

using namespace rondo;

/// Weights in one tile and in several, of one block and of more, in one chain of sums and in up to three.
using OfSizes =
    Sequential<LSTM<3, 1>, LSTM<1, 3>, LSTM<3, 5>, LSTM<5, 20>, LSTM<20, 33>, LSTM<33, 64>, LSTM<64, 5>, Linear<5, 2>>;

constexpr cell::Variant coupled{.clip = Ratio{1, 2}, .coupled = true, .peepholes = true};
/// Cells whose kernels have one to four sums, in tiles of one block and of several; and one without a kernel.
using Cells =
    Sequential<RNN<3, 64>, GRU<64, 20, Stack{.layers = 3}>, PeepholeLSTM<20, 33>, LSTMVariant<33, 20, coupled>,
               GRUResetBefore<20, 9>, LSTM<9, 33, Stack{.projection = 9}>, Linear<9, 70>>;
using Few = Sequential<RNN<3, 64>, GRU<64, 20>, Linear<20, 70>>;

TEST(Streams, HaveTheBitsOfStreamsAloneInFloat) {
    expect_equal_bits<OfSizes>(100, 20);
    expect_equal_bits<Cells>();
    expect_equal_bits<Branch>();
    expect_equal_bits<Sequential<Embedding<28, 5>, LSTM<5, 20>, Linear<20, 28>>>();
}
TEST(Streams, HaveTheBitsOfStreamsAloneInBfloat16) {
    expect_equal_bits<OfSizes, float, bfloat16>();
    expect_equal_bits<Few, float, bfloat16>();
}

} // namespace
