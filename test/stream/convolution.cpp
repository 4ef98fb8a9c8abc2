// SPDX-License-Identifier: MIT
// Causal convolutions and pools, also with strides, in streams and from persistent states.
#include "unrolled.hpp"

#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/magnitude.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/pool1d.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/time_distributed.hpp>

#include <support/failure.hpp>

#include <algorithm>

namespace stream_convolution_test {

using namespace rondo;

constexpr ConvOptions causal{.padding = causal_padding};
constexpr ConvOptions strided(int stride) { return {.stride = stride, .padding = causal_padding}; }

/// With and without a kernel of its own, taps of one step, and more history than most of the sequences have.
using Convolved =
    Sequential<Conv1d<3, 5, 3, causal>, RNN<5, 4>,
               Conv1d<4, 4, 5, ConvOptions{.dilation = 2, .groups = 4, .padding = causal_padding}>, Conv1d<4, 20, 1>,
               Conv1d<20, 3, 2, ConvOptions{.dilation = 16, .padding = causal_padding}>>;
/// Three rates: a step reads 6 inputs.
using Strided = Sequential<Conv1d<1, 4, 4, strided(2)>, LSTM<4, 33>, LayerNorm<33>, Conv1d<33, 6, 3, strided(3)>,
                           GRU<6, 4>, Linear<4, 3>>;
using Grouped =
    Sequential<Conv1d<6, 6, 5, ConvOptions{.stride = 3, .groups = 2, .padding = causal_padding}>,
               Conv1d<6, 6, 3, ConvOptions{.stride = 2, .groups = 6, .padding = causal_padding, .bias = false}>>;
static_assert(StreamOf<Strided, float>::stride == 6 && StreamOf<Strided, float>::inputs_size == 6 &&
              StreamOf<Grouped, float>::inputs_size == 36 && StreamOf<Convolved, float>::stride == 1);

/// Frames of 40 steps: more output columns than a tile has, then two, then one; padding on both sides, with dilation
/// and groups, too; layers that read to a frame's end, and layers that begin anew in each.
using Framed =
    Sequential<TimeDistributed<40, Conv1d<1, 34, 8, ConvOptions{.stride = 4, .padding = {2, 6, true}}>, Magnitude<17>,
                               Conv1d<17, 20, 3, ConvOptions{.dilation = 2, .padding = {1, 3, true}}>, LSTM<20, 3>,
                               Conv1d<3, 6, 3, ConvOptions{.padding = causal_padding}>,
                               Conv1d<6, 6, 3, ConvOptions{.stride = 5, .padding = {1, 1}}>,
                               Conv1d<6, 4, 3, ConvOptions{.dilation = 2, .groups = 2, .padding = same_padding}>,
                               RNN<4, 2, Stack{.bidirectional = true}>,
                               Conv1d<4, 33, 3, ConvOptions{.stride = 2, .padding = {1, 1}}>,
                               Conv1d<33, 33, 4, ConvOptions{.groups = 33, .padding = same_padding}>,
                               Conv1d<33, 5, 3, ConvOptions{.padding = same_padding}>, MeanPooling<5>>,
               GRU<5, 4>, Linear<4, 2>>;

/// A step of the stream reads two frames.
using TwoFrames =
    Sequential<TimeDistributed<6, Conv1d<2, 5, 4, ConvOptions{.stride = 2, .padding = {1, 1}}>, GRU<5, 3>, LastStep<3>>,
               Conv1d<3, 4, 3, strided(2)>, LSTM<4, 3>>;
static_assert(StreamOf<TwoFrames, float>::inputs_size == 24);

/// Pools with and without history: a kernel of the stride, a shorter and a longer one; and in a frame, with padding.
using Pooled =
    Sequential<MaxPool1d<3, 2>, Linear<3, 33>, AvgPool1d<33, 2, PoolOptions{.stride = 3}>,
               MaxPool1d<33, 5, PoolOptions{.stride = 1, .dilation = 3, .padding = causal_padding}>, Linear<33, 4>,
               TimeDistributed<4, MaxPool1d<1, 2, PoolOptions{.stride = 1, .padding = {1, 1}}>,
                               AvgPool1d<1, 3, PoolOptions{.stride = 1, .padding = same_padding}>, MaxPooling<1>>,
               GRU<1, 5>, AvgPool1d<5, 4, PoolOptions{1, 1, causal_padding, false}>,
               AvgPool1d<5, 3, PoolOptions{.stride = 2, .padding = {2}}>,
               MaxPool1d<5, 3, PoolOptions{.stride = 2, .padding = {1}}>>;
static_assert(StreamOf<Pooled, float>::stride == 24);
/// Of windows within the steps of one there is no state.
static_assert(State<Sequential<MaxPool1d<3, 2>, AvgPool1d<3, 2, PoolOptions{.stride = 3}>>>::size == 0);

/// A frame of seven steps, of which a convolution with stride 2 makes four.
using OddFrames =
    Sequential<TimeDistributed<7, Conv1d<1, 4, 3, strided(2)>, GRU<4, 3>, LastStep<3>>, Named<"after", GRU<3, 3>>>;
/// What lies in a frame begins anew at each step: it is no part of the state.
static_assert(State<OddFrames>::size == State<GRU<3, 3>>::size);

TEST(Stream, OfConvolutionsEqualsTheUnrolledNetwork) {
    StreamTest<Convolved>::equals_unrolled_in_float_and_double();
    StreamTest<Strided>::equals_unrolled_in_float_and_double();
    StreamTest<Grouped>::equals_unrolled<double>();
    StreamTest<Framed>::equals_unrolled_in_float_and_double();
    StreamTest<OddFrames>::equals_unrolled_in_float_and_double();
    StreamTest<TwoFrames>::equals_unrolled_in_float_and_double();
    StreamTest<Pooled>::equals_unrolled_in_float_and_double();
}

TEST(State, HasTheRecurrentLayersOutsideFrames) {
    State<OddFrames> state;
    EXPECT_EQ(state.h().data(), state.numbers().data());
    EXPECT_EQ(state.h().data(), state.h<"after">().data());
    EXPECT_EQ(state.h().size(), 3u);
}

/// Normalized: folded into the weights before it, and by itself.
template <class... Norm>
using Folded = Sequential<Linear<3, 5>, Norm..., Named<"conv", Conv1d<5, 5, 3, causal>>>;
using Normalized = Sequential<
    BatchNorm1d<3>, LinearWithoutBias<3, 5>, Named<"bn", BatchNorm1d<5, BatchNormOptions{.affine = false}>>,
    BatchNorm1d<5>, RNN<5, 4>, BatchNorm1d<4>,
    Conv1d<4, 4, 3, ConvOptions{.groups = 4, .padding = causal_padding, .bias = false}>, BatchNorm1d<4>,
    Residual<Linear<4, 4>>, BatchNorm1d<4>,
    TimeDistributed<2, Conv1d<2, 3, 3, ConvOptions{.padding = same_padding, .bias = false}>, BatchNorm1d<3>,
                    Conv1d<3, 4, 3, ConvOptions{.groups = 1, .padding = {1, 0}}>, BatchNorm1d<4>, MeanPooling<4>>,
    Conv1d<4, 6, 2, ConvOptions{.groups = 2, .padding = causal_padding}>, BatchNorm1d<6>, Conv1d<6, 33, 3, strided(2)>,
    BatchNorm1d<33>, Linear<33, 1>, BatchNorm1d<1>>;
static_assert(Packed<Folded<BatchNorm1d<5>>>::size == Packed<Folded<>>::size);
static_assert(Packed<Folded<BatchNorm1d<5>, BatchNorm1d<5>>>::size > Packed<Folded<>>::size);

TEST(Stream, OfNormalizedLayersEqualsTheUnrolledNetwork) {
    StreamTest<Normalized>::equals_unrolled<float>();
    StreamTest<Normalized>::equals_unrolled<double>();
    StreamTest<Folded<BatchNorm1d<5>>>::equals_unrolled<double>();
}

/// In parts, each from the state that the one before left; and in single steps.
template <class Net>
void equals_whole_in_parts() {
    using S = double;
    using B = EigenBackend<S>;
    constexpr int stride = StreamOf<Net, S>::stride, steps = 24, batch = 3;
    const Model<Net, B> model{Seed{3}};
    const auto x = normal_numbers<S>(std::size_t(Net::input_size * steps * stride * batch), 5);
    const auto view = [&](int from, int count) {
        const std::size_t size = std::size_t(Net::input_size) * batch;
        return SequenceView<const S, Net::input_size>{
            x.data() + std::size_t(from * stride) * size, nullptr, {count * stride, batch}};
    };
    Workspace<Net, B> work;
    const auto y = work.forward(model, view(0, steps));
    const std::vector<S> whole{y.value, y.value + y.size()};
    for (const int length : {1, 5, 12}) {
        BatchState<Net, B> state{batch};
        std::vector<S> parts;
        for (int from = 0; from < steps; from += length) {
            const auto part = length == 1 ? work.step(model, state, view(from, 1))
                                          : work.forward(model, state, view(from, std::min(length, steps - from)));
            parts.insert(parts.end(), part.value, part.value + part.size());
        }
        EXPECT_LT(law::difference(whole, parts), law::tolerance<S>) << length;
    }
}
TEST(Convolution, GoesOnFromAPersistentState) {
    equals_whole_in_parts<Convolved>();
    equals_whole_in_parts<Strided>();
    equals_whole_in_parts<Grouped>();
    equals_whole_in_parts<Normalized>();
    equals_whole_in_parts<Pooled>();
}

TEST(TimeDistributed, RefusesLayersThatLeaveSeveralSteps) {
    using Net = TimeDistributed<8, Conv1d<1, 2, 4>>;
    const Model<Net> model{Seed{1}};
    const Packed packed{model};
    EXPECT_EQ(failure_of([&] { Stream<Net>{packed}; }).message,
              "rondo::TimeDistributed: expected layers that reduce a frame of 8 steps to one, got 5");
}

TEST(Convolution, RefusesAStateThatItCannotCarryOn) {
    using Later = Sequential<Conv1d<3, 3, 3, ConvOptions{.padding = same_padding}>>;
    const std::vector<float> x(21);
    const auto from = [&]<class Net>(const Model<Net>& model, int steps) {
        Workspace<Net> work;
        BatchState<Net> state;
        return failure_of([&] {
                   work.forward(model, state,
                                SequenceView<const float, Net::input_size>{x.data(), nullptr, {steps, 1}});
               })
            .message;
    };
    EXPECT_EQ(from(Model<Strided>{Seed{1}}, 7),
              "rondo::Conv1d: a sequence that goes on: expected a multiple of 2 steps, got 7");
    const Model<Later> later{Seed{1}};
    Workspace<Later> work;
    EXPECT_NO_THROW(work.forward(later, SequenceView<const float, 3>{x.data(), nullptr, {7, 1}}));
}

} // namespace stream_convolution_test
