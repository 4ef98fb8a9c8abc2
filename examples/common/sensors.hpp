// SPDX-License-Identifier: MIT
#pragma once

#include "any_table.hpp"

#include <rondo/core/error.hpp>
#include <rondo/core/random.hpp>
#include <rondo/data/samples.hpp>
#include <rondo/data/scaler.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace common {

/// A first-order autoregressive signal with coefficient `persistence`, mean 0 and variance 1.
inline std::vector<double> wander(std::size_t steps, double persistence, rondo::Seed seed) {
    const rondo::RandomStream chance{seed, rondo::Purpose::user, 0};
    const double rest = std::sqrt(1 - persistence * persistence);
    std::vector<double> signal{chance.normal(0)};
    while (signal.size() < steps) signal.push_back(persistence * signal.back() + rest * chance.normal(signal.size()));
    return signal;
}

/// A column of a CSV file, scaled so that its first part, the fraction `learnt`, has median 0 and deviation 1.
///
/// Errors  those of read_any_table and Table::numbers; fewer than 200 rows; a column that is never above its median.
inline std::vector<double> read_signal(const std::filesystem::path& file, const std::string& column, double learnt) {
    std::vector<double> signal = read_any_table(file).numbers(column);
    const auto refuse = [&](const std::string& problem) {
        rondo::fail(rondo::Error::Kind::format, file.string() + ": column '" + column + "': expected " + problem);
    };
    if (signal.size() < 200) refuse("200 rows or more, got " + std::to_string(signal.size()));
    std::vector<double> known(signal.data(), signal.data() + std::size_t(learnt * double(signal.size())));
    const rondo::Scaler scaler = rondo::Scaler::standard(known, 1);
    std::ranges::sort(known);
    const double median = known[known.size() / 2];
    if (median == known.back()) refuse("values above the median, " + std::to_string(median) + ", got none");
    for (double& x : signal) x = (x - median) / scaler.scale()[0];
    return signal;
}

/// A signal in windows of 20 to 40 steps (the last one has the remaining steps). Each step has `sensors` features, the
/// signal with independent noise, and its target is 1 if the signal is above zero.
template <int sensors>
rondo::Samples<float, sensors, float, 1> sensor_windows(std::span<const double> signal, double noise, int batch,
                                                        rondo::Seed seed, std::uint64_t set) {
    using Windows = rondo::Samples<float, sensors, float, 1>;
    Windows all{batch, Windows::Target::each_step};
    const rondo::RandomStream lengths{seed, rondo::Purpose::user, set, 1}, chance{seed, rondo::Purpose::user, set, 2};
    for (std::uint32_t n = 0; !signal.empty(); ++n) {
        const std::size_t steps = std::min(20 + std::size_t(rondo::uniform_index(lengths.wide(n), 21)), signal.size());
        std::vector<float> seen, above;
        for (std::uint32_t t = 0; t < steps; ++t) {
            for (std::uint64_t k = 0; k < sensors; ++k)
                seen.push_back(float(signal[t] + noise * chance.normal(k, n, t)));
            above.push_back(signal[t] > 0 ? 1.0f : 0.0f);
        }
        all.add(seen, above);
        signal = signal.subspan(steps);
    }
    return all;
}

} // namespace common
