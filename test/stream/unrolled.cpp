// SPDX-License-Identifier: MIT
#include "unrolled.hpp"
#include "scans.hpp"

#include <rondo/layer/activation.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/prelu.hpp>
#include <rondo/layer/softmax.hpp>

#include <algorithm>
#include <cmath>

namespace {

using namespace rondo;

// Weights of 8 bits of precision: each result is off by no more than some hundredths of what the network can say.
template <class Net>
void expect_near_in_bfloat16() {
    const Model<Net> model{Seed{3}};
    const Packed<Net, EigenBackend<float>, bfloat16> packed{model};
    EXPECT_LE(packed.size, Packed<Net>::size);
    Stream stream{packed};
    const auto x = inputs<Net, float>(33, 1);
    const auto got = streamed(stream, x, 0, 33), exact = unrolled<Net, float>(model, x);
    double worst = 0;
    for (std::size_t k = 0; k < got.size(); ++k) worst = std::max(worst, std::abs(double(got[k]) - double(exact[k])));
    EXPECT_LT(worst, 0.02);
    EXPECT_GT(worst, 0);
}
TEST(Stream, OfBfloat16IsNear) {
    expect_near_in_bfloat16<Tracker>();
    expect_near_in_bfloat16<Cells<20>>();
#ifndef RONDO_TEST_SANITIZED
    expect_near_in_bfloat16<Variants>();
    expect_near_in_bfloat16<Projections>();
    expect_near_in_bfloat16<Scans>();
    expect_near_in_bfloat16<Sequential<LSTM<33, 65>, Linear<65, 33>>>();
#endif
}

/// Layers without a kernel of their own.
using Normalized = Sequential<LayerNorm<3>, GELU<3>, RNN<3, 20>, RMSNorm<20>, PReLU<20, 20>, SiLU<20>, LogSoftmax<20>>;

TEST(Stream, InDoubleEqualsTheUnrolledNetwork) {
    StreamTest<Letters>::equals_unrolled<double>();
    StreamTest<Branch>::equals_unrolled<double>();
    StreamTest<Cells<33>>::equals_unrolled<double>();
    StreamTest<Normalized>::equals_unrolled<double>();
    StreamTest<Variants>::equals_unrolled<double>();
    StreamTest<Projections>::equals_unrolled<double>();
    StreamTest<Scans>::equals_unrolled<double>();
}

TEST(Stream, OfAProjectionHasTheStateOfItsUnits) {
    using Net = LSTM<3, 20, Stack{.layers = 2, .projection = 5}>;
    const Model<Net> model{Seed{3}};
    const Packed packed{model};
    Stream stream{packed};
    const float x[]{0.5f, -1, 2};
    const auto y = stream.step(x);
    const State<Net> state = stream.state();
    EXPECT_TRUE(std::ranges::equal(state.h(1), y));
    EXPECT_EQ(state.h(0).size(), 5u);
    EXPECT_EQ(state.c(1).size(), 20u);
    for (const int layer : {0, 1})
        EXPECT_EQ(std::ranges::count(state.c(layer), 0.0f) + std::ranges::count(state.h(layer), 0.0f), 0);
    State<Net> other;
    std::ranges::copy(state.c(1), other.c(1).begin());
    EXPECT_EQ(std::ranges::count(other.numbers(), 0.0f), std::ptrdiff_t(other.size) - 20);
}

} // namespace
