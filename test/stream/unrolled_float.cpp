// SPDX-License-Identifier: MIT
#include "unrolled.hpp"

#include <rondo/layer/variant.hpp>

namespace {

using namespace rondo;

// Weights of many tiles, wider and narrower ones, larger than the first cache; a cell with parameters of its units'
// own.
using Large = Sequential<LSTM<3, 100>, GRU<100, 65>, RNN<65, 130>, Linear<130, 70>, Linear<70, 3>>;
using Peepholes = Sequential<PeepholeLSTM<3, 20, Stack{.layers = 2, .bias = false}>, PeepholeLSTM<20, 65>>;
using Networks = testing::Types<Letters, Tracker, Cells<1>, Cells<20>, Cells<33>, Branch, TiedModel, Large, Peepholes,
                                Variants, Projections>;
TYPED_TEST_SUITE(StreamTest, Networks);
TYPED_TEST(StreamTest, EqualsTheUnrolledNetwork) { this->template equals_unrolled<float>(); }

} // namespace
