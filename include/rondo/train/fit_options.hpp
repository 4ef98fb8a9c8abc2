// SPDX-License-Identifier: MIT
#pragma once

#include "../optimizer/schedule.hpp"
#include "callback.hpp"
#include "keep.hpp"
#include "progress.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Options of fit.
///
/// epochs      total number of epochs, including those before a resumption.
/// validate    returns the validation loss after each epoch, a finite number, or `evaluate` with metrics, which
///             on_epoch, the callbacks and the history then have. The loss is the input of `plateau`. With
///             TrainerSettings::average the model has the average of the weights during its call.
/// patience    after so many epochs without a better monitored number (0: never) the run ends (early stopping).
/// keep        keeps the best parameters, and says which number is monitored; without it, the validation loss is, and
///             the parameters are those of the last epoch when fit returns.
/// checkpoints files from which the run can be resumed.
/// on_batch, on_epoch  functions with the progress; a result of false stops the run.
///             With several ranks (TrainerSettings::communicator) each of them calls validate, on_batch and on_epoch;
///             the numbers of rank 0 count, and the run stops if any function says so.
/// callbacks   functions that get each TrainingEvent, after on_epoch, on rank 0; every_steps: how many mini-batches
///             lie between the events within an epoch (0: there are none).
struct FitOptions {
    std::int64_t epochs = 1;
    std::function<Evaluation()> validate{};
    std::optional<ReduceOnPlateau> plateau{};
    std::int64_t patience = 0;
    std::function<bool(const Progress&)> on_batch{};
    std::function<bool(const EpochResult&)> on_epoch{};
    std::optional<Best> keep{};
    std::optional<Checkpoints> checkpoints{};
    std::vector<Callback> callbacks{};
    std::int64_t every_steps = 0;

    /// Names an option that is out of range or requires another.
    Error problem() const {
        if ((plateau || patience > 0) && !validate)
            return {Error::Kind::argument,
                    "rondo::fit: plateau and patience need validate, which gives the loss they watch"};
        if (keep && !validate)
            return {Error::Kind::argument, "rondo::fit: keep needs validate, which gives the number it watches"};
        if (plateau)
            if (Error found = plateau->problem()) return found;
        if (keep)
            if (Error found = detail::folder_problem("rondo::fit: keep", keep->file)) return found;
        if (checkpoints)
            if (Error found = detail::problem_of(*checkpoints)) return found;
        return detail::first_of({detail::schedule_steps("rondo::fit: epochs", epochs, 0),
                                 detail::schedule_steps("rondo::fit: patience", patience, 0),
                                 detail::schedule_steps("rondo::fit: every_steps", every_steps, 0)});
    }
};

} // namespace rondo
