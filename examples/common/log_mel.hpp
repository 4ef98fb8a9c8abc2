// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace common {

/// The energies of a sound in bands of the mel scale, as logarithms, frame by frame as the samples come.
///
///   mel(f) = 2595 log10(1 + f / 700)                                          (1)
///   y_b = (ln(1e-5 + sum_k w_bk |X_k|^2) + 5) / 4                             (2)
///
/// X is the Fourier transform of the last `window` samples, times a Hann window; w are triangles between neighbouring
/// bands, whose centres are equally far apart on the mel scale, from 60 Hz to 8 kHz. The first frame ends with sample
/// `window`, each further one `hop` samples later.
///
/// Units   samples from -1 to 1, at 22.05 kHz. y is about -1.6 in silence, and about 0 to 2 in speech.
/// Memory  allocated by the constructor.
/// Source  Davis, Mermelstein, "Comparison of parametric representations for monosyllabic word recognition in
///         continuously spoken sentences", 1980.
class LogMel {
public:
    static constexpr int rate = 22050, bands = 32;
    static constexpr std::size_t window = 512, hop = 320;

    LogMel() : recent_(window), spectrum_(window), hann_(window), turns_(window / 2), weights_(bins * bands) {
        const double pi = 3.141592653589793;
        for (std::size_t k = 0; k < window; ++k) hann_[k] = float(0.5 - 0.5 * std::cos(2 * pi * double(k) / window));
        for (std::size_t k = 0; k < window / 2; ++k)
            turns_[k] = std::complex<float>(std::polar(1.0, -2 * pi * double(k) / window));
        const auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
        const double least = mel(60), apart = (mel(8000) - least) / (bands + 1);
        for (std::size_t k = 0; k < bins; ++k) {
            const double at = (mel(double(k) * rate / window) - least) / apart; // band b is centred at b + 1
            for (int b = 0; b < bands; ++b)
                weights_[k * bands + std::size_t(b)] = float(std::max(0.0, 1 - std::abs(at - (b + 1))));
        }
    }

    /// Calls on_frame(frame) for each frame that these samples complete.
    template <class OnFrame>
    void push(std::span<const float> samples, OnFrame&& on_frame) {
        for (const float x : samples) {
            recent_[at_++ % window] = x;
            if (at_ < window || (at_ - window) % hop != 0) continue;
            frame();
            on_frame(std::span<const float, std::size_t(bands)>{frame_});
        }
    }
    /// Begins another sound.
    void reset() { at_ = 0; }

    /// All frames of a sound, one after the other.
    static std::vector<float> frames(std::span<const float> samples) {
        LogMel mel;
        std::vector<float> all;
        mel.push(samples, [&](auto frame) { all.insert(all.end(), frame.begin(), frame.end()); });
        return all;
    }

private:
    static constexpr std::size_t bins = window / 2;

    void frame() {
        for (std::size_t k = 0; k < window; ++k) spectrum_[k] = hann_[k] * recent_[(at_ + k) % window];
        transform();
        std::array<float, std::size_t(bands)> energies{};
        for (std::size_t k = 0; k < bins; ++k)
            for (std::size_t b = 0; b < energies.size(); ++b)
                energies[b] += weights_[k * bands + b] * std::norm(spectrum_[k]);
        for (std::size_t b = 0; b < energies.size(); ++b) frame_[b] = (std::log(1e-5f + energies[b]) + 5) / 4;
    }
    // The fast Fourier transform of Cooley and Tukey, in place: bits of the index reversed, then pairs of 2, 4, ...
    void transform() {
        for (std::size_t k = 1, reversed = 0; k < window; ++k) {
            std::size_t bit = window / 2;
            for (; reversed & bit; bit /= 2) reversed ^= bit;
            reversed ^= bit;
            if (k < reversed) std::swap(spectrum_[k], spectrum_[reversed]);
        }
        for (std::size_t size = 2; size <= window; size *= 2)
            for (std::size_t first = 0; first < window; first += size)
                for (std::size_t k = 0; k < size / 2; ++k) {
                    const std::complex<float> a = spectrum_[first + k],
                                              b = spectrum_[first + k + size / 2] * turns_[k * (window / size)];
                    spectrum_[first + k] = a + b;
                    spectrum_[first + k + size / 2] = a - b;
                }
    }

    std::vector<float> recent_; // a ring
    std::vector<std::complex<float>> spectrum_;
    std::vector<float> hann_;
    std::vector<std::complex<float>> turns_;
    std::vector<float> weights_; // (bands x bins)
    std::array<float, std::size_t(bands)> frame_{};
    std::size_t at_ = 0;
};

} // namespace common
