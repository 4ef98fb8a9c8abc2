// SPDX-License-Identifier: MIT
#pragma once

#include "../optimizer/schedule.hpp"
#include "evaluation.hpp"
#include "trainer_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The progress of a training run, from which it can be resumed.
struct Progress {
    std::int64_t epoch = 0;                                // completed epochs
    std::size_t batch = 0;                                 // completed mini-batches of the current epoch
    std::size_t batches = 0;                               // mini-batches of an epoch
    LossSum loss;                                          // of the current epoch so far
    double best = std::numeric_limits<double>::infinity(); // best monitored number: see Best
    std::int64_t bad = 0;                                  // epochs since the best
    ReduceOnPlateau::Memory plateau{};
    std::string monitor{}; // the metric whose best is `best`; empty: the validation loss
    bool largest = false;  // whether larger ones are better
    bool operator==(const Progress&) const = default;
};

/// The result of a completed epoch.
struct EpochResult {
    std::int64_t epoch = 0; // from 1
    double loss = 0;        // mean training loss over the epoch's terms
    double validation = std::numeric_limits<double>::quiet_NaN();
    double seconds = 0;
    bool better = false;                // the monitored number, by default the validation loss, is the best so far
    std::vector<MetricValue> metrics{}; // of the validation
    double rate = 0;                    // the learning rate of the next step
    std::vector<std::string> notes{};   // what fit did at its end: parameters that it kept, files that it wrote

    /// A metric of the validation.
    ///
    /// Errors  no metric of this name.
    double metric(std::string_view name) const { return detail::metric_of(metrics, name); }
};

/// The results of all epochs of one call of fit, and what it did at its end.
struct History : std::vector<EpochResult> {
    std::int64_t restored = 0;        // the best epoch, whose parameters the model has; 0: it has the last ones
    std::vector<std::string> notes{}; // what fit did at its end

    History() = default;
    History(std::vector<EpochResult> epochs) : std::vector<EpochResult>{std::move(epochs)} {}
};

} // namespace rondo
