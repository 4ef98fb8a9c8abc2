// SPDX-License-Identifier: MIT
// rondo inspect FILE, rondo embed FILE OUT: what a file of a model holds, as C++.
#include "rondo/embed.hpp"
#include "rondo/open.hpp"

#include <rondo/io/file.hpp>
#include <rondo/version.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <string>

namespace {

using namespace rondo;

void print(const Opened& file) {
    if (!file.found.problem.empty()) {
        std::printf("\nNo type: %s.\n", file.found.problem.c_str());
        return;
    }
    std::printf("\nusing Net = %s;\n\n%s;\n", type_of(file.found).c_str(), file.how.c_str());
    for (const std::string& note : file.found.notes) std::printf("- %s\n", note.c_str());
}

void inspect(const std::string& path) {
    const Opened file = open_file::open(path, false);
    std::printf("%s: %s\n", path.c_str(), file.format.c_str());
    for (const std::string& line : file.lines) std::printf("  %s\n", line.c_str());
    print(file);
}

void write_header(const std::string& path, const std::string& out, std::string name) {
    if (name.empty()) name = std::filesystem::path{out}.stem().string();
    if (!embed::is_identifier(name))
        fail(Error::Kind::argument, "--name: expected a name for a C++ namespace, got '" + name + "'");
    const Opened file = open_file::open(path, true);
    if (!file.found.problem.empty()) fail(Error::Kind::mismatch, path + ": " + file.found.problem);
    const std::string text = embed::header(file, name, std::filesystem::path{path}.filename().string());
    io::write_file(out, std::as_bytes(std::span{text}));
    std::printf("%s: %zu numbers as %s::parameters\n", out.c_str(), file.parameters.size(), name.c_str());
    print(file);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Looks into files of models.", "rondo"};
    std::string file, out, name;
    std::string version;
    for (const int part : {RONDO_VERSION_MAJOR, RONDO_VERSION_MINOR, RONDO_VERSION_PATCH})
        version += (version.empty() ? "" : ".") + std::to_string(part);
    app.set_version_flag("--version", version);
    app.require_subcommand(1);
    CLI::App* inspects = app.add_subcommand("inspect", "list what a file holds, and the C++ type that fits");
    CLI::App* embeds = app.add_subcommand("embed", "write a file's parameters as a C++ header");
    for (CLI::App* command : {inspects, embeds})
        command->add_option("FILE", file, "a model: safetensors, a state_dict in JSON, or of RTNeural, GuitarML, NAM")
            ->required();
    embeds->add_option("OUT", out, "the header to write")->required();
    embeds->add_option("--name", name, "its namespace; default: the header's name");
    try {
        app.parse(argc, argv);
        if (inspects->parsed()) inspect(file);
        else write_header(file, out, name);
        return 0;
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);
        std::fprintf(stderr, "rondo: %s\n", error.what());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "rondo: %s\n", error.what());
    }
    return 2;
}
