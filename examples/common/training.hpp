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

/// Saves model and checkpoint of a run; `before`: epochs of the model that it started from.
inline void save_run(const RunFiles& files, const TrainingTask& task, const rondo::Progress& progress,
                     std::int64_t before, bool ended) {
    const Reach reach{ended, before + progress.epoch, std::int64_t(progress.batch)};
    const RunFiles::Place to = files.choose(reach);
    task.save(to.model, reach.metadata());
    files.save_companions(to);
    task.save_checkpoint(progress, to.checkpoint);
    const std::string model = rondo::printable(to.model.string()),
                      checkpoint = rondo::printable(to.checkpoint.string());
    std::printf("model: %s\ncheckpoint: %s\n", model.c_str(), checkpoint.c_str());
    if (!ended)
        std::printf("stopped in epoch %lld; to go on: the same options and --resume %s\n",
                    static_cast<long long>(progress.epoch) + 1, checkpoint.c_str());
    std::fflush(stdout);
}

inline Training train(const Options& options, TrainingTask& task, const std::string& unit,
                      std::vector<Companion> companions) {
    Training training;
    const RunFiles files{options, std::move(companions)};
    const std::size_t copies = options.trains() ? 2 + task.memories() : 0; // model and checkpoint
    files.check(copies * task.model_bytes() + (1 << 20));
    std::int64_t before = 0;
    if (!options.load.empty()) {
        task.load(options.load);
        before = reach_of(options.load)->epoch;
    }
    if (!options.trains()) return training;
    rondo::Progress& progress = training.progress;
    if (!options.resume.empty()) task.load_checkpoint(progress, options.resume);

    const Signals signals;
    const rondo::Progress first = progress;
    ProgressBar bar{options.epochs, first, unit};
    rondo::FitOptions fit_options{.epochs = options.epochs};
    fit_options.on_batch = [&](const rondo::Progress& p) { return bar.batch(p), stopped_by() == 0; };
    fit_options.on_epoch = [&](const rondo::EpochResult& e) { return bar.epoch(e), true; };
    if (task.validates())
        fit_options.validate = [&] {
            const std::size_t all = task.validation_batches();
            const auto on_batch = [&](std::size_t done) {
                if (stopped_by() != 0) throw Stopped{}; // all batches are trained, but the epoch is incomplete
                bar.validating(progress.epoch + 1, done, all);
            };
            return mean_loss(all, [&](std::size_t batch) { return task.evaluate(batch); }, on_batch);
        };
    try {
        training.history = task.fit(fit_options, progress);
    } catch (const Stopped&) {
    } catch (...) {
        bar.end();
        const auto failure = std::current_exception();
        if (progress.epoch != first.epoch || progress.batch != first.batch) try {
                save_run(files, task, progress, before, false);
            } catch (const std::exception&) { // the first failure is reported
            }
        std::rethrow_exception(failure);
    }
    training.seconds = bar.seconds();
    training.per_second = bar.per_second();
    bar.end();
    save_run(files, task, progress, before, progress.epoch >= options.epochs);
    training.stopped = stopped_by() != 0;
    return training;
}

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
inline void draw_losses(const Options& options, const Training& training, const std::string& loss) {
    if (training.history.empty()) return;
    std::string data = "# epoch  training  validation\n";
    std::vector<double> losses;
    for (const rondo::EpochResult& e : training.history) {
        losses.insert(losses.end(), {e.loss, e.validation});
        data += std::to_string(e.epoch) + ' ' + number(e.loss) + ' ' + number(e.validation) + '\n';
    }
    std::string plot = training.history.size() < 10 ? "set xtics 1\n" : "";
    plot += "set xlabel 'epoch'\nset ylabel '" + loss + "'\n" + axis(losses) + "plot '" + options.name +
            "-loss.dat' using 1:2 with linespoints title 'training'";
    if (!std::isnan(training.validation())) plot += ", '' using 1:3 with linespoints title 'validation'";
    draw(options.out, options.name + "-loss", data, plot);
}

} // namespace common
