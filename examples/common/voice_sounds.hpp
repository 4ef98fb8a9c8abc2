// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace common {

/// A sound at 16 kHz, and for each sample whether it is a part of speech.
struct LabelledSound {
    std::vector<float> samples;
    std::vector<char> speech;
};

/// Sounds like speech between noises and tones, all computed: phrases of syllables (a hiss, then a vowel: pulses
/// through resonances that glide from one vowel's formants to another's), and between them pauses, whistles, chords and
/// bursts of noise; over everything noise of some level.
class SoundMaker {
public:
    static constexpr int rate = 16000;
    explicit SoundMaker(rondo::Seed seed) : random_{seed, rondo::Purpose::user} {}

    LabelledSound make(double seconds) {
        const auto size = std::size_t(seconds * rate);
        LabelledSound all;
        while (all.samples.size() < size) {
            if (chance() < 0.5) phrase(all);
            else if (chance() < 0.5) silence(all, between(0.2, 0.8));
            else noise_or_tones(all);
        }
        all.samples.resize(size), all.speech.resize(size);
        const double level = std::pow(10, between(-4, -2));
        double low = 0;
        const double smooth = between(0, 0.9);
        for (float& x : all.samples) {
            low = smooth * low + (1 - smooth) * normal();
            x = float(std::clamp(double(x) + level * low, -1.0, 1.0));
        }
        return all;
    }

private:
    static constexpr double pi = 3.141592653589793;
    // The first three formants of vowels: Peterson & Barney, "Control methods used in a study of the vowels" (1952).
    static constexpr std::array<std::array<double, 3>, 6> vowels{{{270, 2290, 3010},
                                                                  {530, 1840, 2480},
                                                                  {660, 1720, 2410},
                                                                  {730, 1090, 2440},
                                                                  {570, 840, 2410},
                                                                  {300, 870, 2240}}};

    double chance() { return (double(random_.wide(next_++, 0) >> 11) + 0.5) / 9007199254740992.0; }
    double normal() { return double(random_.normal(next_++)); }
    double between(double least, double most) { return least + (most - least) * chance(); }
    static void add(LabelledSound& to, double x, bool speech) {
        to.samples.push_back(float(x));
        to.speech.push_back(speech);
    }
    static void silence(LabelledSound& to, double seconds, bool speech = false) {
        for (auto k = std::size_t(seconds * rate); k > 0; --k) add(to, 0, speech);
    }
    /// Rises and falls within a hundredth of a second.
    static double envelope(std::size_t k, std::size_t count) {
        return std::min(1.0, double(std::min(k, count - k)) / (0.01 * rate));
    }

    void phrase(LabelledSound& to) {
        const double pitch = between(90, 250), volume = std::pow(10, between(-1.6, -0.3));
        const int syllables = 3 + int(6 * chance());
        for (int k = 0; k < syllables; ++k) {
            if (chance() < 0.6) hiss(to, 0.15 * volume, between(0.04, 0.12), between(0.3, 0.9), true);
            vowel(to, volume, pitch * between(0.85, 1.2));
            silence(to, between(0, 0.05), true);
        }
    }
    void vowel(LabelledSound& to, double volume, double pitch) {
        const auto& from = vowels[std::size_t(chance() * 6)];
        const auto& towards = vowels[std::size_t(chance() * 6)];
        const auto count = std::size_t(between(0.1, 0.3) * rate);
        const double glide = between(0.7, 1.2);
        std::array<std::array<double, 2>, 3> before{};
        double phase = 0;
        for (std::size_t k = 0; k < count; ++k) {
            const double at = double(k) / double(count);
            phase += pitch * (1 + (glide - 1) * at) / rate;
            double x = 0.02 * normal() * volume; // breath
            if (phase >= 1) phase -= 1, x += volume;
            for (std::size_t f = 0; f < 3; ++f) { // two-pole resonances, one after the other
                const double frequency = from[f] + (towards[f] - from[f]) * at,
                             radius = std::exp(-pi * (60 + 40 * double(f)) / rate);
                const double turn = 2 * radius * std::cos(2 * pi * frequency / rate), square = radius * radius;
                const double y = (1 - turn + square) * x + turn * before[f][0] - square * before[f][1];
                before[f] = {y, before[f][0]};
                x = y;
            }
            add(to, 3 * x * envelope(k, count), true);
        }
    }
    /// Noise without its low frequencies (`edge` towards 1) or without its high ones (towards -1).
    void hiss(LabelledSound& to, double volume, double seconds, double edge, bool speech) {
        const auto count = std::size_t(seconds * rate);
        double before = 0;
        for (std::size_t k = 0; k < count; ++k) {
            const double x = normal();
            add(to, volume * (x - edge * before) * envelope(k, count), speech);
            before = x;
        }
    }
    void noise_or_tones(LabelledSound& to) {
        const double volume = std::pow(10, between(-1.8, -0.5));
        if (chance() < 0.5) return hiss(to, volume, between(0.1, 1), between(-0.9, 0.9), false);
        const auto count = std::size_t(between(0.2, 1.2) * rate);
        const double base = between(150, 2000), glide = chance() < 0.5 ? 0 : between(-0.4, 0.8);
        const int tones = 1 + int(3 * chance());
        std::array<double, 3> phase{};
        for (std::size_t k = 0; k < count; ++k) {
            double x = 0;
            for (int n = 0; n < tones; ++n) {
                phase[std::size_t(n)] += base * (1 + 0.5 * n) * (1 + glide * double(k) / double(count)) / rate;
                x += std::sin(2 * pi * phase[std::size_t(n)]);
            }
            add(to, volume * x / tones * envelope(k, count), false);
        }
    }

    rondo::RandomStream random_;
    std::uint64_t next_ = 0;
};

} // namespace common
