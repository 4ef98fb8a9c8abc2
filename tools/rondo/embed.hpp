// SPDX-License-Identifier: MIT
#pragma once

// Writes a network's parameters as a C++ header.

#include "open.hpp"

#include <rondo/core/int8.hpp>
#include <rondo/core/printable.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace embed {

/// What every header of this program begins with.
inline constexpr std::string_view first_words = "// Written by `rondo embed`";

/// A namespace's name: a letter first, then letters, digits and underscores; no word of C++'s own.
inline bool is_identifier(std::string_view name) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", more = "0123456789_";
    const auto known = [&](char c) { return letters.find(c) != letters.npos || more.find(c) != more.npos; };
    constexpr std::string_view words =
        " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class "
        "compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield decltype "
        "default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline "
        "int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public "
        "register reinterpret_cast requires return short signed sizeof static static_assert static_cast std struct "
        "switch template this thread_local throw true try typedef typeid typename union unsigned using virtual void "
        "volatile wchar_t while xor xor_eq rondo Eigen ";
    return !name.empty() && words.find(' ' + std::string{name} + ' ') == words.npos &&
           letters.find(name[0]) != letters.npos && std::ranges::all_of(name, known) && name.find("__") == name.npos;
}

/// One that comes back as the same float.
inline std::string literal(float value) {
    char digits[32];
    std::string text{digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
    return text + (text.find_first_of(".e") == text.npos ? ".f" : "f");
}

/// `constexpr float NAME[N]{...}`
inline std::string array(const std::string& declared, const std::vector<float>& values) {
    std::string text = "alignas(64) inline constexpr float " + declared + '{';
    for (std::size_t k = 0; k < values.size(); ++k) text += (k % 6 == 0 ? "\n    " : " ") + literal(values[k]) + ',';
    return text + "\n};\n";
}

/// `constexpr std::int8_t NAME[N]{...}`
inline std::string array(const std::string& declared, const std::vector<std::int8_t>& values) {
    std::string text = "alignas(64) inline constexpr std::int8_t " + declared + '{';
    for (std::size_t k = 0; k < values.size(); ++k)
        text += (k % 20 == 0 ? "\n    " : " ") + std::to_string(values[k]) + ',';
    return text + "\n};\n";
}

/// The parameters as an Int8Parameters has them.
struct Int8Arrays {
    std::vector<std::int8_t> weights;
    std::vector<float> scales, numbers;

    explicit Int8Arrays(const Opened& file) {
        for (const Opened::Extent& t : file.extents) {
            const float* const from = file.parameters.data() + t.at;
            if (!rondo::int8::stored(int(t.rows), int(t.columns))) {
                numbers.insert(numbers.end(), from, from + t.rows * t.columns);
                continue;
            }
            for (std::size_t row = 0; row < t.rows; ++row) {
                const auto element = [&](std::size_t k) { return from[row * t.columns + k]; };
                scales.push_back(rondo::int8::scale_of_row(element, t.columns));
                for (std::size_t k = 0; k < t.columns; ++k)
                    weights.push_back(rondo::int8::of(element(k), scales.back()));
            }
        }
    }
};

inline std::string header(const Opened& file, const std::string& name, const std::string& source, bool int8) {
    const Found& found = file.found;
    const std::vector<float>& values = file.parameters;
    const std::string size = std::to_string(values.size());
    const std::string packed =
        "rondo::Packed<" + name + "::Net" + (int8 ? ", rondo::EigenBackend<float>, std::int8_t>" : ">");
    std::string text = std::string{first_words} + " from " + rondo::io::detail::json_string(source) + ".\n";
    if (!found.notes.empty()) text += "//\n";
    for (const std::string& note : found.notes) text += "// - " + rondo::printable(note) + ".\n";
    text += "//\n"
            "// A stream in memory of your own, without a heap (values_size() says how many values it needs):\n"
            "//\n"
            "//     alignas(64) static std::byte weights[" +
            packed +
            "::size];\n"
            "//     alignas(64) static float values[256];\n"
            "//     const " +
            packed + " packed{" + name +
            "::parameters, weights};\n"
            "//     rondo::Stream stream{packed, std::span<float>{values}};\n"
            "//\n"
            "// A network of your own, of these layers and of what a file does not tell, takes these numbers as well.\n"
            "#pragma once\n\n"
            "#include <rondo/stream.hpp>\n\n"
            "#include <cstddef>\n" +
            std::string{int8 ? "#include <cstdint>\n#include <span>\n" : ""} +
            "\n"
            "namespace " +
            name +
            " {\n\n"
            "using Net = " +
            type_of(found) +
            ";\n\n"
            "inline constexpr std::size_t size = " +
            size +
            "; // numbers, in the order of a rondo::Model's buffer\n"
            "static_assert(rondo::buffer_size<Net> == size, \"these parameters are laid out for another Rondo\");\n\n";
    if (int8) {
        const Int8Arrays arrays{file};
        const auto add = [&](const std::string& array_name, const auto& numbers) { // C++ has no arrays of no elements
            const bool floats = std::is_same_v<decltype(numbers[0]), const float&>;
            text += numbers.empty() ? "inline constexpr std::span<const " +
                                          std::string{floats ? "float" : "std::int8_t"} + ", 0> " + array_name + "{};\n"
                                    : array(array_name + '[' + std::to_string(numbers.size()) + ']', numbers);
        };
        add("weights", arrays.weights);
        add("scales", arrays.scales); // of the rows
        add("numbers", arrays.numbers);
        text += "inline constexpr rondo::Int8Parameters<Net> parameters{weights, scales, numbers};\n";
    } else {
        text += array("parameters[size]", values);
    }
    if (!file.first.empty())
        text += "\n// Where a sequence starts from: what State<Net>::numbers() are, for stream.reset(state).\n"
                "static_assert(rondo::State<Net>::size == " +
                std::to_string(file.first.size()) + ");\n" +
                array("first_state[" + std::to_string(file.first.size()) + ']', file.first);
    return text + "\n} // namespace " + name + '\n';
}

} // namespace embed
