// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// What `fit` tells its callbacks: numbers by name.
///
///   Kind::steps  every FitOptions::every_steps mini-batches: "loss", the mean since the last such event or, if the
///                run was resumed after it, since then; none without targets; and "rate"
///   Kind::epoch  after an epoch: "loss", "validation" and the metrics of `validate`, "rate", "seconds"
///   Kind::end    when fit returns: no numbers
///
/// All that it refers to is valid during the call only.
struct TrainingEvent {
    enum class Kind { steps, epoch, end };
    struct Number {
        std::string_view name;
        double value;
    };

    Kind kind = Kind::epoch;
    std::int64_t epoch = 0;               // completed epochs
    std::int64_t batch = 0;               // completed mini-batches of all epochs
    std::span<const Number> numbers{};    // none is NaN unless a metric is
    std::span<const std::string> notes{}; // what fit did: parameters that it kept or restored, files that it wrote

    /// Errors  no number of this name.
    double number(std::string_view name) const {
        for (const Number& one : numbers)
            if (one.name == name) return one.value;
        fail(Error::Kind::argument, "rondo::TrainingEvent: no number has the name " + std::string{name});
    }
};

/// A function that `fit` calls at each event, such as a CSVHistory, a TensorBoard or a lambda. A result of false stops
/// the run.
using Callback = std::function<bool(const TrainingEvent&)>;

} // namespace rondo
