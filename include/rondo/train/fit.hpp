// SPDX-License-Identifier: MIT
#pragma once

#include "../optimizer/schedule.hpp"
#include "../optimizer/sgd.hpp"
#include "evaluation.hpp"
#include "trainer.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The progress of a training run, from which it can be resumed.
struct Progress {
    std::int64_t epoch = 0;                                // completed epochs
    std::size_t batch = 0;                                 // completed mini-batches of the current epoch
    std::size_t batches = 0;                               // mini-batches of an epoch
    LossSum loss;                                          // of the current epoch so far
    double best = std::numeric_limits<double>::infinity(); // best validation loss
    std::int64_t bad = 0;                                  // epochs since the best
    ReduceOnPlateau::Memory plateau{};
    bool operator==(const Progress&) const = default;
};

/// The result of a completed epoch.
struct EpochResult {
    std::int64_t epoch = 0; // from 1
    double loss = 0;        // mean training loss over the epoch's terms
    double validation = std::numeric_limits<double>::quiet_NaN();
    double seconds = 0;
    bool better = false;                // the validation loss is the best so far
    std::vector<MetricValue> metrics{}; // of the validation

    /// A metric of the validation.
    ///
    /// Errors  no metric of this name.
    double metric(std::string_view name) const { return detail::metric_of(metrics, name); }
};
using History = std::vector<EpochResult>;

/// Options of fit.
///
/// epochs      total number of epochs, including those before a resumption.
/// validate    returns the validation loss after each epoch, a finite number, or `evaluate` with metrics, which
///             on_epoch and the history then have. The loss is the input of `plateau`, and after `patience` epochs
///             without a better one (0: never) the run ends (early stopping). The parameters are then those of the last
///             epoch; to keep the best, copy the model in on_epoch if EpochResult::better is set.
/// on_batch, on_epoch  callbacks with the progress; a result of false stops the run.
struct FitOptions {
    std::int64_t epochs = 1;
    std::function<Evaluation()> validate{};
    std::optional<ReduceOnPlateau> plateau{};
    std::int64_t patience = 0;
    std::function<bool(const Progress&)> on_batch{};
    std::function<bool(const EpochResult&)> on_epoch{};

    /// Names an option that is out of range or requires another.
    Error problem() const {
        if ((plateau || patience > 0) && !validate)
            return {Error::Kind::argument,
                    "rondo::fit: plateau and patience need validate, which gives the loss they watch"};
        if (plateau)
            if (Error found = plateau->problem()) return found;
        return detail::first_of({detail::schedule_steps("rondo::fit: epochs", epochs, 0),
                                 detail::schedule_steps("rondo::fit: patience", patience, 0)});
    }
};

namespace detail {
/// A trainer and its batches as the loop over epochs sees them: the loop is compiled once for all networks.
class TrainingRun {
public:
    virtual void begin_epoch(std::int64_t epoch) = 0;
    virtual std::size_t count() const = 0;
    virtual void enqueue(std::size_t batch, Error& error) = 0;
    /// Trainer::collect, where the first batch that was enqueued is the batch `first`.
    virtual std::size_t collect(std::size_t first, LossSum& loss, Error& error) = 0;
    virtual Error problem() = 0;
    virtual void rate_factor(double factor) = 0;

protected:
    ~TrainingRun() = default;
};
template <class Trainer, class Data> // a TrainerBase
class TrainingRunOf final : public TrainingRun {
public:
    using Record = typename Trainer::template Record<std::remove_cvref_t<decltype(std::declval<Data&>().at(0))>>;

    TrainingRunOf(Trainer& trainer, Data& batches, Record record)
        : trainer_{&trainer}, batches_{&batches}, record_{record} {}

    void begin_epoch(std::int64_t epoch) override { batches_->begin_epoch(trainer_->settings().seed, epoch); }
    std::size_t count() const override { return batches_->count(); }
    void enqueue(std::size_t batch, Error& error) override { trainer_->enqueue(batches_->at(batch), record_, error); }
    std::size_t collect(std::size_t first, LossSum& loss, Error& error) override {
        const auto look = [&](std::size_t k) { return find_not_finite(batches_->at(first + k)); };
        return trainer_->collect(loss, error, look);
    }
    Error problem() override { return trainer_->problem(); }
    void rate_factor(double factor) override { trainer_->rate_factor(factor); }

private:
    Trainer* trainer_;
    Data* batches_;
    Record record_;
};
/// Calls work(); if it throws, calls `before` and rethrows.
template <class Work, class Before>
void or_first(const Work& work, [[maybe_unused]] const Before& before) {
#if defined(__cpp_exceptions)
    try {
        work();
    } catch (...) {
        before();
        std::rethrow_exception(std::current_exception()); // unchanged
    }
#else
    work();
#endif
}

inline Error epoch_problem(const Progress& progress, std::size_t count) {
    const auto refuse = [](const std::string& what) { return Error{Error::Kind::argument, "rondo::fit: " + what}; };
    if (count == 0) return refuse("expected one batch or more, got none");
    if (progress.batch == 0) return {};
    if (progress.batches != count)
        return refuse("the run is in an epoch of " + std::to_string(progress.batches) + " batches, the data are " +
                      std::to_string(count));
    if (progress.batch > count)
        return refuse("expected a run after at most " + std::to_string(count) + " batches of an epoch, got " +
                      std::to_string(progress.batch));
    return {};
}
/// An error if epoch k, from 1, has no target.
inline Error terms_problem(std::int64_t k, const LossSum& loss) {
    if (loss.terms > 0) return {};
    return {Error::Kind::argument,
            "rondo::fit: epoch " + std::to_string(k) + ": expected one target or more among its batches, got none"};
}
inline Error validation_problem(std::int64_t k, double loss) {
    if (std::isfinite(loss)) return {};
    return {Error::Kind::not_finite, "rondo::fit: epoch " + std::to_string(k) +
                                         ": expected a finite loss of validate, got " +
                                         (std::isnan(loss) ? "nan"
                                          : loss > 0       ? "inf"
                                                           : "-inf")};
}

inline History run_epochs(TrainingRun& run, const FitOptions& options, Progress& progress) {
    using Clock = std::chrono::steady_clock;
    constexpr std::size_t most = 16;
    History history;
    while (progress.epoch < options.epochs && (options.patience <= 0 || progress.bad < options.patience)) {
        const auto begin = Clock::now();
        run.begin_epoch(progress.epoch);
        (check)(epoch_problem(progress, run.count()));
        progress.batches = run.count();
        for (std::size_t given = 0; progress.batch < progress.batches;) {
            Error error, late;
            const auto collect = [&] {
                progress.batch += run.collect(progress.batch, progress.loss, late);
                given = 0;
            };
            or_first([&] { run.enqueue(progress.batch + given, error); }, [&] { collect(), (check)(late); });
            if (!error && ++given < most && progress.batch + given < progress.batches && !options.on_batch) continue;
            collect();
            (check)(late); // an error of an earlier mini-batch precedes that of enqueue
            (check)(error);
            if (options.on_batch && !options.on_batch(progress)) return history;
        }
        EpochResult result{progress.epoch + 1, progress.loss.mean()};
        (check)(terms_problem(result.epoch, progress.loss));
        (check)(run.problem());
        if (options.validate) {
            Evaluation evaluation = options.validate();
            result.validation = evaluation.mean();
            result.metrics = std::move(evaluation.metrics);
            (check)(validation_problem(result.epoch, result.validation));
        }
        result.better = result.validation < progress.best;
        result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        history.push_back(result);

        ++progress.epoch;
        progress.batch = 0;
        progress.loss = {};
        if (options.validate) {
            progress.best = result.better ? result.validation : progress.best;
            progress.bad = result.better ? 0 : progress.bad + 1;
        }
        if (options.plateau) run.rate_factor(options.plateau->update(progress.plateau, result.validation));
        if (options.on_epoch && !options.on_epoch(result)) break;
    }
    return history;
}
}

/// Trains on every mini-batch of every epoch, beginning at `progress`, which it updates. A run that is stopped and
/// resumed, with a checkpoint or without, gives the same bits as an uninterrupted one. On a device, steps are
/// asynchronous; fit synchronizes every 16 mini-batches, at the end of an epoch, and before each call of on_batch.
///
/// Errors  those of Trainer::step and, after each epoch, Trainer::problem; a number of epochs or a patience below 0;
///         patience or plateau without validate, or a validation loss that is not finite; no mini-batch, or an epoch
///         without targets; a progress with another number of mini-batches.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
History fit(Trainer<Net, Loss, Rule, B>& trainer, Data& batches, const FitOptions& options, Progress& progress) {
    (check)(options.problem());
    trainer.collect(); // discards steps that were enqueued before this run
    using Batch = std::remove_cvref_t<decltype(batches.at(0))>;
    if constexpr (detail::can_train<Net, Loss, B, Batch>) {
        detail::TrainingRunOf<detail::TrainerBase<Loss, Rule, B>, Data> run{
            trainer, batches, Trainer<Net, Loss, Rule, B>::template record<Batch>()};
        return detail::run_epochs(run, options, progress);
    } else {
        static_cast<void>(sizeof(detail::TrainingMistake<Net, Loss, B, Batch>));
        return {};
    }
}

/// The same with a new trainer.
///
///   const auto validate = [&] { return evaluate(model, held_out, MeanSquaredError{}).mean(); };
///   fit(model, data, MeanSquaredError{}, Adam{}, {.epochs = 100, .validate = validate, .patience = 5},
///       {.clip_norm = 5, .threads = 2});
template <class Net, Backend B, Batches Data, class Loss, class Rule>
History fit(Model<Net, B>& model, Data& batches, Loss loss, Rule rule, const FitOptions& options,
            TrainerSettings settings = {}) {
    Trainer<Net, Loss, Rule, B> trainer{model, std::move(loss), std::move(rule), std::move(settings)};
    Progress progress;
    return fit(trainer, batches, options, progress);
}

/// The loss over all mini-batches in their current order, without dropout.
///
/// Errors  those of Trainer::evaluate; argument: no mini-batch has a target, so there is no loss.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
LossSum evaluate(Trainer<Net, Loss, Rule, B>& trainer, Data& batches) {
    LossSum all;
    for (std::size_t k = 0; k < batches.count(); ++k) {
        const LossSum loss = trainer.evaluate(batches.at(k));
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
