// SPDX-License-Identifier: MIT
// Convolutions and pools over windows of the steps, alone and between other layers.
#include "../../examples/common/voice_network.hpp"
#include "lists.hpp"
#include "typed.hpp"

#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/magnitude.hpp>
#include <rondo/layer/pool1d.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/time_distributed.hpp>

#include <memory/sanitized.hpp>

namespace cases {
namespace {

using namespace rondo;

constexpr common::VoiceSizes voice_sizes{.chunk = 32, .context = 4, .window = 16, .wide = 10, .narrow = 5, .hidden = 7};

template <class S>
void add_golden(Cases& to) {
    const auto add = [&]<class Net>(std::type_identity<Net>, const char* name) {
        add_network<Net, S>(to, "conv", name);
    };
    add(std::type_identity<Conv1d<3, 5, 3>>{}, "plain");
    add(std::type_identity<Conv1d<5, 20, 3, ConvOptions{.dilation = 2, .padding = causal_padding}>>{},
        "causal_dilated");
    add(std::type_identity<Conv1d<4, 6, 3, ConvOptions{.stride = 2, .groups = 2, .padding = Padding{1, 1}}>>{},
        "strided_groups");
    add(std::type_identity<Conv1d<33, 33, 5, ConvOptions{.groups = 33, .padding = same_padding}>>{}, "depthwise");
    add(std::type_identity<Conv1d<3, 4, 4, ConvOptions{.padding = same_padding, .bias = false}>>{}, "same_even");
    add(std::type_identity<Conv1d<1, 16, 5, ConvOptions{.stride = 3, .padding = Padding{2, 4, true}}>>{}, "reflect");
    add(std::type_identity<Conv1d<20, 1, 1>>{}, "one");
    add(std::type_identity<common::VoiceNet<voice_sizes>>{}, "voice");
    add(std::type_identity<MaxPool1d<33, 2>>{}, "max");
    add(std::type_identity<MaxPool1d<20, 3, PoolOptions{.stride = 2, .padding = {1, 1}}>>{}, "max_overlapping");
    add(std::type_identity<MaxPool1d<5, 3, PoolOptions{.stride = 1, .dilation = 2, .padding = causal_padding}>>{},
        "max_dilated");
    add(std::type_identity<MaxPool1d<3, 9, PoolOptions{.stride = 1, .padding = {4, 4}}>>{}, "max_ties");
    add(std::type_identity<AvgPool1d<1, 3>>{}, "mean");
    add(std::type_identity<AvgPool1d<5, 4, PoolOptions{.stride = 2, .padding = {2, 2}}>>{}, "mean_padded");
    add(std::type_identity<AvgPool1d<20, 4, PoolOptions{.stride = 3, .padding = {3, 1}}>>{}, "mean_uneven");
    add(std::type_identity<AvgPool1d<33, 3, PoolOptions{1, 1, same_padding, false}>>{}, "mean_of_steps");
}

} // namespace

void add_convolutions(Cases& to) {
    add_golden<double>(to);
#ifndef RONDO_TEST_SANITIZED
    add_golden<float>(to);
#endif
    add_network<
        Sequential<Linear<3, 4>, Conv1d<4, 5, 3, ConvOptions{.stride = 2, .padding = Padding{2, 1}}>, Linear<5, 3>>,
        double>(to, "checked", "Conv1d_stride");
    add_network<Sequential<Conv1d<3, 33, 3, ConvOptions{.groups = 3, .padding = Padding{1, 1, true}}>, Linear<33, 2>>,
                double>(to, "checked", "Conv1d_reflect");
    add_network<Sequential<Linear<3, 16>,
                           TimeDistributed<8, Conv1d<2, 6, 4, ConvOptions{.stride = 2, .padding = Padding{0, 2, true}}>,
                                           Magnitude<3>, Conv1d<3, 5, 4>>,
                           Linear<5, 2>>,
                double>(to, "checked", "TimeDistributed");
    add_network<TimeDistributed<3, RNN<1, 2, Stack{.bidirectional = true}>, MeanPooling<4>>, double>(
        to, "checked", "TimeDistributed_first");
    // Depthwise: a stride and reflection; more taps than are summed up at once.
    add_network<
        Sequential<Linear<3, 5>, Conv1d<5, 5, 4, ConvOptions{.stride = 2, .groups = 5, .padding = Padding{1, 2, true}}>,
                   Linear<5, 3>>,
        double>(to, "checked", "Conv1d_depthwise");
    add_network<
        Sequential<Conv1d<3, 3, 35, ConvOptions{.groups = 3, .padding = Padding{20, 14}, .bias = false}>, Linear<3, 2>>,
        double>(to, "checked", "Conv1d_depthwise_long");
    add_network<Sequential<Linear<3, 20>, MaxPool1d<20, 3, PoolOptions{.stride = 2, .padding = {1, 2}}>,
                           AvgPool1d<20, 2, PoolOptions{.stride = 1, .padding = {1, 1}}>, Linear<20, 3>>,
                double>(to, "checked", "MaxPool1d");
    add_network<
        Sequential<AvgPool1d<3, 3, PoolOptions{.stride = 1, .padding = {1, 1}, .count_include_pad = false}>,
                   Linear<3, 5>, MaxPool1d<5, 2, PoolOptions{.stride = 1, .dilation = 2, .padding = causal_padding}>>,
        double>(to, "checked", "AvgPool1d_first");
    // One output step for each input step, so that targets fit.
    add_network<Sequential<Conv1d<3, 5, 3, ConvOptions{.dilation = 2, .padding = causal_padding}>, RNN<5, 4>,
                           Conv1d<4, 4, 3, ConvOptions{.groups = 4, .padding = same_padding}>,
                           Conv1d<4, 2, 4, ConvOptions{.padding = same_padding}>>,
                float>(to, "padded_squared", "Conv1d");
    add_network<Sequential<MaxPool1d<3, 3, PoolOptions{.stride = 1, .padding = causal_padding}>, RNN<3, 4>,
                           AvgPool1d<4, 4, PoolOptions{1, 1, same_padding, false}>,
                           MaxPool1d<4, 2, PoolOptions{.stride = 1, .dilation = 2, .padding = {1, 1}}>>,
                float>(to, "padded_squared", "MaxPool1d");
    add_network<Sequential<TimeDistributed<3, Conv1d<1, 4, 2, ConvOptions{.padding = causal_padding}>, Magnitude<2>,
                                           RNN<2, 3>, MaxPooling<3>>,
                           RNN<3, 2>>,
                float>(to, "padded_squared", "TimeDistributed");
}

} // namespace cases
