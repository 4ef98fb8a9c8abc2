// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/io/tensor_names.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/magnitude.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/layer/time_distributed.hpp>
#include <rondo/stream/stream.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace common {

/// The sizes of a voice detector: samples of a chunk and of the one before that it reads again, samples of a window of
/// the Fourier transform, features between its layers.
struct VoiceSizes {
    int chunk, context, window, wide, narrow, hidden;
    constexpr int frame() const { return context + chunk; }
    constexpr int hop() const { return window / 2; }
    constexpr int bins() const { return window / 2 + 1; }
};

/// The network of Silero VAD 6: the magnitudes of a chunk's Fourier transform, convolutions that reduce them to one
/// column, an LSTM that remembers, and the logit of the probability that somebody speaks.
///
/// The Fourier transform is a convolution whose weights are cosines and sines. A chunk is padded by the reflection of
/// its last `context` samples. The four strides must reduce it to one step.
template <VoiceSizes s>
using VoiceFrame = rondo::TimeDistributed<
    s.frame(),
    rondo::Named<"stft",
                 rondo::Conv1d<1, 2 * s.bins(), s.window,
                               rondo::ConvOptions{.stride = s.hop(), .padding = {0, s.context, true}, .bias = false}>>,
    rondo::Magnitude<s.bins()>,
    rondo::Named<"conv0", rondo::Conv1d<s.bins(), s.wide, 3, rondo::ConvOptions{.padding = {1, 1}}>>,
    rondo::ReLU<s.wide>,
    rondo::Named<"conv1", rondo::Conv1d<s.wide, s.narrow, 3, rondo::ConvOptions{.stride = 2, .padding = {1, 1}}>>,
    rondo::ReLU<s.narrow>,
    rondo::Named<"conv2", rondo::Conv1d<s.narrow, s.narrow, 3, rondo::ConvOptions{.stride = 2, .padding = {1, 1}}>>,
    rondo::ReLU<s.narrow>,
    rondo::Named<"conv3", rondo::Conv1d<s.narrow, s.wide, 3, rondo::ConvOptions{.padding = {1, 1}}>>,
    rondo::ReLU<s.wide>>;
template <VoiceSizes s>
using VoiceNet =
    rondo::Sequential<rondo::Named<"frame", VoiceFrame<s>>, rondo::Named<"lstm", rondo::LSTM<s.wide, s.hidden>>,
                      rondo::ReLU<s.hidden>, rondo::Named<"head", rondo::Conv1d<s.hidden, 1, 1>>>;

/// Silero VAD 6.2 for 16 kHz, and the names of its tensors.
inline constexpr VoiceSizes silero{
    .chunk = 512, .context = 64, .window = 256, .wide = 128, .narrow = 64, .hidden = 128};
inline rondo::io::TensorNames silero_names() {
    return {.renamed = {{"frame.stft.weight", "stft.forward_basis_buffer"},
                        {"frame.conv0.", "encoder.0.reparam_conv."},
                        {"frame.conv1.", "encoder.1.reparam_conv."},
                        {"frame.conv2.", "encoder.2.reparam_conv."},
                        {"frame.conv3.", "encoder.3.reparam_conv."},
                        {"lstm.weight_ih_l0", "decoder.rnn.weight_ih"},
                        {"lstm.weight_hh_l0", "decoder.rnn.weight_hh"},
                        {"lstm.bias_ih_l0", "decoder.rnn.bias_ih"},
                        {"lstm.bias_hh_l0", "decoder.rnn.bias_hh"},
                        {"head.", "decoder.decoder.2."}}};
}

/// A detector on a live sound, chunk by chunk. A step allocates nothing.
template <VoiceSizes s>
class VoiceStream {
public:
    explicit VoiceStream(const rondo::Packed<VoiceNet<s>>& weights) : stream_{weights} {}

    /// The probability that somebody speaks in this chunk.
    float step(std::span<const float, std::size_t(s.chunk)> chunk) noexcept {
        std::copy_n(frame_.end() - s.context, s.context, frame_.begin());
        std::copy_n(chunk.begin(), s.chunk, frame_.begin() + s.context);
        return 1 / (1 + std::exp(-stream_.step(frame_)[0]));
    }

private:
    rondo::Stream<VoiceNet<s>> stream_;
    std::array<float, std::size_t(s.frame())> frame_{}; // the end of the chunk before, and the chunk
};

} // namespace common
