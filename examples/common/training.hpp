// SPDX-License-Identifier: MIT
#pragma once

#include "axis.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "progress.hpp"
#include "run_files.hpp"
#include "signals.hpp"

#include <rondo/io/model.hpp>
#include <rondo/train/checkpoint.hpp>
#include <rondo/train/fit.hpp>

#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace common {

/// The result of a training run.
struct Training {
    rondo::History history;
    rondo::Progress progress;
    double seconds = 0, per_second = 0;
    bool stopped = false; // by a signal

    double loss() const { return history.empty() ? std::nan("") : history.back().loss; }
    double validation() const { return history.empty() ? std::nan("") : history.back().validation; }
    long long epochs() const { return static_cast<long long>(progress.epoch); }

    /// Prints a part of the program's last line; losses only after training, validation losses only with validation
    /// data.
    void print() const {
        std::printf("epochs=%lld", epochs());
        if (!std::isnan(loss())) std::printf(" train_loss=%.4f", loss());
        if (!std::isnan(validation())) std::printf(" validation_loss=%.4f", validation());
    }
};

/// The mean of the losses evaluate(k) of `count` batches; on_batch(done) is called after each.
template <class Evaluate, class OnBatch>
double mean_loss(std::size_t count, const Evaluate& evaluate, const OnBatch& on_batch) {
    rondo::LossSum all;
    for (std::size_t k = 0; k < count; ++k) {
        const rondo::LossSum loss = evaluate(k);
        all.sum += loss.sum;
        all.terms += loss.terms;
        on_batch(k + 1);
    }
    return all.mean();
}

namespace detail {
struct Stopped {}; // thrown while an epoch is validated

/// What is trained, on what, and what validates it: the rest of this file is compiled once for all networks.
class TrainingTask {
public:
    virtual std::size_t model_bytes() const = 0;
    virtual std::size_t memories() const = 0; // of the optimizer, each as large as the model
    virtual void load(const std::filesystem::path& path) = 0;
    virtual void save(const std::filesystem::path& path, const rondo::io::Metadata& metadata) const = 0;
    virtual void load_checkpoint(rondo::Progress& progress, const std::filesystem::path& path) = 0;
    virtual void save_checkpoint(const rondo::Progress& progress, const std::filesystem::path& path) const = 0;
    virtual rondo::History fit(const rondo::FitOptions& options, rondo::Progress& progress) = 0;
    virtual bool validates() const = 0;
    /// The number of batches to validate on, and the loss of one, without dropout.
    virtual std::size_t validation_batches() const = 0;
    virtual rondo::LossSum evaluate(std::size_t batch) = 0;

protected:
    ~TrainingTask() = default;
};
template <class Trainer, class Data, class Validation>
class TrainingTaskOf final : public TrainingTask {
public:
    TrainingTaskOf(Trainer& trainer, Data& batches, Validation* validation)
        : trainer_{trainer}, batches_{batches}, validation_{validation} {}

    std::size_t model_bytes() const override { return Model::size * sizeof(typename Model::scalar); }
    std::size_t memories() const override { return trainer_.optimizer_memory().size(); }
    void load(const std::filesystem::path& path) override { rondo::load(trainer_.model(), path); }
    void save(const std::filesystem::path& path, const rondo::io::Metadata& metadata) const override {
        rondo::save(std::as_const(trainer_).model(), path, metadata);
    }
    void load_checkpoint(rondo::Progress& progress, const std::filesystem::path& path) override {
        rondo::load_checkpoint(trainer_, progress, path);
    }
    void save_checkpoint(const rondo::Progress& progress, const std::filesystem::path& path) const override {
        rondo::save_checkpoint(trainer_, progress, path);
    }
    rondo::History fit(const rondo::FitOptions& options, rondo::Progress& progress) override {
        return rondo::fit(trainer_, batches_, options, progress);
    }
    bool validates() const override { return validation_ != nullptr; }
    std::size_t validation_batches() const override { return validation_->count(); }
    rondo::LossSum evaluate(std::size_t batch) override { return trainer_.evaluate(validation_->at(batch)); }

private:
    using Model = std::remove_cvref_t<decltype(std::declval<Trainer&>().model())>;
    Trainer& trainer_;
    Data& batches_;
    Validation* validation_;
};

Training train(const Options& options, TrainingTask& task, const std::string& unit, std::vector<Companion> companions);

} // namespace detail

/// Trains with the settings of the options, from a model or a checkpoint if given, with a progress bar; validates after
/// each epoch if there is validation data. Model, checkpoint and companions are saved before the model is used, also
/// when a signal or an error stops the run.
///
/// Units   the bar's speed is in `unit`, one for each term of the loss.
/// Errors  before the training: files that cannot be written.
template <class Trainer, class Data, class Validation = Data>
Training train(const Options& options, Trainer& trainer, Data& batches, const std::string& unit,
               Validation* validation = nullptr, std::vector<Companion> companions = {}) {
    detail::TrainingTaskOf task{trainer, batches, validation};
    return detail::train(options, task, unit, std::move(companions));
}

/// Draws NAME-loss: loss, and validation loss if there is one, over the epochs.
void draw_losses(const Options& options, const Training& training, const std::string& loss);

} // namespace common
