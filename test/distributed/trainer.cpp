// SPDX-License-Identifier: MIT
// A training run has the same bits for any number of ranks, and ranks act as one. Here ranks are threads.
#include <rondo/data/samples.hpp>
#include <rondo/data/token_streams.hpp>
#include <rondo/layer/batch_norm.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/checkpoint.hpp>
#include <rondo/train/fit.hpp>

#include <distributed/thread_ranks.hpp>
#include <laws/batch.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace distributed_test {
namespace {

using Backend = EigenBackend<float>;
using LettersTrainer = Trainer<Letters, CrossEntropy, Adam, Backend>;
using TrackerTrainer = Trainer<Tracker, MeanSquaredError, Adam, EigenBackend<double>>;
using Lines = Samples<int, 1, int, 1>;

const std::vector<int> text = letters(230);

TrainerSettings settings(AnyCommunicator* ranks, int threads) {
    return {.clip_norm = 0.3, .threads = threads, .seed = Seed{5}, .small_work = 0, .communicator = ranks};
}
/// Lines of different lengths; the last of three mini-batches has two of them.
Lines lines() {
    Lines all{9, Lines::Target::each_step};
    for (std::size_t k = 0; k < 20; ++k)
        all.add(std::span{text}.subspan(k, 1 + k % 6), std::span{text}.subspan(k + 1, 1 + k % 6));
    return all;
}

struct Outcome {
    std::vector<float> parameters;
    std::vector<double> losses;
    bool operator==(const Outcome&) const = default;
};
/// Streams whose states go on, then lines; validated after each epoch.
Outcome outcome_of(AnyCommunicator* ranks, int threads) {
    // Ranks begin with different parameters: those of rank 0 count.
    Model<Letters> model{Seed{std::uint64_t(1 + (ranks ? ranks->rank() : 0))}};
    LettersTrainer trainer{model, {}, Adam{.rate = 1e-2}, settings(ranks, threads)};
    Outcome outcome;
    const auto run = [&](auto data) {
        const History history = fit(trainer, data, {.epochs = 2, .validate = [&] { return evaluate(trainer, data); }});
        for (const EpochResult& epoch : history)
            outcome.losses.insert(outcome.losses.end(), {epoch.loss, epoch.validation});
    };
    run(TokenStreams{text, 7, 11});
    run(lines());
    outcome.parameters = model.values();
    return outcome;
}

TEST(Ranks, HaveTheBitsOfOneProcess) {
    const Outcome expected = outcome_of(nullptr, 1);
    for (const int count : {1, 2, 3, 4, 8, 9})
        for (const int threads : {1, 2}) {
            if (threads == 2 && count > 3) continue;
            std::vector<Outcome> outcomes(static_cast<std::size_t>(count));
            ThreadRanks{count}.run(
                [&](AnyCommunicator& rank) { outcomes[std::size_t(rank.rank())] = outcome_of(&rank, threads); });
            for (const Outcome& outcome : outcomes)
                EXPECT_TRUE(outcome == expected) << count << " ranks of " << threads << " threads";
        }
}

// A source that does not know of parts.
struct WholeBatches {
    Tracks<double> tracks;
    std::size_t count() const { return 2; }
    void begin_epoch(Seed, std::int64_t) {}
    auto at(std::size_t k) const { return tracks.batch(k == 0 ? StatePolicy::start : StatePolicy::resume); }
};
static_assert(Batches<WholeBatches> && !PartedBatches<WholeBatches>);
static_assert(PartedBatches<TokenStreams> && PartedBatches<Lines>);

std::vector<double> tracked(AnyCommunicator* ranks, bool accumulate) {
    Model<Tracker, EigenBackend<double>> model{Seed{1}};
    TrainerSettings own = settings(ranks, 1);
    own.accumulate = accumulate;
    own.shards = 5;
    TrackerTrainer trainer{model, {}, Adam{.rate = 1e-2}, own};
    WholeBatches data{{6, 13}};
    fit(trainer, data, {.epochs = 2});
    return model.values();
}
TEST(Ranks, ReadWholeBatchesOfOtherSources) {
    const std::vector<double> expected = tracked(nullptr, false);
    for (const int count : {2, 3})
        for (const bool accumulate : {false, true})
            ThreadRanks{count}.run([&](AnyCommunicator& rank) { EXPECT_EQ(tracked(&rank, accumulate), expected); });
}

/// Calls work on so many ranks, and expects the same error on all.
template <class Work>
std::string error_of_all(int count, const Work& work) {
    std::vector<std::string> errors(static_cast<std::size_t>(count));
    ThreadRanks{count}.run(
        [&](AnyCommunicator& rank) { errors[std::size_t(rank.rank())] = failure_of([&] { work(rank); }).message; });
    for (const std::string& error : errors) EXPECT_EQ(error, errors[0]);
    return errors[0];
}

TEST(Ranks, StopTogetherWhereOneFails) {
    const std::string error = error_of_all(4, [](AnyCommunicator& rank) {
        Model<Letters> model{Seed{1}};
        LettersTrainer trainer{model, {}, Adam{}, settings(&rank, 1)};
        TokenStreams data{text, 7, 11};
        FitOptions options{.epochs = 3};
        options.on_batch = [&](const Progress&) {
            if (rank.rank() == 2 && trainer.steps() == 4) fail(Error::Kind::file, "no more data");
            return true;
        };
        fit(trainer, data, options);
    });
    EXPECT_EQ(error, "rondo: rank 2: no more data");
}
TEST(Ranks, NameTheOneWhoseTokensAreInvalid) {
    std::vector<int> wrong = text;
    wrong[std::size_t(9 * 20 + 9)] = 8; // of the stream 9 of 11, which the third of three ranks reads
    const std::string error = error_of_all(3, [&](AnyCommunicator& rank) {
        Model<Letters> model{Seed{1}};
        LettersTrainer trainer{model, {}, Adam{}, settings(&rank, 1)};
        TokenStreams data{wrong, 7, 11};
        fit(trainer, data, {.epochs = 1});
    });
    EXPECT_EQ(error.find("rondo: rank 2: step 2: "), 0u) << error;
    EXPECT_NE(error.find("8"), std::string::npos) << error;
}
TEST(Ranks, NameTheOneWhoseNumbersAreNotFinite) {
    const std::string error = error_of_all(3, [](AnyCommunicator& rank) {
        Model<Tracker, EigenBackend<double>> model{Seed{1}};
        TrackerTrainer trainer{model, {}, Adam{}, settings(&rank, 1)};
        WholeBatches data{{6, 13}};
        trainer.step(data.at(0));
        data.tracks.x[std::size_t(3 * (2 * 13 + 7))] = std::numeric_limits<double>::quiet_NaN();
        trainer.step(data.at(1));
    });
    EXPECT_EQ(error, "rondo: rank 1: rondo::Trainer: step 2: the loss is nan; input 0 of sequence 7, step 2 is not "
                     "finite; the parameters are those of step 1");
}
TEST(Ranks, RefuseStatisticsOfWholeBatches) {
    using Net = Sequential<BatchNorm1d<3>, Linear<3, 1>>;
    const std::string error = error_of_all(3, [](AnyCommunicator& rank) {
        Model<Net, EigenBackend<double>> model{Seed{1}};
        Trainer<Net, MeanSquaredError, Adam, EigenBackend<double>> trainer{model, {}, Adam{}, settings(&rank, 1)};
        trainer.step(Tracks<double>{6, 13}.batch());
    });
    EXPECT_NE(error.find("step 1: rondo::Trainer: statistics of whole batches (BatchNorm1d) need one rank: expected 1, "
                         "got 3"),
              std::string::npos)
        << error;
}
TEST(Ranks, RefuseDifferentSettingsAndRuns) {
    EXPECT_EQ(error_of_all(3,
                           [](AnyCommunicator& rank) {
                               Model<Letters> model{Seed{1}};
                               TrainerSettings own = settings(&rank, 1);
                               own.shards = rank.rank() == 1 ? 4 : 8;
                               LettersTrainer{model, {}, Adam{}, own};
                           }),
              "rondo: rank 1: rondo::Trainer: shards: expected that of rank 0, 8, got 4");
    EXPECT_EQ(error_of_all(2,
                           [](AnyCommunicator& rank) {
                               Model<Letters> model{Seed{1}};
                               LettersTrainer trainer{model, {}, Adam{}, settings(&rank, 1)};
                               TokenStreams data{text, 7 - rank.rank(), 11};
                               fit(trainer, data, {.epochs = 1});
                           }),
              "rondo: rank 1: rondo::fit: batches of an epoch: expected that of rank 0, 3, got 4");
}
TEST(Ranks, StopTogetherWhereOneIsAskedTo) {
    ThreadRanks{3}.run([&](AnyCommunicator& rank) {
        Model<Letters> model{Seed{1}};
        LettersTrainer trainer{model, {}, Adam{}, settings(&rank, 1)};
        TokenStreams data{text, 7, 11};
        int called = 0;
        FitOptions options{.epochs = 3};
        options.on_batch = [&](const Progress&) { return rank.rank() != 1 || trainer.steps() < 4; };
        options.callbacks = {[&](const TrainingEvent&) { return ++called > 0; }};
        fit(trainer, data, options);
        EXPECT_EQ(trainer.steps(), 4);
        EXPECT_EQ(called > 0, rank.rank() == 0) << "what records is called by rank 0";
    });
}

TEST(Ranks, ResumeTheRunsOfOtherNumbersOfRanks) {
    const TemporaryFolder folder;
    const auto run = [&](AnyCommunicator* ranks, const std::filesystem::path& from, const std::filesystem::path& to,
                         std::size_t batches) {
        Model<Letters> model{Seed{1}};
        TrainerSettings own = settings(ranks, 1);
        own.average = MovingAverage{};
        LettersTrainer trainer{model, {}, Adam{.rate = 1e-2}, own};
        TokenStreams data{text, 7, 11};
        Progress progress;
        if (!from.empty()) load_checkpoint(trainer, progress, from);
        FitOptions options{.epochs = 3, .validate = [&] { return evaluate(trainer, data); }, .keep = Best{}};
        options.on_batch = [&](const Progress&) { return trainer.steps() < std::int64_t(batches); };
        fit(trainer, data, options, progress);
        if (!to.empty()) save_checkpoint(trainer, progress, to);
        return model.values();
    };
    const std::vector<float> expected = run(nullptr, {}, {}, 100);
    const std::filesystem::path four = folder / "four", one = folder / "one", same = folder / "same";
    run(nullptr, {}, one, 5);
    ThreadRanks{4}.run([&](AnyCommunicator& rank) { run(&rank, {}, four, 5); });
    ThreadRanks{3}.run([&](AnyCommunicator& rank) { run(&rank, {}, same, 5); });
    EXPECT_EQ(run(nullptr, four, {}, 100), expected) << "of four ranks by one process";
    EXPECT_EQ(run(nullptr, same, {}, 100), expected) << "of three ranks by one process";
    for (const int count : {2, 8})
        for (const auto& from : {one, four})
            ThreadRanks{count}.run([&](AnyCommunicator& rank) { EXPECT_EQ(run(&rank, from, {}, 100), expected); });
    EXPECT_NE(error_of_all(3, [&](AnyCommunicator& rank) { run(&rank, folder.path() / "none", {}, 100); }).find("none"),
              std::string::npos);
    EXPECT_NE(error_of_all(3, [&](AnyCommunicator& rank) { run(&rank, four, folder.path() / "no" / "folder", 7); })
                  .find("folder"),
              std::string::npos);
}

} // namespace
} // namespace distributed_test
