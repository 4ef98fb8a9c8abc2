// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>
#include <rondo/io/file.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

/// An audio recording: interleaved samples from -1 to 1, frame by frame.
struct Wav {
    int rate = 44100, channels = 1;
    std::vector<float> samples;

    std::size_t frames() const { return samples.size() / std::size_t(channels); }
    double seconds() const { return double(frames()) / rate; }
};

namespace detail {
static_assert(std::endian::native == std::endian::little, "a WAV file's numbers are little-endian");

inline std::uint64_t wav_number(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data() + at, size);
    return number;
}

/// The sample format, from the chunk "fmt ".
struct WavFormat {
    std::uint64_t kind = 0, channels = 0, rate = 0, bits = 0, width = 0; // width: bytes per sample

    bool whole() const { return kind == 1 && width <= 4 && bits <= 8 * width && bits + 8 > 8 * width; }
    bool floats() const { return kind == 3 && (width == 4 || width == 8) && bits == 8 * width; }

    explicit WavFormat(std::span<const std::byte> chunk)
        : kind{wav_number(chunk, 0, 2)}, channels{wav_number(chunk, 2, 2)}, rate{wav_number(chunk, 4, 4)},
          bits{wav_number(chunk, 14, 2)}, width{channels > 0 ? wav_number(chunk, 12, 2) / channels : 0} {
        constexpr std::string_view common_end{"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71", 14};
        if (kind == 0xFFFE && chunk.size() >= 40 && std::memcmp(chunk.data() + 26, common_end.data(), 14) == 0)
            kind = wav_number(chunk, 24, 2); // WAVE_FORMAT_EXTENSIBLE has it in the extension
    }
    /// Integer samples are left-aligned in their bytes; samples of one byte are unsigned.
    float sample(std::span<const std::byte> bytes, std::size_t at) const {
        const std::uint64_t number = wav_number(bytes, at, width);
        if (floats() && width == 4) return std::bit_cast<float>(std::uint32_t(number));
        if (floats()) return float(std::bit_cast<double>(number));
        const auto top = std::uint32_t(number << (32 - 8 * width)) ^ (width == 1 ? 0x8000'0000u : 0u);
        return float(std::bit_cast<std::int32_t>(top)) / 2147483648.0f;
    }
    std::string text() const {
        const char* const name = kind == 1    ? "whole numbers"
                                 : kind == 3  ? "floating-point numbers"
                                 : kind == 6  ? "A-law"
                                 : kind == 7  ? "mu-law"
                                 : kind == 85 ? "MP3"
                                              : "another code";
        return "format " + std::to_string(kind) + " (" + name + ") of " + std::to_string(bits) + " bits, " +
               std::to_string(channels) + " channels at " + std::to_string(rate) + " Hz";
    }
};
} // namespace detail

/// Reads a WAV file of 8, 16, 24 or 32 bits per sample, or of floats or doubles; a RIFF or, of more than 4 GB, an RF64.
///
/// Errors  file; format: not a WAV file, a truncated file, or another sample format; not_finite.
inline Wav read_wav(const std::filesystem::path& path) {
    using detail::wav_number;
    using Kind = rondo::Error::Kind;
    const rondo::io::Bytes file = rondo::io::read_file(path);
    const std::span<const std::byte> bytes{file.data(), file.size()};
    const auto refuse = [&](const std::string& what, Kind kind = Kind::format) {
        rondo::fail(kind, path.string() + ": " + what);
    };
    const auto tag = [&](std::size_t at) {
        return std::string_view{reinterpret_cast<const char*>(bytes.data()) + at, 4};
    };
    const bool named = bytes.size() >= 12 && tag(8) == "WAVE";
    if (named && tag(0) == "RIFX") refuse("expected a WAV file of little-endian numbers, got RIFX");
    const bool large = named && (tag(0) == "RF64" || tag(0) == "BW64");
    if (!large && !(named && tag(0) == "RIFF")) refuse("expected a WAV file");
    std::optional<detail::WavFormat> format;
    std::uint64_t large_size = UINT32_MAX; // of the samples
    for (std::size_t at = 12; bytes.size() - at >= 8;) {
        const std::string_view name = tag(at);
        std::uint64_t size = wav_number(bytes, at + 4, 4);
        const std::size_t rest = bytes.size() - (at += 8);
        if (name == "data" && size == UINT32_MAX) size = large ? large_size : rest; // if written to a pipe: to the end
        if (size > rest)
            refuse("a chunk of " + std::to_string(size) + " bytes, but only " + std::to_string(rest) + " follow");
        const auto chunk = bytes.subspan(at, std::size_t(size));
        if (name == "ds64" && size >= 16) large_size = wav_number(chunk, 8, 8);
        if (name == "fmt ") {
            if (size < 16) refuse("expected 16 bytes or more of its format, got " + std::to_string(size));
            format.emplace(chunk);
            if (!(format->whole() || format->floats()) || format->rate < 1 || format->rate > 10'000'000)
                refuse("expected samples of 8, 16, 24 or 32 bits, floats or doubles, got " + format->text());
        } else if (name == "data") {
            if (!format) refuse("samples before their format");
            Wav wav{int(format->rate), int(format->channels), {}};
            wav.samples.resize(chunk.size() / format->width / format->channels * format->channels);
            for (std::size_t k = 0; k < wav.samples.size(); ++k) {
                wav.samples[k] = format->sample(chunk, k * format->width);
                if (!std::isfinite(wav.samples[k]))
                    refuse("sample " + std::to_string(k) + " is not finite", Kind::not_finite);
            }
            if (wav.samples.empty()) refuse("it has no samples");
            return wav;
        }
        at += std::min(std::size_t(size + size % 2), rest); // chunks begin at even bytes
    }
    refuse("it has no samples");
    return {};
}

/// Writes a WAV file of 16-bit samples, or of floats, with an atomic rename.
inline void write_wav(const std::filesystem::path& path, const Wav& wav, bool floats = false) {
    const auto channels = std::uint32_t(wav.channels), rate = std::uint32_t(wav.rate), width = floats ? 4u : 2u;
    if (wav.samples.size() > UINT32_MAX / 4 - 64) rondo::fail(rondo::Error::Kind::argument, "too long for a WAV file");
    const auto size = std::uint32_t(wav.samples.size()) * width;
    std::string head = "RIFF";
    const auto put = [&](std::uint32_t number, std::size_t bytes) {
        head.append(reinterpret_cast<const char*>(&number), bytes);
    };
    put(36 + size, 4), head += "WAVEfmt ", put(16, 4);
    put(floats ? 3 : 1, 2), put(channels, 2), put(rate, 4), put(rate * channels * width, 4);
    put(channels * width, 2), put(8 * width, 2), head += "data", put(size, 4);
    std::vector<std::int16_t> whole;
    for (std::size_t k = 0; !floats && k < wav.samples.size(); ++k)
        whole.push_back(std::int16_t(std::lround(std::clamp(wav.samples[k], -1.0f, 1.0f) * 32767)));
    const std::array<std::span<const std::byte>, 2> parts{std::as_bytes(std::span{head}),
                                                          floats ? std::as_bytes(std::span{wav.samples})
                                                                 : std::as_bytes(std::span{whole})};
    rondo::io::write_file(path, parts);
}

} // namespace common
