// SPDX-License-Identifier: MIT
// The voice detector of the examples: as a stream what PyTorch computes, frame by frame, without asking for memory; and
// what its example does before and after.
#include "../../examples/common/resample.hpp"
#include "../../examples/common/speech_segments.hpp"
#include "../../examples/common/voice_network.hpp"

#include <memory/counted.hpp>
#include <support/golden.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace {

using namespace rondo;
using counted::allocations;

constexpr common::VoiceSizes sizes{.chunk = 32, .context = 4, .window = 16, .wide = 10, .narrow = 5, .hidden = 7};

TEST(Voice, StreamedFrameByFrameIsWhatPyTorchComputes) {
    using Net = common::VoiceNet<sizes>;
    const Golden golden{"convolutions", "voice"};
    Model<Net> model;
    model.assign(golden.parameters<float>(Net::tensors));
    const Packed packed{model};
    const std::vector<float> x = golden.get<float>("x"), expected = golden.get<float>("y");
    const auto steps = std::size_t(golden.extent("x", 0)), batch = std::size_t(golden.extent("x", 1));
    constexpr auto frame = std::size_t(sizes.frame());
    for (std::size_t b = 0; b < batch; ++b) {
        Stream stream{packed};
        for (std::size_t t = 0; t < steps; ++t) {
            const std::size_t at = t * batch + b;
            EXPECT_NEAR(stream.step(std::span{x}.subspan(at * frame).first<frame>())[0], expected[at], 1e-5);
        }
    }
}

#ifndef RONDO_TEST_SANITIZED // which count no allocations
/// With the sizes of Silero VAD.
TEST(Voice, AStepAllocatesNothingAndReadsTheEndOfTheChunkBefore) {
    constexpr auto chunk = std::size_t(common::silero.chunk), context = std::size_t(common::silero.context);
    const Model<common::VoiceNet<common::silero>> model{Seed{1}};
    const Packed packed{model};
    common::VoiceStream<common::silero> voice{packed};
    Stream stream{packed};
    const auto x = normal_numbers<float>(5 * chunk);
    std::vector<float> padded(context), got(5);
    padded.insert(padded.end(), x.begin(), x.end());
    EXPECT_EQ(allocations([&] {
                  for (std::size_t k = 0; k < got.size(); ++k)
                      got[k] = voice.step(std::span{x}.subspan(k * chunk).first<chunk>());
              }),
              0u);
    for (std::size_t k = 0; k < got.size(); ++k) {
        const float logit = stream.step(std::span{padded}.subspan(k * chunk).first<context + chunk>())[0];
        EXPECT_EQ(got[k], 1 / (1 + std::exp(-logit))) << k;
    }
}
#endif

/// The expected segments are those of Silero's get_speech_timestamps_from_probs.
TEST(SpeechSegments, AreThoseOfSilero) {
    using Segments = std::vector<common::Segment>;
    const auto segments = [](std::vector<std::pair<int, float>> runs, std::size_t missing = 0) {
        std::vector<float> all;
        for (const auto& [count, p] : runs) all.insert(all.end(), std::size_t(count), p);
        return common::speech_segments(all, 512, all.size() * 512 - missing, 16000);
    };
    EXPECT_EQ(segments({{5, 0.1f}, {10, 0.9f}, {5, 0.1f}}), (Segments{{2080, 8160}}));
    EXPECT_EQ(segments({{10, 0.9f}, {3, 0.2f}, {10, 0.9f}, {4, 0.2f}, {10, 0.6f}, {2, 0.4f}, {3, 0.6f}}),
              (Segments{{0, 21504}}));
    EXPECT_EQ(segments({{8, 0.9f}, {5, 0.3f}, {8, 0.9f}, {5, 0.1f}, {8, 0.9f}}, 100),
              (Segments{{0, 4576}, {6176, 11232}}));
    EXPECT_EQ(segments({{3, 0.1f}, {7, 0.5f}, {9, 0.1f}, {8, 0.5f}, {6, 0.36f}, {4, 0.34f}, {9, 0.9f}}, 300),
              (Segments{{9248, 23252}}));
    EXPECT_EQ(segments({{20, 0.49f}}), (Segments{}));
    EXPECT_EQ(segments({{1, 0.1f}, {20, 0.9f}}, 511), (Segments{{32, 10241}}));
    EXPECT_EQ(common::speech_segments({}, 512, 0, 16000), Segments{});
}

TEST(MonoAt, KeepsATone) {
    for (const int rate : {8000, 22050, 48000}) {
        common::Wav wav{rate, 2, {}};
        for (int k = 0; k < rate / 4; ++k) {
            const auto x = float(std::sin(2 * 3.141592653589793 * 440 * k / rate));
            wav.samples.insert(wav.samples.end(), {x, 0.5f * x});
        }
        const std::vector<float> y = common::mono_at(wav, 16000);
        ASSERT_EQ(y.size(), 4000u);
        for (std::size_t k = 200; k < y.size() - 200; ++k)
            ASSERT_NEAR(y[k], 0.75 * std::sin(2 * 3.141592653589793 * 440 * double(k) / 16000), 2e-3)
                << rate << ' ' << k;
    }
    EXPECT_EQ(common::mono_at({16000, 1, {0.5f, -0.25f}}, 16000), (std::vector<float>{0.5f, -0.25f}));
}

} // namespace
