// SPDX-License-Identifier: MIT
#pragma once

#include "wav.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace common {

/// The mean of a recording's channels, at another sample rate: a sinc with a Hann window of 32 zero crossings.
///
/// Source  Smith, "Digital audio resampling", https://ccrma.stanford.edu/~jos/resample/
inline std::vector<float> mono_at(const Wav& wav, int rate) {
    constexpr double pi = 3.141592653589793;
    std::vector<float> mono(wav.frames()), all;
    for (std::size_t k = 0; k < wav.samples.size(); ++k)
        mono[k / std::size_t(wav.channels)] += wav.samples[k] / float(wav.channels);
    if (rate == wav.rate) return mono;

    const double step = double(wav.rate) / rate, band = std::min(1.0, 1 / step), reach = 16 / band; // in samples
    all.resize(std::size_t(std::ceil(double(mono.size()) / step)));
    for (std::size_t n = 0; n < all.size(); ++n) {
        const double at = double(n) * step;
        const auto first = std::size_t(std::max(0.0, std::ceil(at - reach)));
        const auto last = std::min(mono.size(), std::size_t(at + reach) + 1);
        double sum = 0;
        for (std::size_t k = first; k < last; ++k) {
            const double d = double(k) - at, x = pi * band * d;
            const double sinc = std::abs(x) < 1e-9 ? 1 : std::sin(x) / x;
            sum += double(mono[k]) * band * sinc * 0.5 * (1 + std::cos(pi * d / reach));
        }
        all[n] = float(sum);
    }
    return all;
}

} // namespace common
