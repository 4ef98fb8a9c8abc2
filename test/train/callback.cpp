// SPDX-License-Identifier: MIT
// The events of fit, and the callbacks that write them to files.
#include <rondo/train/callback.hpp>

#include "letters_fit.hpp"

#include <rondo/data/token_streams.hpp>
#include <rondo/io/text.hpp>
#include <rondo/train/csv_history.hpp>
#include <rondo/train/tensor_board.hpp>

#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace callback_test {

using namespace fit_test;
using Kind = TrainingEvent::Kind;

/// An event and what it refers to.
struct Seen {
    Kind kind;
    std::int64_t epoch, batch;
    std::vector<std::string> names{};
    std::vector<double> values{};
    std::vector<std::string> notes{};

    explicit Seen(const TrainingEvent& e)
        : kind{e.kind}, epoch{e.epoch}, batch{e.batch}, notes{e.notes.begin(), e.notes.end()} {
        for (const auto& number : e.numbers) {
            names.emplace_back(number.name);
            values.push_back(number.value);
        }
    }
};

TEST(Callback, GetsEveryEvent) {
    LetterModel model{Seed{1}};
    TokenWindows data = windows();
    std::vector<Seen> seen;
    std::vector<Progress> batches;
    FitOptions options{.epochs = 2, .every_steps = 4};
    options.validate = [] {
        Evaluation result{2.5};
        result.metrics = {{"accuracy", 0.5}, {"f1", 0.25}};
        return result;
    };
    options.keep = Best{};
    options.callbacks = {[&](const TrainingEvent& e) { return seen.emplace_back(e), true; }};
    options.on_batch = [&](const Progress& p) { return batches.push_back(p), true; };
    TrainerSettings with = settings;
    with.schedule = StepDecay{.every = 6, .factor = 0.5};
    const History history = fit(model, data, CrossEntropy{}, rule, options, with);

    const auto loss_between = [&](std::size_t from, std::size_t to) { // of 6 mini-batches an epoch
        LossSum sum;
        for (std::size_t k = from; k < to; ++k) {
            const LossSum now = batches[k].loss, before = k % 6 == 0 ? LossSum{} : batches[k - 1].loss;
            sum = {sum.sum + now.sum - before.sum, sum.terms + now.terms - before.terms};
        }
        return sum.mean();
    };
    ASSERT_EQ(seen.size(), 6u); // after 4, 6, 8, 12 and 12 mini-batches, and at the end
    const std::vector<std::pair<Kind, std::int64_t>> expected{{Kind::steps, 4},  {Kind::epoch, 6},  {Kind::steps, 8},
                                                              {Kind::steps, 12}, {Kind::epoch, 12}, {Kind::end, 12}};
    for (std::size_t k = 0; k < 6; ++k) {
        EXPECT_EQ(seen[k].kind, expected[k].first) << k;
        EXPECT_EQ(seen[k].batch, expected[k].second) << k;
        EXPECT_EQ(seen[k].epoch, std::vector<int>({0, 1, 1, 1, 2, 2})[k]) << k;
    }
    std::size_t from = 0;
    for (const std::size_t k : {0u, 2u, 3u}) {
        const auto to = std::size_t(seen[k].batch);
        EXPECT_EQ(seen[k].names, (std::vector<std::string>{"loss", "rate"}));
        EXPECT_NEAR(seen[k].values[0], loss_between(from, to), 1e-12);
        EXPECT_EQ(seen[k].values[1], 1e-2 * (to < 6 ? 1 : to < 12 ? 0.5 : 0.25));
        from = to;
    }
    for (const std::size_t k : {1u, 4u}) {
        const EpochResult& epoch = history[k / 4];
        EXPECT_EQ(seen[k].names, (std::vector<std::string>{"loss", "validation", "accuracy", "f1", "rate", "seconds"}));
        EXPECT_EQ(seen[k].values, (std::vector{epoch.loss, 2.5, 0.5, 0.25, epoch.rate, epoch.seconds}));
        EXPECT_EQ(seen[k].notes, epoch.notes);
    }
    EXPECT_EQ(seen[1].notes.size(), 1u);
    EXPECT_EQ(seen[5].notes, history.notes);
    EXPECT_EQ(history[1].rate, 2.5e-3);
    const TrainingEvent::Number number{"loss", 3};
    EXPECT_EQ((TrainingEvent{.numbers = {&number, 1}}.number("loss")), 3);
    expect_argument([&] { TrainingEvent{.numbers = {&number, 1}}.number("lose"); },
                    "rondo::TrainingEvent: no number has the name lose");
}

TEST(Callback, HasNoLossOfStepsWithoutTargets) {
    std::vector<int> some = text;
    std::fill_n(some.begin(), 10, 3); // ignored: the first three mini-batches have no target
    LetterModel model{Seed{1}};
    TokenStreams data{some, 3, 1};
    std::vector<Seen> seen;
    FitOptions options{.every_steps = 1};
    options.callbacks = {[&](const TrainingEvent& e) { return seen.emplace_back(e), true; }};
    fit(model, data, CrossEntropy{.ignore = 3}, rule, options, settings);
    ASSERT_EQ(seen.size(), data.count() + 2);
    for (std::size_t k = 0; k < data.count(); ++k) {
        EXPECT_EQ(seen[k].names.front(), k < 3 ? "rate" : "loss") << k;
        EXPECT_EQ(std::count(seen[k].names.begin(), seen[k].names.end(), "rate"), 1);
        for (const double value : seen[k].values) EXPECT_FALSE(std::isnan(value)) << k;
    }
}

TEST(Callback, StopsTheRun) {
    for (const Kind kind : {Kind::steps, Kind::epoch}) {
        LetterModel model{Seed{1}};
        TokenWindows data = windows();
        LetterTrainer trainer{model, {}, rule};
        FitOptions options{.epochs = 3, .every_steps = 2};
        int others = 0;
        options.callbacks = {[&](const TrainingEvent& e) { return e.kind != kind; },
                             [&](const TrainingEvent&) { return ++others, true; }};
        Progress progress;
        fit(trainer, data, options, progress);
        EXPECT_EQ(progress.epoch, kind == Kind::epoch ? 1 : 0);
        EXPECT_EQ(progress.batch, kind == Kind::epoch ? 0u : 2u);
        EXPECT_EQ(others, kind == Kind::epoch ? 5 : 2) << "the others get each event, and the end";
    }
    LetterModel model{Seed{1}};
    TokenWindows data = windows();
    expect_argument([&] { fit(model, data, CrossEntropy{}, rule, {.every_steps = -1}); },
                    "rondo::fit: every_steps: expected 0 or more, got -1");
}

TrainingEvent epoch_event(std::int64_t epoch, std::span<const TrainingEvent::Number> numbers) {
    return {Kind::epoch, epoch, 6 * epoch, numbers, {}};
}

TEST(CSVHistory, HasARowForEachEpoch) {
    const TemporaryFolder folder;
    const auto path = folder / "history.csv";
    const std::vector<TrainingEvent::Number> numbers{{"loss", 0.1}, {"a \"good\", name", 1e-7}};
    const std::string names = "epoch,loss,\"a \"\"good\"\", name\"\n";
    const auto row = [](int k) { return std::to_string(k) + ",0.1,1e-07\n"; };
    {
        const CSVHistory first{path}, copy = first;
        first({Kind::steps, 0, 3, numbers, {}});
        EXPECT_TRUE(folder.names().empty());
        first(epoch_event(1, numbers));
        copy(epoch_event(2, numbers));
        first(epoch_event(3, numbers));
        first({Kind::end, 3, 18, {}, {}});
    }
    EXPECT_EQ(io::read_text(path), names + row(1) + row(2) + row(3));
    const CSVHistory resumed{path}, again{path}, other{path};
    resumed(epoch_event(3, numbers));
    resumed(epoch_event(4, numbers));
    EXPECT_EQ(io::read_text(path), names + row(1) + row(2) + row(3) + row(4)) << "a resumed run goes on in its file";
    expect_failure([&] { other(epoch_event(2, std::span{numbers}.first(1))); }, Error::Kind::format,
                   path.string() + ": expected the columns epoch,loss, got epoch,loss,\"a \"\"good\"\", name\"");
    again(epoch_event(1, numbers));
    EXPECT_EQ(io::read_text(path), names + row(1)) << "a new run begins anew";
    for (const int k : {2, 3, 1, 2}) again(epoch_event(k, numbers)); // the same object, in two calls of fit
    EXPECT_EQ(io::read_text(path), names + row(1) + row(2));
    const std::string cut = names + row(1) + row(2).substr(0, row(2).size() - 1);
    io::write_file(path, std::as_bytes(std::span{cut}));
    CSVHistory{path}(epoch_event(3, numbers));
    EXPECT_EQ(io::read_text(path), names + row(1) + row(2) + row(3)) << "a last line without an end";
    EXPECT_EQ(folder.names().size(), 1u);
    expect_failure([] { CSVHistory{"no-folder/a.csv"}; }, Error::Kind::file,
                   "rondo::CSVHistory: no-folder/a.csv: expected a folder no-folder, got none");
}

TEST(CSVHistory, IsACallbackOfFit) {
    const TemporaryFolder folder;
    LetterModel model{Seed{1}};
    TokenWindows data = windows();
    FitOptions options = validated({3, 2});
    options.callbacks = {CSVHistory{folder / "a.csv"}, TensorBoard{folder / "runs/one"}};
    options.every_steps = 1;
    fit(model, data, CrossEntropy{}, rule, options);
    const std::string text = io::read_text(folder / "a.csv");
    EXPECT_EQ(text.substr(0, text.find('\n')), "epoch,loss,validation,rate,seconds");
    EXPECT_NE(text.find("\n1,"), text.npos);
    EXPECT_NE(text.find("\n2,"), text.npos);
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

TEST(TFRecord, HasChecks) {
    EXPECT_EQ(io::crc32c({}), 0u);
    EXPECT_EQ(io::crc32c(bytes_of("123456789")), 0xE3069283u);
    EXPECT_EQ(io::crc32c(bytes_of(std::string(32, '\0'))), 0x8A9136AAu); // RFC 3720, B.4
    EXPECT_EQ(io::crc32c(bytes_of(std::string(32, '\xFF'))), 0x62A8AB43u);
    for (const std::size_t size : {0u, 1u, 3u, 5u, 20u, 33u, 300u}) {
        const std::string data(size, 'x'), record = io::tfrecord(bytes_of(data));
        ASSERT_EQ(record.size(), size + 16);
        EXPECT_EQ(record.substr(12, size), data);
        EXPECT_EQ(std::uint8_t(record[0]) + 256u * std::uint8_t(record[1]), size);
    }
}

TEST(TensorBoard, AppendsToAFileOfItsOwn) {
    const TemporaryFolder folder;
    const std::vector<TrainingEvent::Number> numbers{{"loss", 0.5}};
    const TensorBoard first{folder / "runs/one"}, second{folder / "runs/one"};
    EXPECT_NE(first.path(), second.path());
    const auto size = std::filesystem::file_size(first.path());
    first({Kind::end, 3, 18, {}, {}});
    EXPECT_EQ(std::filesystem::file_size(first.path()), size);
    first(epoch_event(1, numbers));
    EXPECT_GT(std::filesystem::file_size(first.path()), size) << "it is written while the run goes on";
    EXPECT_EQ(std::filesystem::file_size(second.path()), size);
    const Error error = failure_of([&] { TensorBoard{first.path() / "runs"}; }); // a file is no folder
    EXPECT_EQ(error.kind, Error::Kind::file);
    EXPECT_TRUE(error.message.ends_with(": cannot be written: Not a directory")) << error.message;
}

} // namespace callback_test
