// SPDX-License-Identifier: MIT
// rondo inspect FILE, rondo embed FILE OUT: what a file of a model holds, as C++.
#include "rondo/embed.hpp"
#include "rondo/tensors.hpp"

#include <rondo/io/file.hpp>
#include <rondo/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace rondo;

void print(const Found& found) {
    if (!found.problem.empty()) {
        std::printf("\nNo type: %s.\n", found.problem.c_str());
    } else {
        constexpr std::string_view using_net = "using Net = ";
        std::printf("\n%s%s;\n", using_net.data(), type_of(found, using_net.size()).c_str());
    }
    for (const std::string& note : found.notes) std::printf("- %s\n", note.c_str());
}

void inspect(const std::string& path) {
    const io::SafetensorsFile file{path};
    std::size_t numbers = 0, names = 0;
    for (const io::TensorInfo& t : file.tensors()) {
        numbers += (t.end - t.begin) * 8 / io::bits_of(t.dtype);
        names = std::max(names, t.name.size());
    }
    std::printf("%s: safetensors, %zu tensors, %zu numbers\n", path.c_str(), file.tensors().size(), numbers);
    for (const io::TensorInfo& t : file.tensors())
        std::printf("  %-*s  %s\n", int(names), t.name.c_str(), io::detail::describe(t.dtype, t.shape).c_str());
    for (const auto& [key, value] : file.metadata())
        std::printf("  %s = %s\n", io::detail::json_string(key).c_str(), io::detail::json_string(value).c_str());
    print(tensors::find(file));
}

void write_header(const std::string& path, const std::string& out, std::string name) {
    if (name.empty()) name = std::filesystem::path{out}.stem().string();
    if (!embed::is_identifier(name))
        fail(Error::Kind::argument, "--name: expected a name for a C++ namespace, got '" + name + "'");
    const io::SafetensorsFile file{path};
    const Found found = tensors::find(file);
    if (!found.problem.empty()) fail(Error::Kind::mismatch, path + ": " + found.problem);
    const auto all = embed::parameters(found, file, path);
    const std::string text =
        embed::header(found, all.values(), name, std::filesystem::path{path}.filename().string());
    io::write_file(out, std::as_bytes(std::span{text}));
    std::printf("%s: %zu numbers as %s::parameters\n", out.c_str(), all.values().size(), name.c_str());
    print(found);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Looks into files of models.", "rondo"};
    std::string file, out, name;
    app.set_version_flag("--version", std::to_string(RONDO_VERSION_MAJOR) + '.' + std::to_string(RONDO_VERSION_MINOR) + '.' +
                                          std::to_string(RONDO_VERSION_PATCH));
    app.require_subcommand(1);
    CLI::App* inspects = app.add_subcommand("inspect", "list what a file holds, and the C++ type that fits");
    CLI::App* embeds = app.add_subcommand("embed", "write a file's parameters as a C++ header");
    for (CLI::App* command : {inspects, embeds})
        command->add_option("FILE", file, "a model: safetensors with PyTorch's names")->required();
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
