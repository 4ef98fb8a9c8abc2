// SPDX-License-Identifier: MIT
// What a reader holds at once is bounded by its file's size: no list, name or size of an untrusted file takes more.
#include <rondo/io/guitarml.hpp>
#include <rondo/io/nam.hpp>
#include <rondo/io/rtneural.hpp>
#include <rondo/io/state_dict.hpp>

#include "held.hpp"

#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace rondo;

/// The most bytes that f() holds at once beyond what was held before.
template <class F>
std::size_t peak(F&& f) {
    const std::size_t before = held::bytes;
    held::most = before;
    f();
    return held::most - before;
}

std::string repeated(std::string_view first, std::string_view each, std::size_t count, std::string_view last) {
    std::string text{first};
    for (std::size_t k = 0; k < count; ++k) text += each;
    return text += last;
}

TEST(Readers, CountTheirMemory) {
    EXPECT_GE(peak([] { std::vector<double> numbers(1000); }), 8000u);
}

std::string zeros(std::size_t count) { return repeated("[", "0,", count - 1, "0]"); }
std::string zeros(std::size_t rows, std::size_t columns) {
    return repeated("[", zeros(columns) + ',', rows - 1, zeros(columns) + ']');
}

/// Of models whose every number has one digit, just more of them than a power of two.
TEST(Readers, HoldAtMostSixteenTimesAWholeModel) {
    const std::size_t h = 129, rows = 4 * h;
    const TemporaryFolder folder;
    const auto expect_bounded = [&](const std::string& text, auto read) {
        const std::filesystem::path path = folder / "model";
        io::write_file(path, std::as_bytes(std::span{text}));
        Error error;
        EXPECT_LE(peak([&] { read(path, error); }), 16 * text.size() + 256 * 1024) << text.substr(0, 60);
        EXPECT_EQ(error.message, "");
    };
    expect_bounded(R"({"architecture":"LSTM","config":{"input_size":1,"hidden_size":129,"num_layers":1},"weights":)" +
                       zeros(rows * (1 + h + 1) + 2 * h + (h + 1)) + '}',
                   [](const auto& path, Error& error) { return io::read_nam(path, error); });
    expect_bounded(R"({"in_shape":[1],"layers":[{"type":"lstm","shape":[129],"weights":[)" + zeros(1, rows) + ',' +
                       zeros(h, rows) + "]}]}",
                   [](const auto& path, Error& error) { return io::read_rtneural(path, error); });
    expect_bounded(R"({"model_data":{"model":"SimpleRNN","input_size":1,"skip":0,"output_size":1,"unit_type":"LSTM",)"
                   R"("num_layers":1,"hidden_size":129,"bias_fl":false},"state_dict":{"rec.weight_ih_l0":)" +
                       zeros(rows, 1) + R"(,"rec.weight_hh_l0":)" + zeros(rows, h) + R"(,"lin.weight":)" + zeros(1, h) +
                       "}}",
                   [](const auto& path, Error& error) { return io::read_guitarml(path, error); });
    expect_bounded("{\"a\":" + zeros((1 << 17) + 1) + '}',
                   [](const auto& path, Error& error) { return io::read_state_dict(path, error); });
}

TEST(Readers, HoldAtMostSixteenTimesTheFile) {
    const std::string lstm = R"({"type":"lstm","activation":"","shape":[null,null,1],)"
                             R"("weights":[[[1,1,1,1]],[[1,1,1,1]]]},)";
    const std::string objects = R"({"in_shape":[1],"layers":[)";
    for (const std::string& text : {
             repeated("{\"a\":[", "0,", 40'000, "0]}"),
             repeated("{\"a\":[", "[],", 20'000, "[]]}"),
             repeated("{\"a\":[", ",", 40'000, "]}"),
             repeated("{\"metadata\":{", "\"\":0,", 20'000, "\"a\":0}}"),
             repeated("{", "\"\":0,", 20'000, "\"a\":0}"),
             repeated("{\"a\":\"", "\\u0041", 20'000, "\"}"),
             repeated("", "[", 40'000, ""),
             repeated("{", "\"a\":{", 20'000, ""),
             repeated("{\"weights\":[", "0,", 40'000, "0],\"x\":[{}"),
             repeated("{\"input_batch\":[", "0,", 40'000, "0]}"),
             repeated(objects, R"({"weights":[[],[],[],[],[],[],[],[]]},)", 2'000, "0"),
             repeated(objects, lstm, 2'000, "0"),
             repeated(objects, lstm, 255, lstm.substr(0, lstm.size() - 1) + "]}"),
             repeated("{\"state_dict\":{\"a\":[", "0,", 40'000, "0]}}"),
             std::string{R"({"architecture":"LSTM","config":{"input_size":65536,"hidden_size":65536,"num_layers":64},)"
                         R"("weights":[1]})"},
             std::string{R"({"model_data":{"model":"SimpleRNN","input_size":65536,"output_size":65536,"skip":0,)"
                         R"("hidden_size":65536,"num_layers":64,"unit_type":"LSTM","bias_fl":false},"state_dict":{}})"},
         }) {
        const std::size_t allowed = 16 * text.size() + 256 * 1024;
        const auto expect_bounded = [&](const char* format, auto parse) {
            Error error;
            EXPECT_LE(peak([&] { parse(text, error); }), allowed) << format << ": " << text.substr(0, 60);
        };
        expect_bounded("rtneural", [](std::string_view t, Error& e) { return io::parse_rtneural(t, e); });
        expect_bounded("nam", [](std::string_view t, Error& e) { return io::parse_nam(t, e); });
        expect_bounded("guitarml", [](std::string_view t, Error& e) { return io::parse_guitarml(t, e); });
        expect_bounded("state_dict", [](std::string_view t, Error& e) { return io::parse_state_dict(t, e); });
    }
}

} // namespace
