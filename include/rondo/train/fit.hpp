// SPDX-License-Identifier: MIT
#pragma once

#include "../optimizer/schedule.hpp"
#include "trainer.hpp"

#include <chrono>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <vector>

namespace rondo {

/// How far a run has come: enough to go on with it.
struct Progress {
    std::int64_t epoch = 0;    // from 0
    std::size_t batch = 0;     // of this epoch, done
    std::size_t batches = 0;   // of this epoch, in all
    LossSum loss;              // of this epoch so far
    double best = std::numeric_limits<double>::infinity(); // validation loss
    std::int64_t bad = 0;      // epochs since
    ReduceOnPlateau::Memory plateau{};
    bool operator==(const Progress&) const = default;
};

/// One epoch, done.
struct EpochResult {
    std::int64_t epoch = 0; // from 1
    double loss = 0;        // mean over the epoch's terms, in training
    double validation = std::numeric_limits<double>::quiet_NaN();
    double seconds = 0;
};
using History = std::vector<EpochResult>;

/// What a run is to do.
///
/// epochs      in all, those done before a resumption included.
/// validate    gives the validation loss after each epoch: `plateau` lowers the rate by it, and after `patience` epochs
///             without a better one (0: never) the run ends.
/// on_batch, on_epoch  are told how far the run is; false ends it.
/// The rest is TrainerSettings'.
struct FitOptions {
    std::int64_t epochs = 1;
    double clip_norm = 0, clip_value = 0;
    int threads = 1;
    Seed seed{};
    std::function<double(std::int64_t)> schedule{};
    std::function<double()> validate{};
    std::optional<ReduceOnPlateau> plateau{};
    std::int64_t patience = 0;
    std::function<bool(const Progress&)> on_batch{};
    std::function<bool(const EpochResult&)> on_epoch{};

    TrainerSettings trainer() const { return {clip_norm, clip_value, threads, seed, schedule}; }
};

/// Trains on every batch of every epoch, from `progress` on, which is kept up to date: stopped and resumed, by a
/// checkpoint or not, a run gives the same bits.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
History fit(Trainer<Net, Loss, Rule, B>& trainer, Data& batches, const FitOptions& options, Progress& progress) {
    using Clock = std::chrono::steady_clock;
    if (options.plateau) check(options.plateau->problem());
    if ((options.plateau || options.patience > 0) && !options.validate)
        fail(Error::Kind::argument, "rondo::fit: plateau and patience need validate, which gives the loss they watch");
    History history;
    while (progress.epoch < options.epochs && (options.patience <= 0 || progress.bad < options.patience)) {
        const auto begin = Clock::now();
        batches.begin_epoch(trainer.settings().seed, progress.epoch);
        progress.batches = batches.count();
        while (progress.batch < progress.batches) {
            const LossSum loss = trainer.step(batches.at(progress.batch));
            ++progress.batch;
            progress.loss.sum += loss.sum;
            progress.loss.terms += loss.terms;
            if (options.on_batch && !options.on_batch(progress)) return history;
        }
        EpochResult result{progress.epoch + 1, progress.loss.mean()};
        if (options.validate) result.validation = options.validate();
        result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        history.push_back(result);

        ++progress.epoch;
        progress.batch = 0;
        progress.loss = {};
        if (options.validate) {
            const bool better = result.validation < progress.best;
            progress.best = better ? result.validation : progress.best;
            progress.bad = better ? 0 : progress.bad + 1;
        }
        if (options.plateau) trainer.rate_factor(options.plateau->update(progress.plateau, result.validation));
        if (options.on_epoch && !options.on_epoch(result)) break;
    }
    return history;
}

/// The same for a whole run of its own.
template <class Net, Backend B, Batches Data, class Loss, class Rule>
History fit(Model<Net, B>& model, Data& batches, Loss loss, Rule rule, const FitOptions& options) {
    Trainer<Net, Loss, Rule, B> trainer{model, std::move(loss), std::move(rule), options.trainer()};
    Progress progress;
    return fit(trainer, batches, options, progress);
}

/// Mean loss over all batches, in their own order, without dropout.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
LossSum evaluate(Trainer<Net, Loss, Rule, B>& trainer, Data& batches) {
    LossSum all;
    for (std::size_t k = 0; k < batches.count(); ++k) {
        const LossSum loss = trainer.evaluate(batches.at(k));
        all.sum += loss.sum;
        all.terms += loss.terms;
    }
    return all;
}

} // namespace rondo
