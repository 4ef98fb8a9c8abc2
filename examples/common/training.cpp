// SPDX-License-Identifier: MIT
#include "training.hpp"

#include "axis.hpp"
#include "progress.hpp"
#include "signals.hpp"

#include <exception>

namespace common {

namespace detail {

namespace {
// Saves model and checkpoint of a run; `before`: epochs of the model that it started from.
void save_run(const RunFiles& files, const TrainingTask& task, const rondo::Progress& progress, std::int64_t before,
              bool ended) {
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
} // namespace

Training train(const Options& options, TrainingTask& task, const std::string& unit, std::vector<Companion> companions) {
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

void draw_losses(const Options& options, const Training& training, const std::string& loss) {
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
