// SPDX-License-Identifier: MIT
#pragma once

#include "../optimizer/sgd.hpp"
#include "evaluation.hpp"
#include "fit_options.hpp"
#include "run_epochs.hpp"
#include "trainer.hpp"
#include "training_run.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Trains on every mini-batch of every epoch, beginning at `progress`, which it updates. A run that is stopped and
/// resumed, with a checkpoint or without, gives the same bits as an uninterrupted one; one that has ended with `keep`
/// goes on from the best parameters, but the optimizer's memory of the last epoch, unless a checkpoint is loaded.
/// On a device, steps are asynchronous; fit synchronizes every 16 mini-batches, at the end of an epoch, and before each
/// call of on_batch or of a callback.
///
/// Errors  those of Trainer::step and, after each epoch, Trainer::problem; a number of epochs or a patience below 0;
///         patience, plateau or keep without validate, or a validation loss that is not finite; no mini-batch, or an
///         epoch without targets; a progress with another number of mini-batches or whose best number
///         is of another metric than keep's; a metric to monitor that says no direction; a file that cannot be written.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
History fit(Trainer<Net, Loss, Rule, B>& trainer, Data& batches, const FitOptions& options, Progress& progress) {
    trainer.collect(); // discards steps that were enqueued before this run
    using Batch = std::remove_cvref_t<decltype(batches.at(0))>;
    if constexpr (detail::can_train<Net, Loss, B, Batch>) {
        detail::TrainingRunOf<detail::TrainerBase<Loss, Rule, B>, Data> run{
            trainer, batches, Trainer<Net, Loss, Rule, B>::template record<Batch>()};
        History history;
        trainer.ranks().all_or_none([&] {
            (check)(options.problem());
            history = detail::EpochLoop{run, options, progress}();
        });
        return history;
    } else {
        static_cast<void>(sizeof(detail::TrainingMistake<Net, Loss, B, Batch>));
        return {};
    }
}

/// The same from the beginning.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
History fit(Trainer<Net, Loss, Rule, B>& trainer, Data& batches, const FitOptions& options = {}) {
    Progress progress;
    return fit(trainer, batches, options, progress);
}

/// The same with a new trainer.
///
///   const auto validate = [&] { return evaluate(model, held_out, MeanSquaredError{}).mean(); };
///   fit(model, data, MeanSquaredError{}, Adam{}, {.epochs = 100, .validate = validate, .patience = 5},
///       {.clip_norm = 5, .threads = 2});
template <class Net, Backend B, Batches Data, class Loss, class Rule>
History fit(Model<Net, B>& model, Data& batches, Loss loss, Rule rule, const FitOptions& options = {},
            TrainerSettings settings = {}) {
    Trainer<Net, Loss, Rule, B> trainer{model, std::move(loss), std::move(rule), std::move(settings)};
    return fit(trainer, batches, options);
}

template <class Net, class Loss, class Rule, Backend B, class Data>
    requires (!Batches<Data>)
History fit(Trainer<Net, Loss, Rule, B>&, const Data&, FitOptions = {}) = delete; // data: Samples, SeriesWindows, ...
template <class Net, Backend B, class Data>
History fit(Model<Net, B>&, const Data&, const FitOptions& = {}) = delete; // fit(model, data, loss, optimizer, options)

/// The loss over all mini-batches in their current order, without dropout.
///
/// Errors  those of Trainer::evaluate; argument: no mini-batch has a target, so there is no loss.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
LossSum evaluate(Trainer<Net, Loss, Rule, B>& trainer, Data& batches) {
    LossSum all;
    for (std::size_t k = 0; k < batches.count(); ++k) {
        const LossSum loss = trainer.evaluate(detail::read_part(batches, k, trainer));
        all.sum += loss.sum;
        all.terms += loss.terms;
    }
    if (!(all.terms > 0)) fail(Error::Kind::argument, "rondo::evaluate: expected one target or more, got none");
    return all;
}

/// The loss and metrics of a trainer's model, in one pass of one thread: see Evaluation. Of steps that are enqueued,
/// `collect` comes first.
template <class Net, class Loss, class Rule, Backend B, Batches Data, class... Metrics>
    requires (sizeof...(Metrics) > 0)
Evaluation evaluate(const Trainer<Net, Loss, Rule, B>& trainer, Data& batches, Metrics&&... metrics) {
    return evaluate(trainer.model(), batches, trainer.loss(), metrics...);
}

/// The same with a new trainer.
///
/// Memory  allocates a copy of the model and a workspace in each call; a trainer reuses them.
template <class Net, Backend B, Batches Data, class Loss>
LossSum evaluate(const Model<Net, B>& model, Data& batches, Loss loss) {
    Model<Net, B> copy = model;
    Trainer<Net, Loss, SGD, B> trainer{copy, std::move(loss), SGD{}};
    return evaluate(trainer, batches);
}

} // namespace rondo
