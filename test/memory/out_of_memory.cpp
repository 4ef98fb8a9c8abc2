// SPDX-License-Identifier: MIT
// Whichever request for memory fails, a function that reads or writes says so: nothing throws out of a noexcept form,
// nothing leaks, no file is left half-written, no model half-loaded.
#include <rondo/data/table.hpp>
#include <rondo/data/vocabulary.hpp>
#include <rondo/generate/sample.hpp>
#include <rondo/io/guitarml.hpp>
#include <rondo/io/nam.hpp>
#include <rondo/io/onnx.hpp>
#include <rondo/io/onnx_write.hpp>
#include <rondo/io/probe.hpp>
#include <rondo/io/rtneural.hpp>
#include <rondo/io/rtneural_write.hpp>
#include <rondo/io/state_dict.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/loss/mean_squared_error.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/stream/load_any.hpp>
#include <rondo/train/checkpoint.hpp>

#include "held.hpp"

#include <support/data.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace rondo;

/// f(error), where one request for memory after `granted` ones is refused, or all are.
template <class F>
Error refused(F&& f, std::size_t granted, bool all_after) {
    Error error;
    held::all_after = all_after;
    held::refused = false;
    held::granted = granted;
    f(error);
    held::granted = held::never;
    return error;
}

/// Calls f(error) with its first request for memory refused, then its second, until it has all that it asks for: its
/// error is then of the kind `expected`. After each call after(failed) holds.
template <class F, class After>
void expect_told(const char* name, F&& f, After&& after, Error::Kind expected = Error::Kind::none) {
    SCOPED_TRACE(name);
    for (const bool all_after : {false, true}) {
        std::size_t told = 0;
        for (std::size_t n = 0;; ++n) {
            const std::size_t before = held::bytes;
            bool failed = false;
            {
                const Error error = refused(f, n, all_after);
                failed = bool(error);
                if (held::refused && error.kind == Error::Kind::memory) ++told;
                else ASSERT_EQ(error.kind, expected) << error.message; // it had all, or did without
            }
            const bool last = !held::refused;
            EXPECT_EQ(held::bytes, before) << "request " << n;
            ASSERT_TRUE(after(failed)) << "request " << n;
            if (last) break;
        }
        EXPECT_GT(told, 0u);
    }
}
template <class F>
void expect_told(const char* name, F&& f, Error::Kind expected = Error::Kind::none) {
    expect_told(name, f, [](bool) { return true; }, expected);
}

template <int hidden> using Amp = Sequential<Named<"lstm", LSTM<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;
using Net = Amp<2>;
constexpr auto forget = [](auto&&...) noexcept { return 1; };

std::string text_of(const std::filesystem::path& path) {
    const io::Bytes bytes = io::read_file(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(OutOfMemory, ReadersSaySo) {
    const TemporaryFolder folder;
    const Model<Net> model{Seed{1}};
    save(model, folder / "safetensors");
    io::write_onnx(model, folder / "onnx");
    io::write_rtneural(model, folder / "rtneural");
    const auto data = test_data() / "io/data";
    const auto tensors = folder / "safetensors", onnx = folder / "onnx", missing = folder / "missing";
    expect_told("safetensors", [&](Error& e) { io::SafetensorsFile{tensors, {}, e}; });
    expect_told("onnx", [&, options = io::OnnxOptions{}](Error& e) { io::read_onnx(onnx, options, e); });
    expect_told("two files",
                [path = data / "onnx_external.onnx"](Error& e) { io::read_onnx(path, io::OnnxOptions{}, e); });
    expect_told("rtneural", [path = data / "rtneural.json"](Error& e) { io::read_rtneural(path, e); });
    expect_told("nam", [path = data / "nam.nam"](Error& e) { io::read_nam(path, e); });
    expect_told("guitarml", [path = data / "guitarml_lstm.json"](Error& e) { io::read_guitarml(path, e); });
    expect_told("state_dict", [path = data / "state_dict.json"](Error& e) { io::read_state_dict(path, e); });
    const std::string text = text_of(data / "state_dict.json");
    expect_told("parse", [&](Error& e) { io::parse_state_dict(text, e); });
    expect_told("another format", [&](Error& e) { io::parse_nam(text, e); }, Error::Kind::format);
    expect_told("missing", [&](Error& e) { io::read_nam(missing, e); }, Error::Kind::file);

    io::write_file(folder / "table", std::as_bytes(std::span<const char>{"a,b\n1,2\n3,4\n"}.first(12)));
    expect_told("table", [path = folder / "table"](Error& e) { read_table(path, {}, e); });
    const Table table = read_table(folder / "table");
    expect_told("texts", [&](Error& e) { table.texts("a", e); });
    expect_told("numbers", [&](Error& e) { table.numbers("b", e); });
    expect_told("no column", [&](Error& e) { table.column("c", e); }, Error::Kind::format);
    const std::vector<std::string> words{"a word that needs memory of its own", "two"};
    Vocabulary{words}.save(folder / "words");
    expect_told("vocabulary", [path = folder / "words"](Error& e) { Vocabulary::load(path, 9, e); });
}

TEST(OutOfMemory, FilesAboveTheLimitAreNotRead) {
    const TemporaryFolder folder;
    const auto path = folder / "a";
    io::write_file(path, std::as_bytes(std::span{"{"}.first(1)));
    std::filesystem::resize_file(path, io::default_limit + 1); // a hole, which takes no room
    const auto expect_refused = [&](auto&& read, std::size_t limit = io::default_limit) {
        Error error;
        read(error);
        EXPECT_EQ(error,
                  (Error{Error::Kind::file, "cannot read " + path.string() + ": it has 536870913 bytes; at most " +
                                                std::to_string(limit) + " are allowed"}));
    };
    expect_refused([&](Error& e) { e = failure_of([&] { io::read_file(path); }); });
    expect_refused([&](Error& e) { io::read_text(path, e); });
    expect_refused([&](Error& e) { io::read_text(path, 9, e); }, 9);
    expect_refused([&](Error& e) { read_table(path, {}, e); });
    expect_refused([&](Error& e) { Vocabulary::load(path, 9, e); });
    expect_refused([&](Error& e) { io::read_onnx(path, io::OnnxOptions{}, e); });
    expect_refused([&](Error& e) { io::SafetensorsFile{path, {}, e}; });
    expect_refused([&](Error& e) { io::SafetensorsFile{path, {.file = 9}, e}; }, 9);
    expect_refused([&](Error& e) { io::read_nam(path, e); }, io::text_model_limit);
}

TEST(OutOfMemory, LoadersSaySoAndLeaveTheModelAsItWas) {
    const TemporaryFolder folder;
    const Model<Net> other{Seed{1}};
    Model<Net> model{Seed{2}};
    const Model<Net> was = model;
    State<Net, float> first;
    BatchState<Net, EigenBackend<float>> firsts{2};
    const auto unharmed = [&](bool failed) {
        const bool same = model == was;
        model.assign(was.values());
        return same == failed;
    };
    const auto path = folder / "a";
    save(other, path);
    io::write_rtneural(other, folder / "b");
    const io::Bytes bytes = io::read_file(path);
    const io::ModelWeights weights = io::read_rtneural(folder / "b");
    const io::Probe probe{.input = {0.5, 1}, .output = {0, 0}, .tolerance = 1e6};
    const io::TensorNames names{.prefix = "", .renamed = {{"lstm.", "a long name that needs memory of its own."}}};
    const auto loads = [&](const char* name, auto&& load, Error::Kind expected = Error::Kind::none) {
        expect_told(name, load, unharmed, expected);
    };
    loads("path", [&](Error& e) { load(model, path, e); });
    loads("bytes", [&](Error& e) { load(model, std::span<const std::byte>{bytes}, e); });
    loads("names", [&](Error& e) { load(model, path, names, e); }, Error::Kind::mismatch);
    loads("weights", [&](Error& e) { load(model, weights, e); });
    loads("state", [&](Error& e) { load(model, first, weights, e); });
    loads("states", [&](Error& e) { load(model, firsts, weights, e); });
    loads("probe", [&](Error& e) { load(model, weights, probe, e); });
    loads("probe and state", [&](Error& e) { load(model, first, weights, probe, e); });

    expect_told("dispatch", [&](Error& e) { dispatch<Sizes<Amp, 1, 2>>(path, forget, e); });
    expect_told("dispatch weights", [&](Error& e) { dispatch<Sizes<Amp, 1, 2>>(weights, forget, e); });
    expect_told("no candidate", [&](Error& e) { dispatch<Amp<3>>(path, forget, e); }, Error::Kind::mismatch);
    expect_told("load_any", [&](Error& e) { load_any<Sizes<Amp, 1, 2>>(path, e); });
}

TEST(OutOfMemory, WritersSaySoAndLeaveTheFileAsItWas) {
    const TemporaryFolder folder;
    const Model<Net> model{Seed{1}};
    const auto writes = [&](const char* name, auto&& write) {
        const auto path = folder / name;
        io::write_file(path, std::span<const std::byte>{});
        const auto untouched = [&](bool failed) {
            const bool empty = std::filesystem::file_size(path) == 0;
            io::write_file(path, std::span<const std::byte>{});
            return empty == failed && folder.names().size() == 1;
        };
        expect_told(name, [&](Error& e) { write(path, e); }, untouched);
        std::filesystem::remove(path);
    };
    writes("safetensors", [&](const auto& path, Error& e) { save(model, path, e); });
    writes("rtneural", [&](const auto& path, Error& e) { io::write_rtneural(model, path, e); });
    writes("onnx", [&](const auto& path, Error& e) { io::write_onnx(model, path, e); });
    writes("words", [words = Vocabulary{}](const auto& path, Error& e) { words.save(path, e); });
    const io::Metadata metadata{{"a", "b"}};
    expect_told("bytes", [&](Error& e) { io::safetensors_bytes({}, metadata, {}, e); });
    expect_told("text", [&](Error& e) { io::rtneural_text(model, e); });
}

TEST(OutOfMemory, CheckpointsSaySo) {
    const TemporaryFolder folder;
    const auto path = folder / "run";
    Model<Net> model{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, Adam{}};
    save_checkpoint(trainer, {}, path);
    const std::string was = text_of(path);
    const auto untouched = [&](bool) { return text_of(path) == was && folder.names().size() == 1; };
    expect_told("save", [&](Error& e) { save_checkpoint(trainer, {}, path, e); }, untouched);

    model = Model<Net>{Seed{2}};
    const Model<Net> other = model;
    Progress progress;
    progress.epoch = 7;
    const auto unharmed = [&](bool failed) {
        const bool same = model == other && progress.epoch == 7;
        model.assign(other.values());
        progress.epoch = 7;
        return same == failed;
    };
    expect_told("load", [&](Error& e) { load_checkpoint(trainer, progress, path, e); }, unharmed);
}

TEST(OutOfMemory, SamplingSaysSo) {
    const std::vector<float> logits{1, std::numeric_limits<float>::quiet_NaN()};
    std::vector<Candidate> scratch(2);
    expect_told("greedy", [&](Error& e) { EXPECT_EQ(greedy(logits, e), -1); }, Error::Kind::not_finite);
    expect_told(
        "sample", [&](Error& e) { EXPECT_EQ(rondo::sample(logits, Sampling{}, 0.5, scratch, e), -1); },
        Error::Kind::not_finite);
    expect_told("room", [&](Error& e) { candidates(logits, Sampling{}, {}, e); }, Error::Kind::argument);
}

/// A backend whose copies to and from the host fail, if told to, as those of a device may.
struct Faulty : EigenBackend<float> {
    static inline bool fails = false;
    static void upload(buffer<float>& to, const float* from, std::size_t n) {
        if (fails) throw std::runtime_error{"a copy to a device that is not there any more"};
        EigenBackend<float>::upload(to, from, n);
    }
    static void download(float* to, const float* from, std::size_t n) {
        if (fails) throw std::runtime_error{"a copy from a device that is not there any more"};
        EigenBackend<float>::download(to, from, n);
    }
};

TEST(OutOfMemory, IsToldAsAnyExceptionOfABackendIs) {
    const TemporaryFolder folder;
    const auto path = folder / "a";
    Model<Net, Faulty> model{Seed{1}};
    Trainer trainer{model, MeanSquaredError{}, Adam{}};
    Progress progress;
    save_checkpoint(trainer, progress, folder / "run");
    save(model, path);
    io::write_rtneural(model, folder / "b");
    const io::ModelWeights weights = io::read_rtneural(folder / "b");
    const auto files = folder.names().size();
    const auto expect_device = [](auto&& call) {
        Error error;
        Faulty::fails = true;
        call(error);
        Faulty::fails = false;
        EXPECT_EQ(error.kind, Error::Kind::device);
        EXPECT_TRUE(error.message.ends_with("a device that is not there any more"));
    };
    expect_device([&](Error& e) { save(model, folder / "new", e); });
    expect_device([&](Error& e) { io::write_onnx(model, folder / "new", e); });
    expect_device([&](Error& e) { io::write_rtneural(model, folder / "new", e); });
    expect_device([&](Error& e) { save_checkpoint(trainer, progress, folder / "new", e); });
    expect_device([&](Error& e) { load(model, path, e); });
    expect_device([&](Error& e) { load(model, weights, e); });
    expect_device([&](Error& e) { load_checkpoint(trainer, progress, folder / "run", e); });
    expect_device([&](Error& e) { dispatch<Model<Net, Faulty>>(path, forget, e); });
    EXPECT_EQ(folder.names().size(), files);

    Faulty::fails = true;
    EXPECT_EQ(failure_of([&] { load(model, path); }).kind, Error::Kind::device);
    Faulty::fails = false;
}

// An average of the weights is one more model, groups of parameters are a few numbers.
TEST(Trainers, HoldAsMuchAsTheyState) {
    using B = EigenBackend<float>;
    using Wide = Sequential<Named<"lstm", LSTM<33, 64>>, Named<"fc", Linear<64, 1>>>;
    Model<Wide, B> model;
    const auto held_with = [&](TrainerSettings settings) {
        const std::size_t before = held::bytes;
        const Trainer<Wide, MeanSquaredError, Adam, B> trainer{model, {}, Adam{}, std::move(settings)};
        return held::bytes - before;
    };
    const std::size_t plain = held_with({}), whole = model.count() * sizeof(float);
    EXPECT_EQ(held_with({.average = MovingAverage{}}), plain + whole);
    const std::size_t grouped =
        held_with({.groups = {{.names = "lstm", .frozen = true}, {.names = "fc.bias", .rate = 0.5}}});
    EXPECT_GT(grouped, plain);
    EXPECT_LT(grouped, plain + 1024);
    EXPECT_GT(whole, 64 * 1024u);
}

// The form that throws: what it throws can be caught, and needs no memory.
TEST(OutOfMemory, IsAFailure) {
    const std::string text = text_of(test_data() / "io/data/nam.nam");
    for (std::size_t n = 0;; ++n) {
        Error::Kind kind = Error::Kind::none;
        held::all_after = true;
        held::refused = false;
        held::granted = n;
        try {
            io::parse_nam(text);
        } catch (const Failure& failure) {
            kind = failure.error().kind;
        }
        held::granted = held::never;
        if (!held::refused) break;
        ASSERT_EQ(kind, Error::Kind::memory) << "request " << n;
    }
}

} // namespace
