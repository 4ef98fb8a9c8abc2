// SPDX-License-Identifier: MIT
#pragma once

#include "backend.hpp"
#include "command_line.hpp"
#include "files.hpp"
#include "output.hpp"
#include "signals.hpp"

#include <rondo/core/error.hpp>
#include <rondo/io/safetensors.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace common {

/// Options that all examples have.
///
/// Errors  options that exclude each other, a model where a checkpoint is expected and vice versa, a completed run: all
///         when the command line is parsed.
struct Options {
    std::string name, data, load, save, resume, backend = backend_name;
    std::filesystem::path out = "out";
    std::int64_t epochs = 0;
    std::uint64_t seed = 1;
    int threads = 1;
    std::vector<std::string> pictures, others; // pictures in `out`, besides NAME-loss; other files there

    /// A model that is loaded is used as it is, unless --epochs asks for more training.
    bool trains() const { return load.empty() || epochs_option.count() > 0; }

    void add(CommandLine& app, std::int64_t default_epochs) {
        name = app.name();
        epochs = default_epochs;
        const auto file = [&](const char* option, std::string& value, const char* what) {
            app.add(option, value, what).type_name("FILE").check(path());
        };
        file("--data", data, "use this file instead of what the program brings");
        epochs_option = app.add("--epochs", epochs, "times through the data")
                            .show_default()
                            .check(whole<std::int64_t>(0, 1'000'000));
        app.add("--seed", seed, "where all random numbers come from")
            .show_default()
            .check(whole<std::uint64_t>(0, UINT64_MAX));
        app.add("--threads", threads, "workers that share each batch; on the CPU results do not depend on their number")
            .show_default()
            .check(whole(1, 256));
        file("--load", load, "use this model; with --epochs, train it further");
        file("--save", save, "write the model here; default: in the --out folder");
        file("--resume", resume, "go on with a run from its checkpoint");
        app.add("--out", out, "folder for models, checkpoints and pictures")
            .show_default()
            .type_name("DIR")
            .check(path());
        app.add("--backend", backend, "who does the arithmetic: examples/run makes a program for each")
            .show_default()
            .check(one_of({backend_name}));
        app.then([this] { check(); });
    }

    std::filesystem::path model_file() const {
        return save.empty() ? out / (name + ".safetensors") : std::filesystem::path{save};
    }
    /// The model that is loaded or the checkpoint that is resumed, beside which files such as vocabularies are; empty
    /// if there is neither.
    std::filesystem::path source() const { return load.empty() ? resume : load; }

    /// Rejects --data without training, which would be ignored.
    void data_needs_training() const {
        if (!trains() && !data.empty()) refuse("--data: a loaded model reads it in training only: add --epochs");
    }

    /// Prints the backend and the number of threads.
    void announce() const {
        std::printf("backend: %s, %d thread%s\n", backend_place().c_str(), threads, threads == 1 ? "" : "s");
        std::fflush(stdout);
    }

private:
    [[noreturn]] static void refuse(const std::string& what) { rondo::fail(rondo::Error::Kind::argument, what); }

    void check() const {
        if (!load.empty() && !resume.empty())
            refuse("--load and --resume: expected one of them; a checkpoint has its own model");
        if (!trains() && !save.empty()) refuse("--save: a model that is loaded is not changed: add --epochs");
        if (!load.empty()) {
            rondo::Error problem; // other formats have their own readers
            const rondo::io::SafetensorsFile file{load, {}, problem};
            if (problem.kind == rondo::Error::Kind::file) rondo::fail(problem);
            if (is_checkpoint(file)) refuse("--load " + load + ": the checkpoint of a run; --resume goes on with it");
        }
        if (!resume.empty()) {
            const rondo::io::SafetensorsFile file{resume};
            if (!is_checkpoint(file))
                refuse("--resume " + resume + ": not the checkpoint of a run; --load takes a model");
            const std::int64_t done = number_in(file.metadata(), "epoch");
            if (done >= epochs)
                refuse("--resume " + resume + ": its run has done " + std::to_string(done) +
                       (done == 1 ? " epoch" : " epochs") + "; expected --epochs of more, got " +
                       std::to_string(epochs));
        }
    }

    CommandOption epochs_option;
};

/// Parses options and runs an example; an error is printed as one sentence, with exit code 2. After a signal that
/// stopped the training, the exit code is that of shells: 130 after Ctrl-C.
inline int main(CommandLine& app, int argc, char** argv, const std::function<void()>& run) {
    std::string problem;
    try {
        if (app.parse(argc, argv)) run();
        if (stopped_by() != 0) return 128 + stopped_by();
        finish_output();
        return fell_short() ? 2 : 0;
    } catch (const std::exception& error) { // CLI11's are some, too
        problem = error.what();
    }
    complain(app.name() + ": " + problem);
    return 2;
}

} // namespace common
