// SPDX-License-Identifier: MIT
#pragma once

#include "backend.hpp"
#include "output.hpp"

#include <CLI/CLI.hpp>

#include <rondo/core/error.hpp>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

namespace common {

/// What every example can be told.
struct Options {
    std::string name, data, load, save, resume, backend = backend_name;
    std::filesystem::path out = "out";
    std::int64_t epochs = 0;
    std::uint64_t seed = 1;
    int threads = 1;

    /// A model that is loaded is used as it is, unless --epochs asks for more training.
    bool trains() const { return load.empty() || epochs_option->count() > 0; }

    void add(CLI::App& app, std::int64_t default_epochs) {
        name = app.get_name();
        epochs = default_epochs;
        app.add_option("--data", data, "use this file instead of what the program brings")->type_name("FILE");
        epochs_option = app.add_option("--epochs", epochs, "times through the data")
                            ->capture_default_str()
                            ->check(CLI::Range(0, 1'000'000));
        app.add_option("--seed", seed, "where all random numbers come from")->capture_default_str();
        app.add_option("--threads", threads, "workers that share each batch; results depend on their number")
            ->capture_default_str()
            ->check(CLI::Range(1, 256));
        app.add_option("--load", load, "use this model; with --epochs, train it further")->type_name("FILE");
        app.add_option("--save", save, "write the model here; default: in the --out folder")->type_name("FILE");
        app.add_option("--resume", resume, "go on with a run from its checkpoint")->type_name("FILE");
        app.add_option("--out", out, "folder for models, checkpoints and pictures")
            ->capture_default_str()
            ->type_name("DIR");
        app.add_option("--backend", backend, "who does the arithmetic: examples/run makes a program for each")
            ->capture_default_str()
            ->check(CLI::IsMember({backend_name}));
    }

    std::filesystem::path model_file() const {
        return save.empty() ? out / (name + ".safetensors") : std::filesystem::path{save};
    }

    /// What does the arithmetic, and where.
    void announce() const {
        std::printf("backend: %s, %d thread%s\n", backend_place().c_str(), threads, threads == 1 ? "" : "s");
    }

private:
    CLI::Option* epochs_option = nullptr;
};

/// Parses, runs, and turns every error into one sentence and the exit code 2.
template <class Run>
int main(CLI::App& app, int argc, char** argv, const Run& run) {
    try {
        try {
            app.parse(argc, argv);
            run();
        } catch (const CLI::Success& help) {
            app.exit(help);
        }
        finish_output();
        return fell_short() ? 2 : 0;
    } catch (const CLI::ParseError& error) {
        std::cerr << app.get_name() << ": " << error.what() << '\n';
    } catch (const std::exception& error) {
        std::cerr << app.get_name() << ": " << error.what() << '\n';
    }
    return 2;
}

/// A file that goes with another one: of the same name, with another ending.
inline std::filesystem::path beside(std::filesystem::path file, const char* ending) {
    return file.replace_extension(ending);
}

/// Makes a folder and its parents.
inline void make_folder(const std::filesystem::path& path) {
    std::error_code problem;
    std::filesystem::create_directories(path, problem);
    if (problem)
        rondo::fail(rondo::Error::Kind::file, "cannot make the folder " + path.string() + ": " + problem.message());
}

} // namespace common
