// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "../optimizer/concept.hpp"
#include "progress.hpp"

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Keeps the best parameters of a run of `fit`: those after the epoch whose validation was the best.
///
///   fit(model, data, loss, AdamW{}, {.epochs = 50, .validate = validate, .patience = 5, .keep = Best{}});
///   options.keep = Best{.monitor = "accuracy", .file = "best.safetensors"};
///
/// monitor  the name of a metric that `validate` reports; empty: its loss
/// largest  whether larger numbers are better; empty: as the metric says (metric::Metric), and smaller losses are
/// restore  when the run has ended, the model gets the best parameters, unless a callback has stopped it; the optimizer
///          has the memory of the last epoch, so that more epochs from there do not give the bits of a longer run
/// file     if not empty, the best parameters are saved there as `save` does, after each epoch that is better
///
/// Memory  one copy of the parameters on the host, in the trainer, if they are restored. A checkpoint has them, too.
struct Best {
    std::string monitor{};
    std::optional<bool> largest{};
    bool restore = true;
    std::filesystem::path file{};

    /// Whether a number is better than the best so far, which is infinity before the first.
    static bool better(double value, double best, bool larger_is_better) {
        if (best == std::numeric_limits<double>::infinity()) return true;
        return larger_is_better ? value > best : value < best;
    }
    /// Whether larger numbers are better; nothing if neither `largest` nor the metric says so.
    std::optional<bool> direction(const std::vector<MetricValue>& metrics) const {
        if (largest) return largest;
        if (monitor.empty()) return false;
        for (const MetricValue& metric : metrics)
            if (metric.name == monitor) return metric.larger_is_better;
        return {};
    }
    double value(const EpochResult& epoch) const { return monitor.empty() ? epoch.validation : epoch.metric(monitor); }
};

/// Checkpoints that `fit` writes, each replacing the one before: see save_checkpoint.
///
///   options.checkpoints = Checkpoints{.path = "run.checkpoint", .every_minutes = 10};
///
/// every_epochs   after so many epochs; 0: never
/// every_minutes  after the mini-batch at which so many minutes have gone by since the last one; 0: never
struct Checkpoints {
    std::filesystem::path path{};
    std::int64_t every_epochs = 1;
    double every_minutes = 0;
};

namespace detail {
/// An error if there is no folder for a file, before the work that would be lost.
inline Error folder_problem(const char* what, const std::filesystem::path& file) {
    std::error_code ignored;
    const std::filesystem::path folder = file.parent_path();
    if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return {};
    return {Error::Kind::file,
            std::string{what} + ": " + file.string() + ": expected a folder " + folder.string() + ", got none"};
}
inline Error problem_of(const Checkpoints& checkpoints) {
    constexpr double any = std::numeric_limits<double>::infinity();
    const std::string name = "rondo::fit: checkpoints";
    if (checkpoints.path.empty()) return {Error::Kind::argument, name + ": expected a path, got none"};
    if (!(checkpoints.every_epochs > 0 || checkpoints.every_minutes > 0))
        return {Error::Kind::argument, name + ": expected every_epochs or every_minutes above 0, got neither"};
    return first_of({schedule_steps((name + ": every_epochs").c_str(), checkpoints.every_epochs, 0),
                     outside((name + ": every_minutes").c_str(), checkpoints.every_minutes, 0, any),
                     folder_problem(name.c_str(), checkpoints.path)});
}
/// An error if the monitored number of epoch k, from 1, is none.
inline Error monitor_problem(const Best& keep, const EpochResult& epoch) {
    const double value = keep.value(epoch);
    if (!keep.direction(epoch.metrics))
        return {Error::Kind::argument, "rondo::fit: keep: the metric " + keep.monitor +
                                           " does not say whether larger numbers are better: set Best::largest, or "
                                           "give it a static constexpr bool larger_is_better"};
    if (std::isfinite(value)) return {};
    return {Error::Kind::not_finite, "rondo::fit: epoch " + std::to_string(epoch.epoch) + ": expected a finite " +
                                         keep.monitor + " to monitor, got " + to_text(value)};
}
/// An error if a run's best number is of another metric, or of another direction, so that it cannot be compared.
inline Error best_problem(const Progress& progress, const Best& keep, std::optional<bool> direction) {
    if (progress.best == std::numeric_limits<double>::infinity()) return {};
    if (progress.monitor == keep.monitor && progress.largest == direction.value_or(progress.largest)) return {};
    const auto text = [](const std::string& monitor, std::optional<bool> largest) {
        return (monitor.empty() ? "validation" : monitor) + (!largest ? "" : *largest ? ", largest" : ", smallest");
    };
    return {Error::Kind::mismatch,
            "rondo::fit: the run's best number is of " + text(progress.monitor, progress.largest) + "; monitored is " +
                text(keep.monitor, direction) + "; set Progress::best to infinity to begin anew"};
}
}

} // namespace rondo
