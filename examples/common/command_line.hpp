// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
class Validator;
} // namespace CLI

namespace common {

/// What an option's value is checked for before anything is done with it.
class Check {
public:
    explicit Check(CLI::Validator validator);
    const CLI::Validator& validator() const { return *validator_; }

private:
    std::shared_ptr<const CLI::Validator> validator_;
};

/// A whole number of a range, in decimal digits; of int, std::int64_t or std::uint64_t.
template <class T>
Check whole(T least, T most);
/// A finite number.
Check real(double least);
Check real(double least, double most);
/// The path of a file or folder.
Check path();
/// A number of a range, as CLI11 reads it.
Check in_range(int least, int most);
/// One of these words.
Check one_of(std::vector<std::string> words);
/// One of these numbers.
Check one_of_numbers(std::vector<int> numbers);

/// An option of a command line, which owns it.
class CommandOption {
public:
    explicit CommandOption(CLI::Option* option = nullptr) : option_{option} {}

    CommandOption show_default();
    CommandOption type_name(const std::string& name);
    CommandOption check(const Check& check);
    CommandOption needs(CommandOption other);
    CommandOption delimiter(char sign);
    CommandOption expected(int values);
    std::size_t count() const;

private:
    CLI::Option* option_;
};

/// A program's command line. CLI11 parses it; its headers are only in command_line.cpp, which is compiled once for all
/// examples.
class CommandLine {
public:
    CommandLine(const std::string& description, const std::string& name);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    std::string name() const;
    /// T is int, std::int64_t, std::uint64_t, double, std::string, std::filesystem::path, std::optional<int>, or a
    /// std::vector of double or std::string.
    template <class T>
    CommandOption add(const std::string& option, T& value, const std::string& what);
    CommandOption add_flag(const std::string& option, bool& value, const std::string& what);
    CommandOption option(const std::string& name);
    void remove(const std::string& option);
    void footer(const std::string& text);
    /// Is called when all options are read.
    void then(std::function<void()> check);
    /// Errors  an exception, whose sentence is for the user.
    ///
    /// Returns whether there is something to do: not where help was asked for, and given.
    bool parse(int argc, char** argv);

private:
    std::unique_ptr<CLI::App> app_;
};

} // namespace common
