// SPDX-License-Identifier: MIT
// Attention computes what PyTorch's equations do, over sequences of different lengths: pooling, and encoder-decoders.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/attention_pooling.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/model/encoder_decoder.hpp>
#include <rondo/model/workspace.hpp>

#include <support/backend.hpp>
#include <support/device.hpp>
#include <support/golden.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace attention_test {

using namespace rondo;

template <class Layer, class B>
void expect_pooling(const char* name) {
    using S = typename B::scalar;
    const Golden golden{"attention", name};
    const auto lengths = golden.get<int>("lengths");
    DeviceSequence<B, S, Layer::input_size> x{golden.get<S>("x"),
                                              {golden.extent("x", 0), golden.extent("x", 1), lengths.data()}};
    const SequenceView<const S, Layer::input_size> input = x.view();
    Model<Layer, B> model, gradient;
    model.assign(golden.parameters<S>(Layer::tensors));
    Workspace<Layer, B> work;
    const auto [y, a] =
        work.record(model, nullptr, {}, [&](auto& run) { return Layer::forward(run, input, with_weights); });
    golden.expect("y", values_of<B>(y));
    golden.expect("weights", values_of<B>(a));
    copy_to_device(work.backend(), y.gradient, golden.get<S>("dy"));
    work.backward(&gradient);
    golden.expect("dx", x.gradients());
    golden.expect_gradients(Layer::tensors, gradient.values());
    golden.expect("y", values_of<B>(work.forward(model, input)));
}

template <class Net, class B>
void expect_encoder_decoder(const char* name) {
    using S = typename B::scalar;
    const Golden golden{"attention", name};
    const auto lengths = golden.get<int>("lengths");
    const int batch = golden.extent("source", 1);
    const DeviceSequence<B, int, 1> source{golden.get<int>("source"),
                                           {golden.extent("source", 0), batch, lengths.data()}},
        tokens{golden.get<int>("tokens"), {golden.extent("tokens", 0), batch}};
    const Tokens from = source.input(), to = tokens.input();
    Model<Net, B> model, gradient;
    model.assign(golden.parameters<S>(Net::tensors));
    Workspace<Net, B> work;
    const auto body = [&](auto& run) {
        const auto [state, memory] = Net::encode(run, from);
        return Net::decode(run, to, state, memory);
    };
    const auto [y, state, weights] = work.record(model, nullptr, {}, body);
    golden.expect("y", values_of<B>(y));
    if (golden.has("weights")) golden.expect("weights", values_of<B>(weights));
    copy_to_device(work.backend(), y.gradient, golden.get<S>("dy"));
    work.backward(&gradient);
    golden.expect_gradients(Net::tensors, gradient.values());
    golden.expect("y", values_of<B>(work.forward(model, from, to)));
}

template <class B>
struct Attention : testing::Test {};
using Backends = testing::Types<TestBackend<float>, TestBackend<double>>;
TYPED_TEST_SUITE(Attention, Backends);

TYPED_TEST(Attention, pooling) {
    expect_pooling<AttentionPooling<20>, TypeParam>("pooling_20");
    expect_pooling<AttentionPooling<3, AdditiveScore<3, 5>>, TypeParam>("pooling_3_5");
}
TYPED_TEST(Attention, dot) { expect_encoder_decoder<EncoderDecoder<7, 5, 3, 20, DotAttention<20>>, TypeParam>("dot"); }
TYPED_TEST(Attention, additive) {
    expect_encoder_decoder<EncoderDecoder<7, 5, 3, 6, AdditiveAttention<6, 6, 33>, Feeding{.input_feeding = false}>,
                           TypeParam>("additive");
}
TYPED_TEST(Attention, of_a_gru) {
    expect_encoder_decoder<EncoderDecoder<7, 5, 3, 2, AdditiveAttention<2, 2, 1>, Feeding{}, rondo::GRU>, TypeParam>(
        "gru");
}
TYPED_TEST(Attention, none) { expect_encoder_decoder<EncoderDecoder<7, 5, 3, 6, NoAttention>, TypeParam>("none"); }

TEST(AttentionPooling, SumsTheValuesOfValidStepsOnly) {
    // Padding holds NaN, and one sequence has no step: its result is zero.
    const double nan = std::nan("");
    const int three_and_none[]{3, 0}, three_and_two[]{3, 2};
    using Layer = AttentionPooling<1>;
    using B = TestBackend<double>;
    const Model<Layer, B> model; // scores of zero: a plain mean
    Workspace<Layer, B> work;
    const DeviceSequence<B, double, 1> one{{1, nan, 3, nan, 4, nan}, {3, 2, three_and_none}};
    const auto y = values_of<B>(work.forward(model, one.input()));
    EXPECT_NEAR(y[0], 8.0 / 3, 1e-15);
    EXPECT_EQ(y[1], 0);
    const DeviceSequence<B, double, 1> both{{1, 2, 3, 5, 4, nan}, {3, 2, three_and_two}};
    EXPECT_NEAR(values_of<B>(work.forward(model, both.input()))[1], 3.5, 1e-15);
}

} // namespace attention_test
