// SPDX-License-Identifier: MIT
#include "unrolled.hpp"

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
}

} // namespace
