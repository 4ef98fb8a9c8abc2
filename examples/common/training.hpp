// SPDX-License-Identifier: MIT
#pragma once

#include "axis.hpp"
#include "interrupt.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "progress.hpp"

#include <rondo/io/checkpoint.hpp>
#include <rondo/io/model.hpp>
#include <rondo/train/fit.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace common {

/// What a training run came to.
struct Training {
    rondo::History history;
    rondo::Progress progress;
    double seconds = 0, per_second = 0;
    bool stopped = false; // by Ctrl-C

    double loss() const { return history.empty() ? std::nan("") : history.back().loss; }
    double validation() const { return history.empty() ? std::nan("") : history.back().validation; }
    long long epochs() const { return static_cast<long long>(progress.epoch); }

    /// Part of a program's last line; without training there are no losses, as without data to validate with.
    void print() const {
        std::printf("epochs=%lld", epochs());
        if (!std::isnan(loss())) std::printf(" train_loss=%.4f", loss());
        if (!std::isnan(validation())) std::printf(" validation_loss=%.4f", validation());
    }
};

/// Trains as the options say: from a model or a checkpoint on, with a progress bar; the first Ctrl-C ends it in order.
/// Model and checkpoint are saved.
///
/// Units  the bar's speed is in `unit`, one a term of the loss.
template <class Trainer, class Data>
Training train(const Options& options, Trainer& trainer, Data& batches, const std::string& unit,
               rondo::FitOptions fit_options = {}) {
    Training training;
    if (!options.load.empty()) load(trainer.model(), options.load);
    if (!options.trains()) return training;
    if (!options.resume.empty()) load_checkpoint(trainer, training.progress, options.resume);
    make_folder(options.out); // rather now than after the training
    catch_interrupt();

    ProgressBar bar{options.epochs, training.progress.epoch, unit};
    fit_options.epochs = options.epochs;
    fit_options.on_batch = [&](const rondo::Progress& p) { return bar.batch(p), !interrupted(); };
    fit_options.on_epoch = [&, then = std::exchange(fit_options.on_epoch, {})](const rondo::EpochResult& e) {
        bar.epoch(e);
        return !then || then(e);
    };
    training.history = fit(trainer, batches, fit_options, training.progress);
    training.seconds = bar.seconds();
    training.per_second = bar.per_second();
    training.stopped = interrupted();
    bar.end();

    const auto file = options.model_file();
    const auto checkpoint = options.out / (options.name + ".checkpoint");
    save(trainer.model(), file);
    save_checkpoint(trainer, training.progress, checkpoint);
    std::printf("model: %s\ncheckpoint: %s\n", file.c_str(), checkpoint.c_str());
    if (training.stopped) std::printf("stopped; go on with --resume %s\n", checkpoint.c_str());
    return training;
}

/// The picture NAME-loss: loss, and validation loss where there is one, over the epochs.
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
