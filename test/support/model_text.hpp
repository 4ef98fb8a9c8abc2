// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/io/layer_weights.hpp>
#include <rondo/io/state_dict.hpp>
#include <rondo/io/text.hpp>

#include <support/data.hpp>
#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

/// A file of test/io/data, written by its make_models.py.
inline std::filesystem::path model_file(std::string_view name) { return test_data() / "io" / "data" / name; }

/// A probe with PyTorch's output.
inline rondo::io::Probe probe_of(std::string_view name, double tolerance = 1e-14) {
    const auto numbers = rondo::io::read_state_dict(model_file(std::string{name} + ".probe.json"));
    return {numbers.find("input")->values, numbers.find("output")->values, tolerance};
}

/// The text with the first occurrence of `from` replaced by `to`.
inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    if (at == text.npos) throw std::runtime_error{"no " + std::string{from}};
    return text.replace(at, from.size(), to);
}

/// The error of a text that both overloads of parse reject, with an empty result.
template <class Parse>
rondo::Error refused(std::string_view text, Parse parse) {
    rondo::Error error;
    parse(text, &error);
    EXPECT_TRUE(error) << text;
    EXPECT_EQ(failure_of([&] { parse(text, nullptr); }), error);
    return error;
}

/// Every truncated text, and text after the end, is rejected.
template <class Parse>
void expect_whole_files_only(const std::string& text, Parse parse) {
    const std::size_t end = text.find_last_of('}');
    for (std::size_t size = 0; size <= end; ++size)
        EXPECT_EQ(refused(std::string_view{text}.substr(0, size), parse).kind, rondo::Error::Kind::format) << size;
    EXPECT_EQ(refused(text + "{}", parse).kind, rondo::Error::Kind::format);
    EXPECT_EQ(refused(text + '\xFF', parse).kind, rondo::Error::Kind::format);
}
