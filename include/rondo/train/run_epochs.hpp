// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "fit_options.hpp"
#include "training_run.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

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
    return {Error::Kind::not_finite,
            "rondo::fit: epoch " + std::to_string(k) + ": expected a finite loss of validate, got " + to_text(loss)};
}

/// The loop of fit.
class EpochLoop {
public:
    EpochLoop(TrainingRun& run, const FitOptions& options, Progress& progress)
        : run_{&run}, options_{&options}, progress_{&progress} {
        if (progress == Progress{}) run.forget_kept();
        if (options.validate) (check)(best_problem(progress, watched(), watched().direction({})));
        const std::array<std::uint64_t, 5> mine{std::uint64_t(run.steps()), std::uint64_t(progress.epoch),
                                                progress.batch, std::uint64_t(options.epochs),
                                                std::uint64_t(options.validate != nullptr)};
        constexpr std::array<const char*, 5> names{"steps", "completed epochs", "completed batches", "epochs",
                                                   "validate"};
        run.ranks().same("rondo::fit", mine, names);
    }

    [[gnu::cold]] History operator()() {
        saved_ = Clock::now();
        bool stopped = false;
        while (!stopped && !ended()) stopped = !epoch();
        if (!stopped && options_->keep && options_->keep->restore && progress_->epoch > 0) restore();
        if (run_->has_average() && history_.restored == 0 && progress_->epoch > 0)
            history_.notes.push_back("the model has the parameters of the last step, not their average: "
                                     "FitOptions::keep keeps that, and a Trainer has it");
        const auto batch = std::int64_t(progress_->batches) * progress_->epoch + std::int64_t(progress_->batch);
        call({TrainingEvent::Kind::end, progress_->epoch, batch, {}, history_.notes});
        return std::move(history_);
    }

private:
    using Clock = std::chrono::steady_clock;
    using Number = TrainingEvent::Number;

    Best watched() const { return options_->keep.value_or(Best{}); }
    bool ended() const {
        return progress_->epoch >= options_->epochs || (options_->patience > 0 && progress_->bad >= options_->patience);
    }
    /// Whether the run goes on.
    [[gnu::cold]] bool epoch() {
        const auto begin = Clock::now();
        run_->begin_epoch(progress_->epoch);
        (check)(epoch_problem(*progress_, run_->count()));
        progress_->batches = run_->count();
        const std::uint64_t batches_of_epoch = progress_->batches;
        const char* const name = "batches of an epoch";
        run_->ranks().same("rondo::fit", {&batches_of_epoch, 1}, {&name, 1});
        if (!batches()) return false;

        EpochResult result{progress_->epoch + 1, progress_->loss.mean()};
        (check)(terms_problem(result.epoch, progress_->loss));
        (check)(run_->problem());
        if (options_->validate) with_average(*run_, [&] { validate(result); });
        result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();

        ++progress_->epoch;
        progress_->batch = 0;
        progress_->loss = {};
        if (options_->plateau) run_->rate_factor(options_->plateau->update(progress_->plateau, result.validation));
        result.rate = run_->rate();
        if (options_->checkpoints && options_->checkpoints->every_epochs > 0 &&
            progress_->epoch % options_->checkpoints->every_epochs == 0)
            result.notes.push_back(save_checkpoint());
        history_.push_back(result);
        const bool more = !options_->on_epoch || run_->ranks().agree(options_->on_epoch(result));
        return tell(result) && more;
    }
    bool batches() {
        constexpr std::size_t most = 16;
        const auto every = std::size_t(options_->every_steps);
        for (std::size_t given = 0; progress_->batch < progress_->batches;) {
            Error error, late;
            const auto collect = [&] {
                const LossSum before = progress_->loss;
                progress_->batch += run_->collect(progress_->batch, progress_->loss, late);
                recent_.sum += progress_->loss.sum - before.sum;
                recent_.terms += progress_->loss.terms - before.terms;
                given = 0;
            };
            or_first([&] { run_->enqueue(progress_->batch + given, error); }, [&] { collect(), (check)(late); });
            const bool last = progress_->batch + ++given >= progress_->batches;
            const bool event = every > 0 && (done() + given) % every == 0;
            if (!error && given < most && !last && !event && !options_->on_batch) continue;
            collect();
            (check)(late); // an error of an earlier mini-batch precedes that of enqueue
            (check)(error);
            save_in_time();
            if (options_->on_batch && !run_->ranks().agree(options_->on_batch(*progress_))) return false;
            if (event && !tell_steps()) return false;
        }
        return true;
    }
    [[gnu::cold]] void validate(EpochResult& result) {
        Evaluation evaluation = options_->validate();
        result.validation = evaluation.mean();
        result.metrics = std::move(evaluation.metrics);
        lead(result);
        (check)(validation_problem(result.epoch, result.validation));
        const Best watched = this->watched();
        (check)(monitor_problem(watched, result));
        const std::optional<bool> direction = watched.direction(result.metrics);
        (check)(best_problem(*progress_, watched, direction));
        const bool restores = options_->keep && watched.restore;
        const double value = watched.value(result);
        result.better = Best::better(value, progress_->best, *direction) || (restores && !run_->has_kept());
        if (result.better && restores) run_->keep();
        if (result.better && options_->keep) note_kept(result, watched);
        progress_->best = result.better ? value : progress_->best;
        progress_->monitor = watched.monitor;
        progress_->largest = *direction;
        progress_->bad = result.better ? 0 : progress_->bad + 1;
    }
    // All ranks decide by the numbers of rank 0, whose processor may be another one.
    [[gnu::cold]] void lead(EpochResult& result) const {
        if (!run_->ranks()) return;
        std::vector<double> numbers{result.validation};
        for (const MetricValue& metric : result.metrics) numbers.push_back(metric.value);
        (check)(run_->ranks().communicator().lead(std::span{numbers}));
        result.validation = numbers[0];
        for (std::size_t k = 0; k < result.metrics.size(); ++k) result.metrics[k].value = numbers[k + 1];
    }
    [[gnu::cold]] void note_kept(EpochResult& result, const Best& keep) {
        std::string text = "kept the parameters of epoch " + std::to_string(result.epoch) + ": " +
                           (keep.monitor.empty() ? "validation" : keep.monitor) + ' ' + short_text(keep.value(result));
        if (std::isfinite(progress_->best)) text += ", before " + short_text(progress_->best);
        if (!keep.file.empty()) {
            (check)(run_->ranks().first([&](Error&) { run_->save_parameters(keep.file); }));
            text += "; saved as " + keep.file.string();
        }
        result.notes.push_back(std::move(text));
    }
    void restore() {
        const std::int64_t best = progress_->epoch - progress_->bad;
        if (!run_->has_kept()) return;
        run_->restore_kept();
        history_.restored = best;
        history_.notes.push_back("the model has the parameters of epoch " + std::to_string(best) + " of " +
                                 std::to_string(progress_->epoch) + ", the best");
    }
    [[gnu::cold]] std::string save_checkpoint() {
        run_->save_checkpoint(*progress_, options_->checkpoints->path);
        saved_ = Clock::now();
        return "wrote the checkpoint " + options_->checkpoints->path.string();
    }
    void save_in_time() {
        const auto& checkpoints = options_->checkpoints;
        if (!checkpoints || !(checkpoints->every_minutes > 0)) return;
        const double minutes = std::chrono::duration<double>(Clock::now() - saved_).count() / 60;
        if (!run_->ranks().lead(minutes >= checkpoints->every_minutes)) return;
        step_notes_.push_back(save_checkpoint());
    }

    /// Completed mini-batches of all epochs.
    std::size_t done() const { return std::size_t(progress_->epoch) * progress_->batches + progress_->batch; }
    bool tell_steps() {
        std::vector<Number> numbers{{"rate", run_->rate()}};
        if (recent_.terms > 0) numbers.insert(numbers.begin(), {"loss", recent_.mean()});
        const bool more =
            call({TrainingEvent::Kind::steps, progress_->epoch, std::int64_t(done()), numbers, step_notes_});
        recent_ = {};
        step_notes_.clear();
        return more;
    }
    [[gnu::cold]] bool tell(const EpochResult& result) {
        if (options_->callbacks.empty()) return true;
        std::vector<Number> numbers{{"loss", result.loss}};
        if (options_->validate) numbers.push_back({"validation", result.validation});
        for (const MetricValue& metric : result.metrics) numbers.push_back({metric.name, metric.value});
        numbers.push_back({"rate", result.rate});
        numbers.push_back({"seconds", result.seconds});
        return call({TrainingEvent::Kind::epoch, result.epoch, std::int64_t(done()), numbers, result.notes});
    }
    bool call(const TrainingEvent& event) const {
        bool more = true;
        if (run_->ranks().rank() == 0)
            for (const Callback& callback : options_->callbacks) more = callback(event) && more;
        return options_->callbacks.empty() || run_->ranks().lead(more);
    }

    TrainingRun* run_;
    const FitOptions* options_;
    Progress* progress_;
    History history_{};
    LossSum recent_{};                      // since the last event
    std::vector<std::string> step_notes_{}; // since the last event
    Clock::time_point saved_{};
};

} // namespace rondo::detail
