// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace common {

/// How probabilities become segments, with the values of Silero's get_speech_timestamps.
///
/// A segment begins with a chunk of probability `threshold`, and ends with one below `threshold - 0.15` (at least 0.01)
/// after which `silence` passes without another of `threshold`. Segments of `speech` or less are dropped; the others
/// are extended by `margin` on both sides, where two would meet up to the middle.
///
/// Units   milliseconds.
struct SegmentSettings {
    double threshold = 0.5;
    int speech = 250, silence = 100, margin = 30;
};

/// A part of a sound, in samples.
struct Segment {
    std::size_t begin, end;
    bool operator==(const Segment&) const = default;
};

/// The segments of a sound of `samples` samples from the probability of each of its chunks.
inline std::vector<Segment> speech_segments(std::span<const float> probabilities, std::size_t chunk,
                                            std::size_t samples, int rate, const SegmentSettings& settings = {}) {
    const auto of = [&](int milliseconds) { return std::size_t(rate) * std::size_t(milliseconds) / 1000; };
    const double end_threshold = std::max(settings.threshold - 0.15, 0.01);
    constexpr auto none = std::size_t(-1);
    std::vector<Segment> all;
    std::size_t begin = none, silent = none; // where a segment began, and a silence in it
    const auto close = [&](std::size_t end) {
        if (end - begin > of(settings.speech)) all.push_back({begin, end});
        begin = silent = none;
    };
    for (std::size_t k = 0; k < probabilities.size(); ++k) {
        const std::size_t at = k * chunk;
        const double p = double(probabilities[k]);
        if (p >= settings.threshold) {
            silent = none;
            if (begin == none) begin = at;
        } else if (begin != none && p < end_threshold) {
            if (silent == none) silent = at;
            if (at - silent >= of(settings.silence)) close(silent);
        }
    }
    if (begin != none) close(samples);

    const std::size_t margin = of(settings.margin);
    for (std::size_t k = 0; k < all.size(); ++k) {
        if (k == 0) all[k].begin -= std::min(all[k].begin, margin);
        const std::size_t room = k + 1 < all.size() ? all[k + 1].begin - all[k].end : samples - all[k].end;
        const bool meet = k + 1 < all.size() && room < 2 * margin;
        const std::size_t more = meet ? room / 2 : std::min(room, margin);
        all[k].end += more;
        if (k + 1 < all.size()) all[k + 1].begin -= meet ? room / 2 : margin;
    }
    return all;
}

} // namespace common
