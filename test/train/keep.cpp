// SPDX-License-Identifier: MIT
// fit keeps the best parameters and writes checkpoints by itself.
#include <rondo/train/keep.hpp>

#include "letters_fit.hpp"

#include <rondo/io/model.hpp>
#include <rondo/metric/accuracy.hpp>
#include <rondo/metric/classes.hpp>
#include <rondo/metric/perplexity.hpp>
#include <rondo/metric/regression.hpp>
#include <rondo/metric/symbol_error_rate.hpp>
#include <rondo/train/checkpoint.hpp>

#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace keep_test {

using namespace fit_test;
using law::differing;

/// Options with these validation losses and, as a metric, scores; the parameters after each epoch.
struct Validated {
    std::vector<double> losses, scores;
    FitOptions options{};
    std::vector<std::vector<double>> parameters{};

    Validated(const LetterModel& model, std::vector<double> of_losses, std::vector<double> of_scores = {})
        : losses{std::move(of_losses)}, scores{std::move(of_scores)} {
        options.epochs = std::int64_t(losses.size());
        options.validate = [this, &model] {
            const std::size_t k = parameters.size();
            parameters.push_back(model.values());
            Evaluation result{losses.at(k)};
            if (!scores.empty()) result.metrics.push_back({"score", scores.at(k)});
            return result;
        };
    }
    Validated(const Validated&) = delete;
};

TEST(Best, IsRestoredWhenTheRunHasEnded) {
    LetterModel model{Seed{1}};
    TokenWindows data = windows();
    Validated run{model, {3, 2, 2.5, 1, 1}};
    run.options.keep = Best{};
    const History history = fit(model, data, CrossEntropy{}, rule, run.options, settings);
    EXPECT_EQ(differing(model.values(), run.parameters[3]), 0u);
    EXPECT_EQ(history.restored, 4);
    EXPECT_EQ(history.notes, (std::vector<std::string>{"the model has the parameters of epoch 4 of 5, the best"}));
    EXPECT_EQ(history[0].notes, (std::vector<std::string>{"kept the parameters of epoch 1: validation 3"}));
    EXPECT_EQ(history[1].notes, (std::vector<std::string>{"kept the parameters of epoch 2: validation 2, before 3"}));
    EXPECT_TRUE(history[2].notes.empty());

    LetterModel last{Seed{1}};
    Validated without{last, {3, 2, 2.5, 1, 1}};
    TokenWindows same = windows();
    const History other = fit(last, same, CrossEntropy{}, rule, without.options, settings);
    EXPECT_EQ(other.restored, 0);
    EXPECT_NE(differing(last.values(), run.parameters[3]), 0u);
    EXPECT_EQ(differing(without.parameters.back(), run.parameters.back()), 0u) << "keeping changes no training";
}

TEST(Best, IsThatOfAMetric) {
    LetterModel model{Seed{1}};
    TokenWindows data = windows();
    Validated run{model, {3, 2, 1, 0.5, 0.4}, {0.2, 0.9, 0.9, 0.3, 0.1}};
    run.options.keep = Best{.monitor = "score", .largest = true};
    run.options.patience = 3;
    Progress progress;
    LetterTrainer trainer{model, {}, rule, settings};
    const History history = fit(trainer, data, run.options, progress);
    EXPECT_EQ(differing(model.values(), run.parameters[1]), 0u);
    EXPECT_EQ(history.size(), 5u) << "patience watches the same number";
    EXPECT_EQ(progress.best, 0.9);
    EXPECT_EQ(progress.bad, 3);
    EXPECT_EQ(history[1].notes.at(0), "kept the parameters of epoch 2: score 0.9, before 0.2");
}

struct Undirected {
    void clear() {}
    void add(const auto&) {}
    double value() const { return 1; }
    static std::string name() { return "undirected"; }
};

TEST(Best, IsLargestWhereTheMetricSaysSo) {
    static_assert(metric::larger_is_better<metric::Accuracy>() == true &&
                  metric::larger_is_better<metric::R2>() == true);
    static_assert(metric::larger_is_better<metric::F1>() == true && metric::larger_is_better<metric::TopK>() == true);
    static_assert(metric::larger_is_better<metric::MAE>() == false && metric::larger_is_better<metric::MSE>() == false);
    static_assert(metric::larger_is_better<metric::Perplexity>() == false);
    static_assert(metric::larger_is_better<metric::SymbolErrorRate>() == false);
    static_assert(!metric::larger_is_better<Undirected>());
    LetterModel one{Seed{1}};
    TokenWindows data = windows();
    const Evaluation found = evaluate(one, data, CrossEntropy{}, metric::Accuracy{}, Undirected{});
    EXPECT_EQ(found.metrics.at(0).larger_is_better, true);
    EXPECT_FALSE(found.metrics.at(1).larger_is_better);
    for (const bool larger : {false, true})
        for (const std::optional<bool> largest : {std::optional<bool>{}, std::optional{false}, std::optional{true}}) {
            LetterModel model{Seed{1}};
            FitOptions options{.epochs = 3};
            int k = 0;
            options.validate = [&] {
                Evaluation result{1.0};
                result.metrics.push_back({"score", std::vector{0.5, 0.9, 0.1}.at(std::size_t(k++)), larger});
                return result;
            };
            options.keep = Best{.monitor = "score", .largest = largest};
            const History history = fit(model, data, CrossEntropy{}, rule, options, settings);
            EXPECT_EQ(history.restored, largest.value_or(larger) ? 2 : 3);
        }
    Validated silent{one, {1}, {0.5}};
    silent.options.keep = Best{.monitor = "score"};
    expect_argument([&] { fit(one, data, CrossEntropy{}, rule, silent.options); },
                    "rondo::fit: keep: the metric score does not say whether larger numbers are better: set "
                    "Best::largest, or give it a static constexpr bool larger_is_better");
    Validated none{one, {1}};
    none.options.keep = Best{.monitor = "f1"};
    expect_argument([&] { fit(one, data, CrossEntropy{}, rule, none.options); },
                    "rondo: there is no metric f1: validate computes no metrics: pass metric::F1{} or others to "
                    "evaluate");
}

// The best number of a run is compared with those of the same metric only, after a checkpoint, too.
TEST(Best, OfAnotherMetricIsRefused) {
    const TemporaryFolder folder;
    LetterModel model{Seed{1}}, other{Seed{2}};
    TokenWindows data = windows();
    LetterTrainer trainer{model, {}, rule, settings}, resumed{other, {}, rule, settings};
    Validated run{model, {3, 2, 1}, {0.2, 0.9, 0.5}};
    run.options.epochs = 1;
    run.options.keep = Best{.monitor = "score", .largest = true};
    Progress progress, read;
    fit(trainer, data, run.options, progress);
    EXPECT_EQ(progress.monitor, "score");
    EXPECT_TRUE(progress.largest);
    save_checkpoint(trainer, progress, folder / "a");
    load_checkpoint(resumed, read, folder / "a");
    EXPECT_EQ(read, progress);
    const auto refused = [&](const Best& keep, const std::string& what) {
        Validated next{other, {2}, {0.5}};
        next.options.epochs = 2;
        next.options.keep = keep;
        const LetterModel before = other;
        Progress copy = read;
        expect_failure([&] { fit(resumed, data, next.options, copy); }, Error::Kind::mismatch,
                       "rondo::fit: the run's best number is of score, largest; monitored is " + what +
                           "; set Progress::best to infinity to begin anew");
        EXPECT_EQ(other, before) << "before the first step";
    };
    refused(Best{}, "validation, smallest");
    refused(Best{.monitor = "score", .largest = false}, "score, smallest");
    refused(Best{.monitor = "f1"}, "f1");
    TrainerSettings with = settings;
    with.dropout = 0.5;
    LetterTrainer dropping{other, {}, rule, with};
    expect_failure([&] { load_checkpoint(dropping, read, folder / "a"); }, Error::Kind::mismatch,
                   (folder / "a").string() + ": the run's dropout: none; the trainer's: 0.5");
    save_checkpoint(dropping, progress, folder / "b");
    load_checkpoint(dropping, read, folder / "b");
    EXPECT_EQ(failure_of([&] { load_checkpoint(resumed, read, folder / "b"); }).kind, Error::Kind::mismatch);
}

TEST(Best, IsSaved) {
    const TemporaryFolder folder;
    LetterModel model{Seed{1}}, read;
    TokenWindows data = windows();
    Validated run{model, {3, 1, 2}};
    run.options.keep = Best{.restore = false, .file = folder / "best.safetensors"};
    const History history = fit(model, data, CrossEntropy{}, rule, run.options, settings);
    load(read, folder / "best.safetensors");
    EXPECT_EQ(differing(read.values(), run.parameters[1]), 0u);
    EXPECT_EQ(differing(model.values(), run.parameters[2]), 0u);
    EXPECT_EQ(history.restored, 0);
    EXPECT_EQ(history[1].notes.at(0), "kept the parameters of epoch 2: validation 1, before 3; saved as " +
                                          (folder / "best.safetensors").string());
}

/// A run that fit itself writes checkpoints of.
struct Kept {
    LetterModel model;
    TokenWindows data = windows();
    LetterTrainer trainer{model, {}, rule, settings};
    Progress progress{};
    FitOptions options{};

    explicit Kept(std::uint64_t seed, const std::filesystem::path& path) : model{Seed{seed}} {
        options.epochs = 5;
        options.validate = [this] { // the second epoch is the best
            return std::vector<double>{3, 1, 2, 2, 2}.at(std::size_t(progress.epoch));
        };
        options.keep = Best{};
        if (!path.empty()) options.checkpoints = Checkpoints{.path = path};
    }
    Kept(const Kept&) = delete;
    History fit() { return rondo::fit(trainer, data, options, progress); }
};

// A run that ended anywhere, as a process that was killed, is resumed from the last checkpoint that fit wrote.
TEST(Checkpoints, GiveTheBitsOfTheUnbrokenRun) {
    const TemporaryFolder folder;
    Kept whole{1, {}};
    whole.fit();
    for (const std::int64_t every : {1, 2, 3}) {
        for (const std::int64_t stop : {20, 27}) { // in the fourth and the fifth epoch of six batches
            const auto path = folder / std::to_string(100 * every + stop);
            Kept first{1, path}, second{77, path};
            first.options.checkpoints->every_epochs = every;
            std::int64_t done = 0;
            first.options.on_batch = [&](const Progress&) { return ++done < stop; };
            const History history = first.fit();
            EXPECT_EQ(history.restored, 0) << "a run that is stopped keeps its last parameters";
            load_checkpoint(second.trainer, second.progress, path);
            EXPECT_EQ(second.trainer.kept().values().size(), first.trainer.kept().values().size());
            EXPECT_EQ(second.progress.epoch, stop / 6 / every * every);
            EXPECT_EQ(second.progress.batch, 0u);
            EXPECT_EQ(second.fit().restored, 2);
            EXPECT_EQ(differing(second.model.values(), whole.model.values()), 0u);
            EXPECT_EQ(second.progress, whole.progress);
            EXPECT_EQ(second.trainer.optimizer_memory(), whole.trainer.optimizer_memory());
        }
    }
    Kept noted{1, folder / "noted"};
    noted.options.checkpoints->every_epochs = 2;
    const History history = noted.fit();
    EXPECT_EQ(history[3].notes, (std::vector<std::string>{"wrote the checkpoint " + (folder / "noted").string()}));
    EXPECT_TRUE(history[2].notes.empty());
}

TEST(Checkpoints, AreWrittenWithinAnEpoch) {
    const TemporaryFolder folder;
    Kept whole{1, {}}, first{1, folder / "a"}, second{77, folder / "b"};
    whole.fit();
    first.options.checkpoints = Checkpoints{.path = folder / "a", .every_epochs = 0, .every_minutes = 1e-9};
    first.options.on_batch = [](const Progress& p) { return p.epoch < 2 || p.batch < 4; };
    first.fit();
    load_checkpoint(second.trainer, second.progress, folder / "a");
    EXPECT_EQ(second.progress, first.progress);
    EXPECT_EQ(second.progress.batch, 4u);
    second.fit();
    EXPECT_EQ(differing(second.model.values(), whole.model.values()), 0u);
    EXPECT_EQ(second.progress, whole.progress);
}

TEST(Best, OfAnEarlierRunIsForgotten) {
    Kept run{1, {}};
    run.fit();
    EXPECT_FALSE(run.trainer.kept().values().empty());
    run.progress = {};
    run.options.epochs = 0;
    EXPECT_EQ(run.fit().restored, 0);
    EXPECT_TRUE(run.trainer.kept().values().empty());
}

TEST(Best, AndCheckpointsNeedWhatTheyAreMadeOf) {
    LetterModel model{Seed{1}};
    const LetterModel before = model;
    TokenWindows data = windows();
    const auto refused = [&](const FitOptions& options, Error::Kind kind, const std::string& message) {
        expect_failure([&] { fit(model, data, CrossEntropy{}, rule, options); }, kind, message);
        EXPECT_EQ(model, before);
    };
    FitOptions options = three;
    options.keep = Best{};
    refused(options, Error::Kind::argument, "rondo::fit: keep needs validate, which gives the number it watches");
    options.validate = [] { return 1.0; };
    options.keep = Best{.file = "no-folder/best"};
    refused(options, Error::Kind::file, "rondo::fit: keep: no-folder/best: expected a folder no-folder, got none");
    options.keep.reset();
    options.checkpoints = Checkpoints{};
    refused(options, Error::Kind::argument, "rondo::fit: checkpoints: expected a path, got none");
    options.checkpoints = Checkpoints{.path = "a", .every_epochs = 0};
    refused(options, Error::Kind::argument,
            "rondo::fit: checkpoints: expected every_epochs or every_minutes above 0, got neither");
    options.checkpoints = Checkpoints{.path = "a", .every_minutes = -1};
    refused(options, Error::Kind::argument,
            "rondo::fit: checkpoints: every_minutes: expected a number from 0 to below inf, got -1");
    options.checkpoints = Checkpoints{.path = "no-folder/a"};
    refused(options, Error::Kind::file, "rondo::fit: checkpoints: no-folder/a: expected a folder no-folder, got none");

    Validated of_scores{model, {1, 1}, {0.5, NAN}};
    of_scores.options.keep = Best{.monitor = "accuracy", .largest = true};
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, of_scores.options); },
                    "rondo: expected a metric of score, got accuracy");
    of_scores.parameters.clear();
    of_scores.options.keep->monitor = "score";
    expect_failure([&] { fit(model, data, CrossEntropy{}, rule, of_scores.options); }, Error::Kind::not_finite,
                   "rondo::fit: epoch 2: expected a finite score to monitor, got nan");
}

} // namespace keep_test
