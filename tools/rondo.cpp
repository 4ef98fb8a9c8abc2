// SPDX-License-Identifier: MIT
// rondo inspect FILE ..., rondo embed FILE OUT: what files of models hold, as C++. rondo tokenize TEXT OUT: a file of
// tokens.
#include "../examples/common/output.hpp"
#include "rondo/embed.hpp"
#include "rondo/open.hpp"
#include "rondo/tokenize.hpp"

#include <rondo/core/printable.hpp>
#include <rondo/io/file.hpp>
#include <rondo/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace {

using namespace rondo;

// Whatever a file has in its names and texts, the terminal gets no control characters of it.
void say(const std::string& text) { std::fputs(printable(text, "\n").c_str(), stdout); }
void complain(const std::exception& error) {
    std::fflush(stdout);
    std::fprintf(stderr, "rondo: %s\n", printable(error.what()).c_str());
}

void print(const Found& found, const std::string& how) {
    if (!found.problem.empty()) return say("\nNo type: " + printable(found.problem) + ".\n");
    say("\nusing Net = " + type_of(found) + ";\n\n" + how + ";\n");
    for (const std::string& note : found.notes) say("- " + printable(note) + '\n');
}

void inspect(const std::string& path, const std::string& output) {
    std::error_code unknown; // reading says the same
    if (std::filesystem::is_directory(path, unknown))
        fail(Error::Kind::file, "cannot read " + path + ": it is a folder; expected a file");
    const Opened file = open_file::open(path, false, false, output);
    say(printable(path) + ": " + file.format + '\n');
    for (const std::string& line : file.lines) say("  " + printable(line) + '\n');
    print(file.found, file.how);
}

// A header that was written before is replaced. What else may lie there is not: the model under another name, its
// weights, a header of the user's own.
void check_replaceable(const std::string& out) {
    std::error_code unknown; // writing says the same
    if (!std::filesystem::is_regular_file(out, unknown) || std::filesystem::file_size(out, unknown) == 0) return;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::fopen(out.c_str(), "rb"), &std::fclose};
    std::string begin(embed::first_words.size(), '\0');
    begin.resize(file ? std::fread(begin.data(), 1, begin.size(), file.get()) : 0);
    if (begin != embed::first_words)
        fail(Error::Kind::file, out + " is there and was not written by rondo embed; expected another name for OUT");
}

void write_header(const std::string& path, const std::string& out, std::string name, const std::string& output,
                  bool convert, bool int8) {
    if (name.empty()) name = std::filesystem::path{out}.stem().string();
    if (!embed::is_identifier(name))
        fail(Error::Kind::argument, "--name: expected a name for a C++ namespace, got '" + name + "'");
    check_replaceable(out);
    const Opened file = open_file::open(path, true, convert, output);
    if (!file.found.problem.empty()) fail(Error::Kind::mismatch, path + ": " + file.found.problem);
    const std::string text = embed::header(file, name, std::filesystem::path{path}.filename().string(), int8);
    io::write_file(out, std::as_bytes(std::span{text}));
    say(printable(out) + ": " + std::to_string(file.parameters.size()) + " numbers as " + name + "::parameters\n");
    print(file.found, file.how);
}

// A file of tokens that was written before is replaced, and no other.
void write_tokens(const std::string& text, const std::string& out, const std::string& vocabulary, bool drop) {
    std::error_code unknown; // writing says the same
    if (std::filesystem::exists(out, unknown) && std::filesystem::file_size(out, unknown) > 0) {
        try {
            const io::TokenFile before{out};
        } catch (const Failure&) {
            fail(Error::Kind::file, out + " is there and is no file of tokens; expected another name for OUT");
        }
    }
    const auto says = [&](std::uint64_t megabytes) {
        say(printable(text) + ": " + std::to_string(megabytes) + " MB read\n");
        std::fflush(stdout);
    };
    const std::uint64_t count =
        vocabulary.empty()
            ? tokenize::bytes(text, out, says)
            : tokenize::words(text, out, vocabulary, drop ? Punctuation::dropped : Punctuation::apart, says);
    say(printable(out) + ": " + std::to_string(count) + " tokens\n");
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"Looks into files of models. Exit code: 0; 1 where a file is refused, 2 for a wrong call.", "rondo"};
    std::vector<std::string> files;
    std::string file, out, name, output, text, vocabulary;
    bool convert = false, drop = false, int8 = false;
    std::string version;
    for (const int part : {RONDO_VERSION_MAJOR, RONDO_VERSION_MINOR, RONDO_VERSION_PATCH})
        version += (version.empty() ? "" : ".") + std::to_string(part);
    app.set_version_flag("--version", version);
    app.require_subcommand(1);
    CLI::App* inspects = app.add_subcommand("inspect", "list what files hold, and the C++ types that fit");
    CLI::App* embeds = app.add_subcommand("embed", "write a file's parameters as a C++ header");
    const char* const model = "a model: safetensors, ONNX, a state_dict in JSON, or of RTNeural, GuitarML, NAM";
    inspects->add_option("FILE", files, model)->required();
    embeds->add_option("FILE", file, model)->required();
    embeds->add_option("OUT", out, "the header to write")->required();
    embeds->add_option("--name", name, "its namespace; default: the header's name");
    embeds->add_flag("--convert", convert, "take numbers of F16 and BF16, too; the header's are float");
    CLI::App* tokenizes =
        app.add_subcommand("tokenize", "write a text as a file of tokens, for texts larger than memory");
    tokenizes->add_option("TEXT", text, "the text; without --vocabulary each byte is a token")->required();
    tokenizes->add_option("OUT", out, "the file to write")->required();
    const auto of_words = tokenizes->add_option("--vocabulary", vocabulary, "each word is a token of this vocabulary");
    tokenizes->add_flag("--drop-punctuation", drop, "it is no word")->needs(of_words);
    embeds->add_flag("--int8", int8, "write matrices as int8, with a scale for each row, for Packed with such weights");
    for (CLI::App* command : {inspects, embeds})
        command->add_option("--output", output, "which output of a graph is the network's; default: the only one");

    int status = 0;
    try {
        app.parse(argc, argv);
        for (const std::string& one : files) {
            if (&one != &files.front()) say("\n");
            try {
                inspect(one, output);
            } catch (const Failure& failure) {
                complain(failure);
                status = std::max(status, failure.error().kind == Error::Kind::argument ? 2 : 1);
            } catch (const std::exception& error) {
                complain(error);
                status = 1;
            }
        }
        if (tokenizes->parsed()) write_tokens(text, out, vocabulary, drop);
        if (embeds->parsed()) write_header(file, out, name, output, convert, int8);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) app.exit(error);
        else complain(error), status = 2;
    } catch (const Failure& failure) {
        complain(failure);
        status = failure.error().kind == Error::Kind::argument ? 2 : 1;
    } catch (const std::exception& error) {
        complain(error);
        status = 1;
    }
    try {
        common::finish_output();
    } catch (const std::exception& error) {
        complain(error);
        status = 1;
    }
    return status;
}
