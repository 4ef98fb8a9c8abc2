// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <CLI/CLI.hpp>

#include <rondo/core/read_number.hpp>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

namespace common {

namespace {

template <class T>
Check between(T least, T most, const std::string& kind) {
    std::ostringstream range;
    range << kind << " from " << least;
    if (std::numeric_limits<T>::is_integer || most < std::numeric_limits<T>::max()) range << " to " << most;
    const std::string expected = range.str();
    const auto problem = [=](const std::string& text) -> std::string {
        T value{};
        if (rondo::detail::read_number(text, value) && value >= least && value <= most) return {};
        return "expected " + expected + ", got '" + text + "'";
    };
    return Check{CLI::Validator{problem, expected.substr(expected.find("from")), "number"}};
}

} // namespace

Check::Check(CLI::Validator validator) : validator_{std::make_shared<const CLI::Validator>(std::move(validator))} {}

template <class T>
Check whole(T least, T most) {
    return between(least, most, "a whole number");
}
template Check whole(int, int);
template Check whole(std::int64_t, std::int64_t);
template Check whole(std::uint64_t, std::uint64_t);

Check real(double least) { return real(least, std::numeric_limits<double>::max()); }
Check real(double least, double most) { return between(least, most, "a finite number"); }
Check path() {
    const auto problem = [](const std::string& text) {
        return text.empty() ? std::string{"expected a path, got ''"} : "";
    };
    return Check{CLI::Validator{problem, "", "path"}};
}
Check in_range(int least, int most) { return Check{CLI::Range(least, most)}; }
Check one_of(std::vector<std::string> words) { return Check{CLI::IsMember(std::move(words))}; }
Check one_of_numbers(std::vector<int> numbers) { return Check{CLI::IsMember(std::move(numbers))}; }

CommandOption CommandOption::show_default() { return option_->capture_default_str(), *this; }
CommandOption CommandOption::type_name(const std::string& name) { return option_->type_name(name), *this; }
CommandOption CommandOption::check(const Check& check) { return option_->check(check.validator()), *this; }
CommandOption CommandOption::needs(CommandOption other) { return option_->needs(other.option_), *this; }
CommandOption CommandOption::delimiter(char sign) { return option_->delimiter(sign), *this; }
CommandOption CommandOption::expected(int values) { return option_->expected(values), *this; }
std::size_t CommandOption::count() const { return option_->count(); }

CommandLine::CommandLine(const std::string& description, const std::string& name)
    : app_{std::make_unique<CLI::App>(description, name)} {}
CommandLine::~CommandLine() = default;

std::string CommandLine::name() const { return app_->get_name(); }
template <class T>
CommandOption CommandLine::add(const std::string& option, T& value, const std::string& what) {
    return CommandOption{app_->add_option(option, value, what)};
}
template CommandOption CommandLine::add(const std::string&, int&, const std::string&);
template CommandOption CommandLine::add(const std::string&, long&, const std::string&); // of these are std::int64_t,
template CommandOption CommandLine::add(const std::string&, long long&, const std::string&); // std::size_t, ...
template CommandOption CommandLine::add(const std::string&, unsigned long&, const std::string&);
template CommandOption CommandLine::add(const std::string&, unsigned long long&, const std::string&);
template CommandOption CommandLine::add(const std::string&, double&, const std::string&);
template CommandOption CommandLine::add(const std::string&, std::string&, const std::string&);
template CommandOption CommandLine::add(const std::string&, std::filesystem::path&, const std::string&);
template CommandOption CommandLine::add(const std::string&, std::optional<int>&, const std::string&);
template CommandOption CommandLine::add(const std::string&, std::vector<double>&, const std::string&);
template CommandOption CommandLine::add(const std::string&, std::vector<std::string>&, const std::string&);

CommandOption CommandLine::add_flag(const std::string& option, bool& value, const std::string& what) {
    return CommandOption{app_->add_flag(option, value, what)};
}
CommandOption CommandLine::option(const std::string& name) { return CommandOption{app_->get_option(name)}; }
void CommandLine::remove(const std::string& option) { app_->remove_option(app_->get_option(option)); }
void CommandLine::footer(const std::string& text) { app_->footer(text); }
void CommandLine::then(std::function<void()> check) { app_->callback(std::move(check)); }

bool CommandLine::parse(int argc, char** argv) {
    try {
        app_->parse(argc, argv);
        return true;
    } catch (const CLI::Success& help) {
        app_->exit(help);
        return false;
    }
}

} // namespace common
