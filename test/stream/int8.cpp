// SPDX-License-Identifier: MIT
// Streams with weights in int8: against NumPy's integers, near what float computes, and the bits of one another.
#include "scans.hpp"
#include "sessions.hpp"
#include "unrolled.hpp"

#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/stream/calibrate.hpp>

#include <support/golden.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace rondo;
using B = EigenBackend<float>;
template <class Net> using Int8 = Packed<Net, B, std::int8_t>;

template <class Net>
void expect_golden(const std::string& name) {
    SCOPED_TRACE(name);
    const Golden golden{"int8", name};
    Model<Net> model;
    model.assign(golden.parameters<float>(Net::tensors));
    const Int8<Net> packed{model};
    Stream stream{packed};
    std::vector<typename decltype(stream)::input> x;
    for (const double value : golden["x"].values) x.push_back(typename decltype(stream)::input(value));
    golden.expect("y", streamed(stream, x, 0, x.size() / std::size_t(Net::input_size)));
}
template <template <int, int, Stack> class Layer>
void expect_golden_cells(const std::string& cell) {
    expect_golden<Layer<3, 1, Stack{}>>(cell + "/3_1");
    expect_golden<Layer<1, 3, Stack{}>>(cell + "/1_3");
    expect_golden<Layer<3, 5, Stack{}>>(cell + "/3_5");
    expect_golden<Layer<5, 20, Stack{}>>(cell + "/5_20");
    expect_golden<Layer<20, 33, Stack{}>>(cell + "/20_33");
}

TEST(Int8, CellsAreThoseOfNumPy) {
    expect_golden_cells<LSTM>("lstm");
    expect_golden_cells<GRU>("gru");
    expect_golden_cells<GRUResetBefore>("gru_reset_before");
    expect_golden_cells<RNN>("rnn");
    expect_golden_cells<ReluRNN>("relu");
    expect_golden_cells<PeepholeLSTM>("peephole");
    expect_golden<LSTM<5, 20, Stack{.projection = 9}>>("projected/5_20");
    expect_golden<LSTM<20, 33, Stack{.projection = 3}>>("projected/20_33");
}
TEST(Int8, OtherLayersAreThoseOfNumPy) {
    expect_golden<Linear<1, 3>>("linear/1_3");
    expect_golden<Linear<3, 5>>("linear/3_5");
    expect_golden<Linear<5, 20>>("linear/5_20");
    expect_golden<Linear<20, 33>>("linear/20_33");
    expect_golden<Linear<33, 1>>("linear/33_1");
    expect_golden<Conv1d<5, 20, 3, ConvOptions{.dilation = 2, .padding = causal_padding}>>("convolution/5_20");
    expect_golden<Embedding<28, 3>>("embedding/28_3");
    expect_golden<Embedding<28, 20>>("embedding/28_20");
}

// A weight is off by half a step of 127 at most, a state by as much: results by some hundredths of what they can be.
template <class Net>
void expect_near_float(double bound = 0.04) {
    SCOPED_TRACE(__PRETTY_FUNCTION__);
    const auto model = drawn_model<Net, float>(3);
    const Int8<Net> packed{model};
    EXPECT_LT(packed.size, Packed<Net>::size);
    Stream stream{packed};
    const auto x = inputs<Net, float>(33, 1);
    const auto got = streamed(stream, x, 0, 33), exact = unrolled<Net, float>(model, x);
    double worst = 0;
    for (std::size_t k = 0; k < got.size(); ++k) worst = std::max(worst, std::abs(double(got[k]) - double(exact[k])));
    EXPECT_LT(worst, bound);
    EXPECT_GT(worst, 0);
    stream.reset();
    EXPECT_EQ(streamed(stream, x, 0, 33), got) << "again, to the bit";
    std::vector<float> at_once(got.size());
    stream.reset();
    stream.process(x, at_once);
    EXPECT_EQ(at_once, got) << "steps in one call";
}
TEST(Int8, IsNearFloat) {
    expect_near_float<Cells<20>>();
#ifndef RONDO_TEST_SANITIZED
    expect_near_float<Tracker>();
    expect_near_float<Letters>();
    expect_near_float<Branch>();
    expect_near_float<Cells<33>>();
    expect_near_float<Variants>();
    expect_near_float<Projections>();
    expect_near_float<Scans>();
    expect_near_float<Sequential<LSTM<33, 65>, GRU<65, 130>, Linear<130, 33>>>();
#endif
}

/// Weights of several tiles, narrow and wide; small matrices in float; cells with all kinds of states.
using Many = Sequential<Linear<3, 70>, LSTM<70, 100>, GRU<100, 20, Stack{.layers = 2}>, GRUResetBefore<20, 9>,
                        RNN<9, 64>, ReluRNN<64, 5>, LSTM<5, 33, Stack{.projection = 9}>, Linear<9, 90>>;

TEST(Int8, StreamsHaveTheBitsOfStreamsAlone) {
    expect_equal_bits<Sequential<Embedding<28, 20>, LSTM<20, 100>, Linear<100, 28>>, float, std::int8_t>();
#ifndef RONDO_TEST_SANITIZED
    expect_equal_bits<Many, float, std::int8_t>();
#endif
}

TEST(Int8, OfOneInputIsExact) { // it has the whole range, and so has its weight
    using Net = Sequential<LSTM<1, 3>, Linear<3, 2>>;
    const auto model = drawn_model<Net, float>(3);
    const Packed exact{model};
    const Int8<Net> packed{model};
    Stream expected{exact};
    Stream got{packed};
    for (int k = 0; k < 20; ++k) {
        const float x = float(k % 7) - 3;
        const auto a = expected.step(x), b = got.step(x);
        for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);
    }
}

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();

/// Steps of which the third has an input that is not finite: int8 gives NaN where float does of a NaN, also in the
/// steps after it. reset() ends that.
template <class Net>
void expect_nan(const Int8<Net>& weights, const Packed<Net>& exact, float bad, int at) {
    SCOPED_TRACE(testing::Message() << bad << " in element " << at);
    constexpr std::size_t steps = 9, bad_step = 2, size = std::size_t(Net::output_size);
    Stream stream{weights};
    StreamOf<Net, float> of_float{exact};
    auto x = inputs<Net, float>(int(steps), 1);
    const auto before = streamed(stream, x, 0, steps);
    EXPECT_TRUE(std::ranges::none_of(before, [](float y) { return std::isnan(y); }));
    const std::size_t place = bad_step * std::size_t(Net::input_size) + std::size_t(at);
    const float good = std::exchange(x[place], nan_value);
    const auto expected = streamed(of_float, x, 0, steps);
    x[place] = bad;
    stream.reset();
    const auto got = streamed(stream, x, 0, steps);
    for (std::size_t k = 0; k < got.size(); ++k)
        EXPECT_EQ(std::isnan(got[k]), std::isnan(expected[k])) << "step " << k / size << ", output " << k % size;
    EXPECT_TRUE(std::isnan(got[bad_step * size]));
    x[place] = good;
    stream.reset();
    EXPECT_EQ(streamed(stream, x, 0, steps), before);
}
template <class Net>
void expect_nan(const std::vector<float>& not_finite = {nan_value, infinity, -infinity}) {
    SCOPED_TRACE(__PRETTY_FUNCTION__);
    const auto model = drawn_model<Net, float>(3);
    const Packed exact{model};
    Int8<Net> calibrated{model};
    calibrate(calibrated, std::array{inputs<Net, float>(20, 2)});
    const Int8<Net> packed{model};
    for (const float bad : not_finite)
        for (const int at : {0, Net::input_size - 1}) {
            expect_nan<Net>(packed, exact, bad, at);
            expect_nan<Net>(calibrated, exact, bad, at);
        }
}
TEST(Int8, PassesOnNaN) {
    expect_nan<RNN<8, 16>>();
    expect_nan<LSTM<20, 33, Stack{.projection = 9}>>();
    expect_nan<GRUResetBefore<5, 20>>();
    expect_nan<Conv1d<5, 20, 3, ConvOptions{.dilation = 2, .padding = causal_padding}>>();
#ifndef RONDO_TEST_SANITIZED
    expect_nan<RNN<3, 33>>({nan_value}); // W stays in float, by which infinity saturates
    expect_nan<ReluRNN<5, 20>>();
    expect_nan<LSTM<20, 33>>();
    expect_nan<GRU<20, 20>>();
    expect_nan<Linear<20, 5>>();
#endif
}
TEST(Int8, WeightsThatAreNaNGiveNaN) {
    using Net = Sequential<GRU<20, 20>, Linear<20, 5>>;
    auto model = drawn_model<Net, float>(3);
    auto values = model.values();
    values[Net::tensors[0].offset + 7] = nan_value;
    model.assign(values);
    const Int8<Net> of_nan{model};
    Stream broken{of_nan};
    const std::vector<float> x(20, 1);
    EXPECT_TRUE(std::isnan(broken.step(std::span<const float, 20>{x})[0]));
}

TEST(Int8, StatesBeyondTheRangeAreClamped) {
    using Net = GRU<5, 20>;
    const Int8<Net> packed{drawn_model<Net, float>(3)};
    Stream one{packed}, two{packed};
    State<Net> state;
    std::ranges::fill(state.h(), 1.0f);
    one.state(state);
    std::ranges::fill(state.h(), 7.0f);
    two.state(state);
    const float x[5]{};
    const auto a = one.step(x), b = two.step(x);
    for (std::size_t k = 0; k < 20; ++k) EXPECT_GE(b[k], a[k]) << "the gates are the same, h is larger";
}

} // namespace
