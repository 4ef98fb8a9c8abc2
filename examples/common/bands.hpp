// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace common {

/// Levels of the quantiles of a forecast, in increasing order.
using Levels = std::array<double, 3>;

/// Quantiles of each forecast, those of one forecast contiguous.
struct Bands {
    Levels levels;
    std::vector<double> values{};

    std::size_t size() const { return values.size() / levels.size(); }
    double at(std::size_t k, std::size_t q) const { return values[k * levels.size() + q]; }
    std::vector<double> of_level(std::size_t q) const {
        std::vector<double> all;
        for (std::size_t k = 0; k < size(); ++k) all.push_back(at(k, q));
        return all;
    }
    /// Quantiles that cross are sorted.
    void sort() {
        for (auto first = values.begin(); first != values.end(); first += std::ptrdiff_t(levels.size()))
            std::sort(first, first + std::ptrdiff_t(levels.size()));
    }
};

/// The quantile of this level of numbers, which it sorts; between two of them it is interpolated.
inline double quantile(std::vector<double>& numbers, double level) {
    std::sort(numbers.begin(), numbers.end());
    const double at = level * double(numbers.size() - 1);
    const auto k = std::min(std::size_t(at), numbers.size() - 1);
    const double next = numbers[std::min(k + 1, numbers.size() - 1)];
    return numbers[k] + (at - double(k)) * (next - numbers[k]);
}

/// A forecast that repeats the value `lag` steps before, with the quantiles of its errors in the part to train on.
inline Bands naive_bands(std::span<const double> values, std::size_t train_end, std::size_t lag, const Levels& levels) {
    std::vector<double> errors;
    for (std::size_t t = lag; t < train_end; ++t) errors.push_back(values[t] - values[t - lag]);
    Bands bands{levels};
    for (std::size_t t = train_end; t < values.size(); ++t)
        for (const double level : levels) bands.values.push_back(values[t - lag] + quantile(errors, level));
    return bands;
}

/// The mean pinball loss of the quantiles, and the share of targets between the lowest and the highest.
struct BandScore {
    double pinball = 0, coverage = 0;
};
inline BandScore score(std::span<const double> truth, const Bands& bands) {
    BandScore all;
    const double n = double(truth.size()), levels = double(bands.levels.size());
    for (std::size_t k = 0; k < truth.size(); ++k) {
        for (std::size_t q = 0; q < bands.levels.size(); ++q) {
            const double error = truth[k] - bands.at(k, q), level = bands.levels[q];
            all.pinball += std::max(level * error, (level - 1) * error) / n / levels;
        }
        if (truth[k] >= bands.at(k, 0) && truth[k] <= bands.at(k, bands.levels.size() - 1)) all.coverage += 1 / n;
    }
    return all;
}

} // namespace common
