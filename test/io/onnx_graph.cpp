// SPDX-License-Identifier: MIT
#include "onnx_file.hpp"

#include "../support/failure.hpp"
#include "../support/folder.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace rondo;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

TEST(OnnxGraph, ReadsAllWaysInWhichTensorsLie) {
    using Writer = OnnxFile::Writer;
    const auto same = [](const Writer& weight, int type) {
        OnnxFile file;
        file.input("x", {0, 2}, type).output("y");
        file.raw(5, Writer{weight}.text(8, "w"));
        file.node("MatMul", {"x", "w"}, {"y"});
        Error error;
        const auto weights = read(file.bytes(), error);
        EXPECT_EQ(error, Error{});
        return error ? io::Array{} : weights.layers[0].arrays[0];
    };
    using namespace std::string_view_literals;
    const io::Array expected{1, 2, {1, -2}};
    EXPECT_EQ(same(Writer{}.whole(1, 2).whole(1, 1).whole(2, 1).real(4, 1).real(4, -2), 1), expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 1).text(4, "\0\0\x80\x3F\0\0\0\xC0"sv), 1), expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 1).text(9, "\0\0\x80\x3F\0\0\0\xC0"sv), 1), expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 11).text(9, "\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\0\xC0"sv), 11),
              expected);
    EXPECT_EQ(same(Writer{}.text(1, "\2\1").whole(2, 11).text(10, "\0\0\0\0\0\0\xF0\x3F\0\0\0\0\0\0\0\xC0"sv), 11),
              expected);
}

TEST(OnnxGraph, ReadsTheOutputThatIsNamed) {
    OnnxFile file = with_layer("GRU", 3);
    file.output("Y_h").output("nothing");
    file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
    file.node("Erf", {"y"}, {"nothing"}); // which is not needed
    EXPECT_EQ(layers_of(file.bytes()),
              "onnx: expected one output, got \"y\", \"Y_h\", \"nothing\"; name one of them");
    EXPECT_EQ(layers_of(file.bytes(), "y"), "GRUResetBefore 3 -> 2");
    EXPECT_EQ(layers_of(file.bytes(), "Y_h"), "GRUResetBefore 3 -> 2; LastStep 2");
    EXPECT_EQ(layers_of(file.bytes(), "z"), "onnx: expected one output \"z\", got \"y\", \"Y_h\", \"nothing\"");
}

TEST(OnnxGraph, ReadsTheAttributesOfEarlyOpsets) {
    OnnxFile file = with_layer("LSTM", 4);
    const std::int64_t one[]{1}, zero[]{0}, last[]{-1}, end[]{most};
    file.node("Squeeze", {"Y"}, {"steps"}, {OnnxFile::attribute("axes", one)});
    const auto first_axis = OnnxFile::attribute("axes", zero);
    file.node("Slice", {"steps"}, {"last"},
              {first_axis, OnnxFile::attribute("starts", last), OnnxFile::attribute("ends", end)});
    file.node("Squeeze", {"last"}, {"y"}, {first_axis});
    EXPECT_EQ(layers_of(file.bytes(9)), "LSTM 3 -> 2; LastStep 2");
}

TEST(OnnxGraph, ReadsFilesToo) {
    const TemporaryFolder folder;
    const auto path = folder / "model.onnx";
    OnnxFile file = with_layer("GRU", 3);
    file.node("Identity", {"Y"}, {"y"});
    const std::string bytes = file.bytes();
    io::write_file(path, std::as_bytes(std::span{bytes}));
    const auto weights = io::read_onnx(path);
    EXPECT_EQ(weights.source, path.string());
    EXPECT_EQ(weights.layers.size(), 1u);
    Error error;
    EXPECT_EQ(io::read_onnx(path, {}, error).layers.size(), 1u);
    EXPECT_EQ(io::read_onnx(std::as_bytes(std::span{bytes})).layers.size(), 1u);
    EXPECT_EQ(error, Error{});

    const auto absent = folder / "absent.onnx";
    expect_failure([&] { io::read_onnx(absent); }, Error::Kind::file,
                   "cannot read " + absent.string() + ": No such file or directory");
    io::write_file(path, std::as_bytes(std::span{bytes}.first(9)));
    EXPECT_EQ(failure_of([&] { io::read_onnx(path); }).kind, Error::Kind::format);
    EXPECT_TRUE(io::read_onnx(path, {}, error).layers.empty());
    EXPECT_EQ(error.kind, Error::Kind::format);
}

} // namespace
