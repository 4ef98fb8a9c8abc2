// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "batch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Settings of SeriesWindows.
///
/// Units   length and horizon in steps, batch in windows; each 1 or more.
struct SeriesWindowsSettings {
    int length = 50, horizon = 1, batch = 32;
    bool operator==(const SeriesWindowsSettings&) const = default;
};

/// Every window of a series with In features a step, shuffled each epoch; its target is the first Out features of the
/// step that is `horizon` steps after the window's last, and of the steps that follow it if Ahead is above 1. The last
/// mini-batch has the remaining windows.
///
///   window k: x(k), ..., x(k + length - 1)    target k: x(k + length - 1 + horizon), ... (Ahead steps)
///
///   SeriesWindows<float, 3, 1, 7> week{series, {.length = 28}}; // the first feature of the next seven days
///
/// Shapes  series (In x steps), step by step; inputs (In x length x batch), targets (Out Ahead x 1 x batch), step by
///         step.
/// Errors  a series too short for one window or of a size that is not a multiple of In, a length, horizon or batch
///         below 1.
/// Memory  one mini-batch. The series is not copied.
template <class S, int In, int Out = In, int Ahead = 1>
    requires (In > 0 && Out > 0 && Out <= In && Ahead > 0)
class SeriesWindows {
public:
    static constexpr int target_size = Out * Ahead;

    explicit SeriesWindows(std::span<const S> series, SeriesWindowsSettings settings = {})
        : series_{series}, settings_{settings} {
        const auto [length, horizon, batch] = settings;
        if (length < 1 || horizon < 1 || batch < 1)
            fail(Error::Kind::argument, "rondo::SeriesWindows: length, horizon and batch: expected 1 or more, got " +
                                            std::to_string(length) + ", " + std::to_string(horizon) + " and " +
                                            std::to_string(batch));
        if (series.size() % In != 0)
            fail(Error::Kind::argument, "rondo::SeriesWindows: expected a series of " + std::to_string(In) +
                                            " numbers per step, got " + std::to_string(series.size()) + " numbers");
        const std::size_t steps = series.size() / In, least = std::size_t(length) + std::size_t(horizon) + (Ahead - 1);
        if (steps < least)
            fail(Error::Kind::argument,
                 "rondo::SeriesWindows: a window of " + std::to_string(length) + " and a horizon of " +
                     std::to_string(horizon) +
                     (Ahead > 1 ? " to " + std::to_string(std::int64_t(horizon) + (Ahead - 1)) : "") +
                     " need a series of " + std::to_string(least) + " steps or more, got " + std::to_string(steps));
        order_.resize(steps - least + 1);
        std::iota(order_.begin(), order_.end(), std::size_t(0));
        const std::size_t widest = (std::min)(std::size_t(batch), size());
        inputs_.resize(In * std::size_t(length) * widest);
        targets_.resize(target_size * widest);
    }

    explicit SeriesWindows(std::vector<S>&&, SeriesWindowsSettings = {}) = delete; // the series must outlive this

    /// The number of windows.
    std::size_t size() const { return order_.size(); }
    /// The (In x length) numbers of window k, in the order of the series, and the (Out x Ahead) numbers of its target,
    /// where they follow one another in the series.
    ///
    /// Errors  a window beyond the last.
    std::span<const S> window(std::size_t k) const {
        check_window(k);
        return series_.subspan(k * In, In * std::size_t(settings_.length));
    }
    std::span<const S> target(std::size_t k) const
        requires (Out == In || Ahead == 1)
    {
        check_window(k);
        return series_.subspan(target_of(k), target_size);
    }
    const SeriesWindowsSettings& settings() const { return settings_; }

    std::size_t count() const { return (size() + std::size_t(settings_.batch) - 1) / std::size_t(settings_.batch); }
    void begin_epoch(Seed seed, std::int64_t epoch) {
        std::iota(order_.begin(), order_.end(), std::size_t(0));
        shuffle(std::span{order_}, RandomStream{seed, Purpose::shuffle, std::uint64_t(epoch)});
    }
    /// The indices of mini-batch k's windows, in the order of its sequences, and the steps of a target.
    std::span<const std::size_t> indices(std::size_t k) const {
        detail::check_batch("rondo::SeriesWindows", k, count());
        const std::size_t first = k * std::size_t(settings_.batch);
        return std::span{order_}.subspan(first, (std::min)(std::size_t(settings_.batch), size() - first));
    }
    static std::size_t target_steps(std::size_t) { return 1; }
    /// The k-th mini-batch; of several ranks, a rank's windows.
    Batch<SequenceView<const S, target_size>, SequenceView<const S, In>> at(std::size_t k, const RankPart& part = {}) {
        const Shards own = part.of(indices(k).size());
        const auto width = std::size_t(own.sequences());
        const auto chosen = indices(k).subspan(std::size_t(own.begin()), width);
        for (std::size_t b = 0; b < width; ++b) {
            const auto numbers = window(chosen[b]);
            for (std::size_t t = 0; t < std::size_t(settings_.length); ++t)
                std::copy_n(numbers.data() + t * In, In, inputs_.data() + (t * width + b) * In);
            for (std::size_t t = 0; t < Ahead; ++t)
                std::copy_n(series_.data() + target_of(chosen[b]) + t * In, Out,
                            targets_.data() + b * target_size + t * Out);
        }
        const auto extent = [&](int steps) { return Extent{steps, int(width), nullptr, 0, own.begin()}; };
        return {{SequenceView<const S, In>{inputs_.data(), nullptr, extent(settings_.length)}},
                SequenceView<const S, target_size>{targets_.data(), nullptr, extent(1)},
                StatePolicy::none,
                part.note(own)};
    }

private:
    std::size_t target_of(std::size_t window) const {
        return (window + std::size_t(settings_.length) - 1 + std::size_t(settings_.horizon)) * In;
    }
    void check_window(std::size_t k) const {
        if (k >= size())
            fail(Error::Kind::argument, "rondo::SeriesWindows: expected a window from 0 to below " +
                                            std::to_string(size()) + ", got " + std::to_string(k));
    }

    std::span<const S> series_;
    SeriesWindowsSettings settings_;
    std::vector<std::size_t> order_;
    std::vector<S> inputs_, targets_;
};

} // namespace rondo
