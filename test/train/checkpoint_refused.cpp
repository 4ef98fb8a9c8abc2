// SPDX-License-Identifier: MIT
#include "checkpoint_run.hpp"

#include <rondo/optimizer/adam.hpp>
#include <rondo/optimizer/rmsprop.hpp>
#include <rondo/optimizer/sgd.hpp>

#include <support/edited.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

namespace checkpoint_refused_test {

using namespace rondo;
namespace fs = std::filesystem;
using StreamRun = RunOf<TokenStreams, Adam>;

/// Expects that loading the file fails with this message and changes nothing.
template <class R>
void expect_refused(int threads, const fs::path& path, Error::Kind kind, const std::string& message) {
    R run{{}, threads}, same{{}, threads};
    run.fit_until(1);
    same.fit_until(1);
    Error error;
    load_checkpoint(run.trainer, run.progress, path, error);
    EXPECT_EQ(error, (Error{kind, message}));
    EXPECT_EQ(failure_of([&] { load_checkpoint(run.trainer, run.progress, path); }), error);
    expect_same(run, same);
}

struct Refused : testing::Test {
    const TemporaryFolder folder;
    const fs::path path = folder / "a";
    StreamRun saved{{}, 2};

    Refused() {
        saved.fit_until(3);
        save_checkpoint(saved.trainer, saved.progress, path);
    }
    void expect(Error::Kind kind, const std::string& message) {
        expect_refused<StreamRun>(2, path, kind, path.string() + ": " + message);
    }
    void expect_edited(const std::function<void(EditedFile&)>& edit, Error::Kind kind, const std::string& message) {
        EditedFile file{path};
        const EditedFile good = file;
        edit(file);
        file.write(path);
        expect(kind, message);
        good.write(path);
    }
};

TEST_F(Refused, OtherSeedsAndShards) {
    StreamRun other{{}, 2, 1, 3}, same{{}, 2, 1, 3};
    expect_failure([&] { load_checkpoint(other.trainer, other.progress, path); }, Error::Kind::mismatch,
                   path.string() + ": the run has seed 11 and 8 shards, the trainer seed 11 and 3 shards");
    expect_same(other, same);
    Model<Letters> model{Seed{1}}, before = model;
    Trainer<Letters, CrossEntropy, Adam, EigenBackend<float>> trainer{model, {}, {}, {.threads = 2, .seed = Seed{12}}};
    Progress progress;
    expect_failure([&] { load_checkpoint(trainer, progress, path); }, Error::Kind::mismatch,
                   path.string() + ": the run has seed 11 and 8 shards, the trainer seed 12 and 8 shards");
    EXPECT_EQ(model, before);
    EXPECT_EQ(progress, Progress{});
}

TEST_F(Refused, RunsWhoseBitsDependOnThreads) {
    expect_edited(
        [](EditedFile& f) {
            for (auto& [name, number] : f.metadata)
                if (name == "shards") name = "threads";
        },
        Error::Kind::mismatch,
        "the run's sums depend on its number of threads, as they did in Rondo before shards; expected a run with a "
        "number of shards");
}

TEST_F(Refused, OtherOptimizers) {
    using K = Error::Kind;
    expect_refused<RunOf<TokenStreams, SGD>>(2, path, K::mismatch,
                                             path.string() + ": the run's optimizer is Adam, the trainer's SGD");
    expect_refused<RunOf<TokenStreams, RMSprop>>(
        2, path, K::mismatch, path.string() + ": the run's optimizer is Adam, the trainer's RMSprop");
}

TEST_F(Refused, OtherNetworks) {
    using Wider = Sequential<Named<"in", Embedding<7, 5>>, Named<"lstm", LSTM<5, 33, Stack{.layers = 2}>>,
                             Named<"out", Linear<33, 7>>>;
    Model<Wider> model{Seed{1}}, before = model;
    Trainer<Wider, CrossEntropy, Adam, EigenBackend<float>> trainer{model, {}, {}, {.threads = 2, .seed = run_seed}};
    Progress progress;
    expect_failure([&] { load_checkpoint(trainer, progress, path); }, Error::Kind::mismatch,
                   path.string() + ": tensor model.lstm.weight_ih_l0: expected F32 [132,5], got F32 [80,5]");
    EXPECT_EQ(model, before);
    EXPECT_EQ(progress, Progress{});
    EXPECT_EQ(trainer.steps(), 0);

    Error error;
    load(model, path, error);
    EXPECT_EQ(error.message, path.string() + ": a checkpoint of a run, which load_checkpoint reads");
}

TEST_F(Refused, FilesCutShort) {
    const auto size = fs::file_size(path);
    for (const std::uintmax_t length : {std::uintmax_t{0}, std::uintmax_t{7}, size / 10, size / 2, size - 1}) {
        fs::resize_file(path, length);
        Model<Letters> model{Seed{1}}, before = model;
        Trainer<Letters, CrossEntropy, Adam, EigenBackend<float>> trainer{
            model, {}, {}, {.threads = 2, .seed = run_seed}};
        Progress progress;
        Error error;
        load_checkpoint(trainer, progress, path, error);
        EXPECT_EQ(error.kind, Error::Kind::format) << length;
        EXPECT_EQ(model, before);
        EXPECT_EQ(progress, Progress{});
    }
    fs::remove(path);
    expect_refused<StreamRun>(2, path, Error::Kind::file,
                              "cannot read " + path.string() + ": No such file or directory");
}

TEST_F(Refused, NumbersThatAreNone) {
    const auto expect_all = [this](std::initializer_list<const char*> names, const std::string& expected) {
        for (const std::string name : names) {
            expect_edited([&](EditedFile& f) { f.erase(name); }, Error::Kind::mismatch,
                          "checkpoint: " + name + " is missing");
            expect_edited([&](EditedFile& f) { f.number(name) = "many"; }, Error::Kind::format,
                          "checkpoint: " + name + ": expected " + expected + ", got \"many\"");
        }
    };
    expect_all({"loss_sum"}, "a finite number");
    expect_all({"rate_factor", "loss_terms"}, "a finite number from 0 on");
    expect_all({"best", "plateau_best"}, "a finite number, or inf");
    expect_all({"plateau_rate"}, "a number from 0 to 1");
    expect_all({"steps", "seed", "shards", "epoch", "batch", "batches", "bad", "plateau_bad"},
               "a whole number from 0 on");
    for (const char* name : {"batch", "steps"})
        for (const char* value : {"", "1 ", " 1", "1x", "-1", "1.5", "18446744073709551616"})
            expect_edited([&](EditedFile& f) { f.number(name) = value; }, Error::Kind::format,
                          std::string{"checkpoint: "} + name + ": expected a whole number from 0 on, got \"" + value +
                              "\"");
    expect_edited([](EditedFile& f) { f.number("steps") = "\x1b[2J"; }, Error::Kind::format,
                  R"(checkpoint: steps: expected a whole number from 0 on, got "\x1b[2J")");
    // A number that a run could not increment.
    expect_edited([](EditedFile& f) { f.number("steps") = "9223372036854775807"; }, Error::Kind::format,
                  "checkpoint: steps: expected a whole number from 0 on, got \"9223372036854775807\"");
}

/// Numbers of a run that are out of range, and their text in the file.
struct Outside {
    const char *name, *expected;
    std::vector<std::string> texts;
};
const Outside outside[]{
    {"rate_factor", "a finite number from 0 on", {"nan", "inf", "-inf", "-1", "-1e-300"}},
    {"loss_sum", "a finite number", {"nan", "inf", "-inf", "1e400"}},
    {"loss_terms", "a finite number from 0 on", {"nan", "inf", "-1"}},
    {"best", "a finite number, or inf", {"nan", "-nan", "-inf"}},
    {"plateau_best", "a finite number, or inf", {"nan", "-inf"}},
    {"plateau_rate", "a number from 0 to 1", {"nan", "inf", "-1", "1.5"}},
    {"batch", "a whole number from 0 on", {"nan", "18446744073709551615"}},
    {"batches", "a whole number from 0 on", {"-1", "18446744073709551615"}},
    {"epoch", "a whole number from 0 on", {"nan", "-1", "9223372036854775807"}},
    {"bad", "a whole number from 0 on", {"inf", "-1", "9223372036854775807"}},
    {"plateau_bad", "a whole number from 0 on", {"1.5", "-1"}},
};

TEST_F(Refused, NumbersOutOfTheirRange) {
    for (const auto& [name, expected, texts] : outside)
        for (const std::string& text : texts)
            expect_edited([&, key = name](EditedFile& f) { f.number(key) = text; }, Error::Kind::format,
                          std::string{"checkpoint: "} + name + ": expected " + expected + ", got \"" + text + '"');
    const std::string batches = std::to_string(saved.progress.batches),
                      one_more = std::to_string(saved.progress.batches + 1);
    expect_edited([&](EditedFile& f) { f.number("batch") = one_more; }, Error::Kind::format,
                  "checkpoint: batch: expected at most the " + batches + " of an epoch, got " + one_more);
}

// A checkpoint that could not be loaded is not written.
TEST_F(Refused, ProgressOutOfItsRange) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    const io::Bytes was = io::read_file(path);
    const auto expect_kept = [&](Error::Kind kind, const std::string& message) {
        Error error;
        save_checkpoint(saved.trainer, saved.progress, path, error);
        EXPECT_EQ(error, (Error{kind, path.string() + ": " + message}));
        const io::Bytes now = io::read_file(path);
        EXPECT_TRUE(std::ranges::equal(was, now));
    };
    const auto expect_refused_number = [&](auto& number, auto value, const std::string& message) {
        const auto before = number;
        number = value;
        expect_kept(Error::Kind::argument, "checkpoint: " + message);
        number = before;
    };
    Progress& p = saved.progress;
    expect_refused_number(p.best, nan, "best: expected a finite number, or inf, got nan");
    expect_refused_number(p.loss.sum, -inf, "loss_sum: expected a finite number, got -inf");
    expect_refused_number(p.loss.terms, -1., "loss_terms: expected a finite number from 0 on, got -1");
    expect_refused_number(p.plateau.rate, 2., "plateau_rate: expected a number from 0 to 1, got 2");
    expect_refused_number(p.plateau.best, nan, "plateau_best: expected a finite number, or inf, got nan");
    expect_refused_number(p.epoch, std::int64_t(-1), "epoch: expected a whole number from 0 on, got -1");
    expect_refused_number(p.batch, p.batches + 1,
                          "batch: expected at most the " + std::to_string(p.batches) + " of an epoch, got " +
                              std::to_string(p.batches + 1));
    saved.trainer.rate_factor(nan);
    expect_kept(Error::Kind::argument, "checkpoint: rate_factor: expected a finite number from 0 on, got nan");
    saved.trainer.rate_factor(1);

    auto& memory = saved.trainer.optimizer_memory()[1];
    const float before = memory[0];
    memory[0] = float(inf);
    expect_kept(Error::Kind::not_finite, "tensor optimizer.1.in.weight: number 0 is inf");
    memory[0] = before;
    saved.trainer.state().data()[0] = float(nan);
    expect_kept(Error::Kind::not_finite, "tensor state.0 has a number that is not finite");
    saved.trainer.state().data()[0] = 0;
    saved.model.data()[1] = float(nan);
    expect_kept(Error::Kind::not_finite, "tensor model.in.weight: number 1 is nan");
    Error error;
    save(saved.model, path, error);
    EXPECT_EQ(error, (Error{Error::Kind::not_finite, path.string() + ": tensor in.weight: number 1 is nan"}));
}

TEST_F(Refused, TensorsThatDoNotFit) {
    using K = Error::Kind;
    expect_edited([](EditedFile& f) { f.erase("optimizer.1.out.bias"); }, K::mismatch,
                  "tensor optimizer.1.out.bias F32 [7] is missing");
    expect_edited([](EditedFile& f) { f["model.out.weight"].shape = {20, 7}; }, K::mismatch,
                  "tensor model.out.weight: expected F32 [7,20], got F32 [20,7]");
    expect_edited([](EditedFile& f) { f.tensors.push_back({"extra", io::DType::F32, {0}, {}}); }, K::mismatch,
                  "expected 34 tensors, got 35");
    expect_edited([](EditedFile& f) { f.erase("state.0"); }, K::mismatch, "tensor state.0 is missing");
    const std::string state = "tensor state.0: expected 80 numbers for each of up to 1000000 sequences, got ";
    expect_edited([](EditedFile& f) { f["state.0"].shape = {400}; }, K::mismatch, state + "F32 [400]");
    expect_edited([](EditedFile& f) { f["state.0"].shape = {80, 5}; }, K::mismatch, state + "F32 [80,5]");
    expect_edited([](EditedFile& f) { f["state.0"].dtype = io::DType::I32; }, K::mismatch, state + "I32 [5,80]");
}

TEST_F(Refused, NumbersThatAreNotFinite) {
    const auto poison = [](const char* tensor) {
        return [tensor](EditedFile& f) {
            const float nan = std::numeric_limits<float>::quiet_NaN();
            std::memcpy(f[tensor].bytes.data() + sizeof nan, &nan, sizeof nan);
        };
    };
    for (const std::string tensor : {"model.out.bias", "optimizer.1.out.bias"})
        expect_edited(poison(tensor.c_str()), Error::Kind::not_finite, "tensor " + tensor + ": number 1 is nan");
    expect_edited(poison("state.0"), Error::Kind::not_finite, "tensor state.0 has a number that is not finite");
}

TEST_F(Refused, ASaveThatFailsLeavesWhatWasThere) {
    Error error;
    save_checkpoint(saved.trainer, saved.progress, folder / "none" / "a", error);
    const Error expected{Error::Kind::file,
                         "cannot write " + (folder / "none" / "a").string() + ": No such file or directory"};
    EXPECT_EQ(error, expected);
    EXPECT_EQ(failure_of([&] { save_checkpoint(saved.trainer, saved.progress, folder / "none" / "a"); }), expected);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"a"});
    StreamRun run{{}, 2, 77};
    load_checkpoint(run.trainer, run.progress, path);
    expect_same(run, saved);
}

} // namespace checkpoint_refused_test
