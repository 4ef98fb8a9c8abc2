// SPDX-License-Identifier: MIT
// Attention computes what PyTorch's equations do, over sequences of different lengths: pooling, and encoder-decoders.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/attention_pooling.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/network/encoder_decoder.hpp>
#include <rondo/network/workspace.hpp>

#include <support/golden.hpp>
#include <support/networks.hpp>

namespace {

using namespace rondo;

template <class Layer, class B>
void expect_pooling(const char* name) {
    using S = typename B::scalar;
    const Golden golden{"attention", name};
    const auto x = golden.get<S>("x"), dy = golden.get<S>("dy");
    const auto lengths = golden.get<int>("lengths");
    std::vector<S> dx(x.size());
    const Sequence<const S, Layer::input_size> input{
        x.data(), dx.data(), {golden.extent("x", 0), golden.extent("x", 1), lengths.data()}};
    Model<Layer, B> model, gradient;
    model.assign(golden.parameters<S>(Layer::tensors));
    Workspace<Layer, B> work;
    const auto [y, a] =
        work.record(model, nullptr, {}, [&](auto& run) { return Layer::forward(run, input, with_weights); });
    golden.expect("y", y.value);
    golden.expect("weights", a.value);
    std::ranges::copy(dy, y.slope);
    work.backward(&gradient);
    golden.expect("dx", dx.data());
    golden.expect_gradients(Layer::tensors, gradient.values());
    golden.expect("y", work.forward(model, input).value);
}

template <class Net, class B>
void expect_encoder_decoder(const char* name) {
    using S = typename B::scalar;
    const Golden golden{"attention", name};
    const auto dy = golden.get<S>("dy");
    const auto source = golden.get<int>("source"), tokens = golden.get<int>("tokens"),
               lengths = golden.get<int>("lengths");
    const int batch = golden.extent("source", 1);
    const Tokens from{source.data(), nullptr, {golden.extent("source", 0), batch, lengths.data()}};
    const Tokens to{tokens.data(), nullptr, {golden.extent("tokens", 0), batch}};
    Model<Net, B> model, gradient;
    model.assign(golden.parameters<S>(Net::tensors));
    Workspace<Net, B> work;
    const auto body = [&](auto& run) {
        const auto [state, memory] = Net::encode(run, from);
        return Net::decode(run, to, state, memory);
    };
    const auto [y, state, weights] = work.record(model, nullptr, {}, body);
    golden.expect("y", y.value);
    if (golden.has("weights")) golden.expect("weights", weights.value);
    std::ranges::copy(dy, y.slope);
    work.backward(&gradient);
    golden.expect_gradients(Net::tensors, gradient.values());
    golden.expect("y", work.forward(model, from, to).value);
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
    const double x[]{1, 2, 3, 5, 4, nan};
    const int lengths[]{3, 0};
    const double one_of_two[]{1, nan, 3, nan, 4, nan};
    using Layer = AttentionPooling<1>;
    Model<Layer, TestBackend<double>> model; // scores of zero: a plain mean
    Workspace<Layer, TestBackend<double>> work;
    const auto y = work.forward(model, Sequence<const double, 1>{one_of_two, nullptr, {3, 2, lengths}});
    EXPECT_NEAR(y.value[0], 8.0 / 3, 1e-15);
    EXPECT_EQ(y.value[1], 0);
    const int both[]{3, 2};
    EXPECT_NEAR(work.forward(model, Sequence<const double, 1>{x, nullptr, {3, 2, both}}).value[1], 3.5, 1e-15);
}

} // namespace
