// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>

#include <rondo/core/read_number.hpp>

#include <limits>
#include <sstream>
#include <string>

namespace common {

namespace detail {
/// Accepts texts that are a number from `least` to `most` and nothing else.
template <class T>
CLI::Validator between(T least, T most, const std::string& kind) {
    std::ostringstream range;
    range << kind << " from " << least;
    if (std::numeric_limits<T>::is_integer || most < std::numeric_limits<T>::max()) range << " to " << most;
    const std::string expected = range.str();
    const auto problem = [=](const std::string& text) -> std::string {
        T value{};
        if (rondo::detail::read_number(text, value) && value >= least && value <= most) return {};
        return "expected " + expected + ", got '" + text + "'";
    };
    return {problem, expected.substr(expected.find("from")), "number"};
}
} // namespace detail

/// Validates an option: a whole number in a range, in decimal digits.
template <class T>
CLI::Validator whole(T least, T most) {
    return detail::between(least, most, "a whole number");
}
/// The same for a finite number.
inline CLI::Validator real(double least, double most = std::numeric_limits<double>::max()) {
    return detail::between(least, most, "a finite number");
}
/// The same for a path of a file or folder.
inline CLI::Validator path() {
    return {[](const std::string& text) { return text.empty() ? std::string{"expected a path, got ''"} : ""; }, "",
            "path"};
}

} // namespace common
