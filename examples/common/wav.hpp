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
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace common {

/// A recording: frames one after the other, each a sample of every channel, from -1 to 1.
struct Wav {
    int rate = 44100, channels = 1;
    std::vector<float> samples;

    std::size_t frames() const { return samples.size() / std::size_t(channels); }
    double seconds() const { return double(frames()) / rate; }
};

namespace detail {
static_assert(std::endian::native == std::endian::little, "a WAV file's numbers are little-endian");

inline std::uint32_t wav_number(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data() + at, size);
    return number;
}
} // namespace detail

/// Reads a WAV file of 16-bit or of float samples.
///
/// Errors  file; format: what is not a WAV file, is cut off, or has other samples; not_finite.
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
    if (bytes.size() < 12 || tag(0) != "RIFF" || tag(8) != "WAVE") refuse("expected a WAV file");
    Wav wav;
    std::uint32_t format = 0, bits = 0;
    for (std::size_t at = 12; bytes.size() - at >= 8;) {
        const std::string_view name = tag(at);
        const std::size_t size = wav_number(bytes, at + 4, 4), rest = bytes.size() - (at += 8);
        if (size > rest)
            refuse("a chunk of " + std::to_string(size) + " bytes, but only " + std::to_string(rest) + " follow");
        if (name == "fmt ") {
            if (size < 16) refuse("expected 16 bytes or more of its format, got " + std::to_string(size));
            format = wav_number(bytes, at, 2);
            if (format == 0xFFFE && size >= 26) format = wav_number(bytes, at + 24, 2); // told in more words
            wav.channels = int(wav_number(bytes, at + 2, 2));
            wav.rate = int(std::min<std::uint32_t>(wav_number(bytes, at + 4, 4), 10'000'000));
            bits = wav_number(bytes, at + 14, 2);
            if (!((format == 1 && bits == 16) || (format == 3 && bits == 32)) || wav.channels < 1 || wav.rate < 1)
                refuse("expected 16-bit or float samples, got format " + std::to_string(format) + " of " +
                       std::to_string(bits) + " bits, " + std::to_string(wav.channels) + " channels at " +
                       std::to_string(wav.rate) + " Hz");
        } else if (name == "data") {
            const std::size_t width = bits / 8;
            if (bits == 0) refuse("samples before their format");
            wav.samples.resize(size / width / std::size_t(wav.channels) * std::size_t(wav.channels));
            for (std::size_t k = 0; k < wav.samples.size(); ++k) {
                const std::uint32_t number = wav_number(bytes, at + k * width, width);
                wav.samples[k] = bits == 16 ? float(std::int16_t(number)) / 32768 : std::bit_cast<float>(number);
                if (!std::isfinite(wav.samples[k]))
                    refuse("sample " + std::to_string(k) + " is not finite", Kind::not_finite);
            }
            if (wav.samples.empty()) refuse("it has no samples");
            return wav;
        }
        at += std::min(size + size % 2, rest); // chunks begin at even bytes
    }
    refuse("it has no samples");
    return wav;
}

/// Writes a WAV file of 16-bit samples, or of floats; beside it first, then renamed.
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
    const std::array<std::span<const std::byte>, 2> parts{
        std::as_bytes(std::span{head}),
        floats ? std::as_bytes(std::span{wav.samples}) : std::as_bytes(std::span{whole})};
    rondo::io::write_file(path, parts);
}

} // namespace common
