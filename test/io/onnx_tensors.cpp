// SPDX-License-Identifier: MIT
// Types of a model's tensors, and numbers that are folded from others or provided by the caller.
#include "onnx_file.hpp"

#include <rondo/io/probe.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>

#include "../support/model_text.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onnx_tensors_test {

using namespace rondo;
using namespace std::string_view_literals;
using Writer = OnnxFile::Writer;

const io::Array expected{1, 2, {1, -2}};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }
const std::string w = "node \"y\" (MatMul): tensor \"w\" ";

/// The weights (1, 2) of a MatMul whose second input is "w", or the problem.
std::string weights_of(const std::function<void(OnnxFile&)>& make, const io::OnnxOptions& options = {},
                       io::Array wanted = expected) {
    OnnxFile file;
    file.input("x", {0, std::int64_t(wanted.columns)}).output("y");
    make(file);
    file.node("MatMul", {"x", "w"}, {"y"});
    const std::string bytes = file.bytes(21);
    Error error;
    const auto weights = io::read_onnx(bytes_of(bytes), options, error);
    if (error) return error.message;
    EXPECT_EQ(weights.layers[0].arrays[0], wanted);
    return {};
}

TEST(OnnxTensors, HalvesAreConvertedOnRequest) {
    const auto halves = [](std::int64_t type, std::string_view raw, std::initializer_list<std::int64_t> typed) {
        return [=](OnnxFile& file) {
            Writer tensor = Writer{}.whole(1, 2).whole(1, 1).whole(2, type).text(8, "w");
            if (!raw.empty()) tensor.text(9, raw);
            for (const std::int64_t bits : typed) tensor.whole(5, bits);
            file.raw(5, tensor);
        };
    };
    const io::OnnxOptions convert{.convert = true};
    EXPECT_EQ(weights_of(halves(10, "\x00\x3C\x00\xC0"sv, {}), convert), "");
    EXPECT_EQ(weights_of(halves(10, "", {0x3C00, 0xC000}), convert), "");
    EXPECT_EQ(weights_of(halves(16, "\x80\x3F\x00\xC0"sv, {}), convert), "");
    EXPECT_EQ(weights_of(halves(16, "", {0x3F80, 0xC000}), convert), "");
    EXPECT_EQ(weights_of(halves(10, "", {1, 0x83FF}), convert, {1, 2, {0x1p-24, -1023 * 0x1p-24}}), ""); // subnormal
    EXPECT_EQ(weights_of(halves(10, "", {0x7BFF, 0x8000}), convert, {1, 2, {65504, 0}}), "");
    EXPECT_EQ(weights_of(halves(10, "", {0x7C00, 0}), convert),
              "onnx: node \"y\" (MatMul) has a number that is not finite");
    EXPECT_EQ(weights_of(halves(16, "", {0x7F80, 0}), convert),
              "onnx: node \"y\" (MatMul) has a number that is not finite");
    EXPECT_EQ(weights_of(halves(10, "\x00\x3C\x00\xC0"sv, {})),
              "onnx: " + w + "is of FLOAT16; expected FLOAT or DOUBLE, or OnnxOptions::convert, which converts it");

    OnnxFile file; // Casts at the input and the output, as in a model converted to FLOAT16
    file.input("x", {0, 2}).output("y");
    halves(10, "\x00\x3C\x00\xC0"sv, {})(file);
    file.node("Cast", {"x"}, {"half"}, {OnnxFile::attribute("to", 10)});
    file.node("MatMul", {"half", "w"}, {"product"});
    file.node("Cast", {"product"}, {"y"}, {OnnxFile::attribute("to", 1)});
    const std::string bytes = file.bytes();
    EXPECT_EQ(io::read_onnx(bytes_of(bytes), convert).layers[0].arrays[0], expected);
    EXPECT_EQ(layers_of(file), "onnx: node \"half\" (Cast): it casts to FLOAT16");
}

TEST(OnnxTensors, AreComputedOfOthers) {
    using A = OnnxFile;
    const std::int64_t zero = 0, last[]{1, 0}, swapped[]{2, 0, 1};
    const auto constant = [](OnnxFile& file, const std::string& name, std::initializer_list<std::size_t> shape,
                             const std::vector<double>& values) { file.tensor<double>(name, shape, values); };
    EXPECT_EQ(weights_of([&](OnnxFile& file) { // gates reordered by nodes, as exporters without constant folding do
                  constant(file, "all", {4}, {-2, 7, 8, 1});
                  file.node("Slice", {"all", file.wholes("0", {0}), file.wholes("1", {1})}, {"a"});
                  file.node(
                      "Slice",
                      {"all", file.wholes("-1", {-1}), file.wholes("end", {std::numeric_limits<std::int64_t>::max()})},
                      {"b"});
                  file.node("Concat", {"b", "a"}, {"joined"}, {A::attribute("axis", zero)});
                  file.node("Unsqueeze", {"joined", "1"}, {"w"});
              }),
              "");
    EXPECT_EQ(weights_of([&](OnnxFile& file) { // in reverse, and with a step of two
                  constant(file, "all", {1, 4}, {5, -2, 6, 1});
                  file.node("Slice",
                            {"all", file.wholes("3", {3}), file.wholes("least", {-9}), file.wholes("axes", {1}),
                             file.wholes("-2", {-2})},
                            {"two"});
                  file.node("Transpose", {"two"}, {"w"}, {A::attribute("perm", last)});
              }),
              "");
    EXPECT_EQ(weights_of(
                  [&](OnnxFile& file) {
                      constant(file, "all", {2, 1, 3}, {1, 2, 3, 4, 5, 6});
                      file.node("Transpose", {"all"}, {"turned"}, {A::attribute("perm", swapped)});
                      file.node("Reshape", {"turned", file.wholes("shape", {-1, 1})}, {"w"});
                  },
                  {}, {1, 6, {1, 4, 2, 5, 3, 6}}),
              "");
    EXPECT_EQ(weights_of(
                  [&](OnnxFile& file) {
                      constant(file, "all", {3, 2}, {1, 2, 3, 4, 5, 6});
                      file.node("Gather", {"all", file.wholes("places", {-1, 0})}, {"picked"});
                      file.node("Flatten", {"picked"}, {"flat"}, {A::attribute("axis", zero)});
                      file.node("Squeeze", {"flat"}, {"list"});
                      file.node("Unsqueeze", {"list", file.wholes("-1", {-1})}, {"w"});
                  },
                  {}, {1, 4, {5, 6, 1, 2}}),
              "");
    EXPECT_EQ(weights_of(
                  [&](OnnxFile& file) {
                      constant(file, "a", {2, 1}, {1, 2});
                      constant(file, "b", {2, 1}, {2, 3});
                      constant(file, "two", {}, {2});
                      file.node("Mul", {"two", "b"}, {"c"});
                      file.node("Sub", {"a", "c"}, {"d"});
                      file.node("Add", {"d", "two"}, {"w"});
                  },
                  {}, {1, 2, {-1, -2}}),
              "");
    EXPECT_EQ(weights_of([&](OnnxFile& file) {
                  const auto floats = Writer{}.text(1, "value_floats").real(7, 1).real(7, -2).whole(20, 6);
                  file.node("Constant", {}, {"list"}, {floats});
                  file.node("Unsqueeze", {"list", file.wholes("1", {1})}, {"w"});
              }),
              "");
    EXPECT_EQ(weights_of([&](OnnxFile& file) { // FLOAT16 that the file itself converts
                  file.raw(5, Writer{}.whole(1, 2).whole(1, 1).whole(2, 10).text(8, "h").text(9, "\x00\x3C\x00\xC0"sv));
                  file.node("Cast", {"h"}, {"w"}, {A::attribute("to", 1)});
              }),
              "");
    EXPECT_EQ(weights_of([&](OnnxFile& file) {
                  file.tensor<std::int64_t>("i", {2, 1}, std::vector<std::int64_t>{1, -2});
                  file.node("Cast", {"i"}, {"w"}, {A::attribute("to", 11)});
              }),
              "");
}

TEST(OnnxTensors, ACastRounds) {
    const double third = 1.0 / 3;
    const auto cast = [&](std::int64_t to, double number, double rounded) {
        return weights_of(
            [&](OnnxFile& file) {
                file.tensor<double>("all", {2, 1}, std::vector<double>{number, 1});
                file.node("Cast", {"all"}, {"w"}, {OnnxFile::attribute("to", to)});
            },
            {.convert = true}, {1, 2, {rounded, 1}});
    };
    EXPECT_EQ(cast(1, third, double(float(third))), "");
    EXPECT_EQ(cast(11, third, third), "");
    EXPECT_EQ(cast(10, third, 0.333251953125), "");
    EXPECT_EQ(cast(10, 1 + 0x1p-11, 1), ""); // a tie, to even
    EXPECT_EQ(cast(10, 1 + 0x3p-11, 1 + 0x1p-9), "");
    EXPECT_EQ(cast(10, -0x1.8p-24, -0x1p-23), ""); // subnormal
    EXPECT_EQ(cast(10, 65519, 65504), "");
    EXPECT_EQ(cast(10, 65520, 0), "onnx: node \"y\" (MatMul) has a number that is not finite");
    EXPECT_EQ(cast(16, third, 0.333984375), "");
    EXPECT_EQ(cast(10, 0, 0), "");
}

TEST(OnnxTensors, AreNotComputedForever) {
    OnnxFile file;
    file.input("x", {0, 64}).output("y");
    file.count("t0", {64, 64});
    for (int k = 0; k < 40; ++k) file.node("Transpose", {"t" + std::to_string(k)}, {"t" + std::to_string(k + 1)});
    file.node("MatMul", {"x", "t40"}, {"y"});
    EXPECT_NE(layers_of(file).find("tensors that are computed of others have more numbers than the file"),
              std::string::npos)
        << layers_of(file);
}

TEST(OnnxTensors, NoPlaceIsOutsideOfThem) {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                           most = std::numeric_limits<std::int64_t>::max();
    const auto run = [](const char* op, std::initializer_list<std::int64_t> list, auto... attributes) {
        return weights_of(
            [&](OnnxFile& file) {
                file.count("all", {2, 1});
                if (list.size() == 0) file.node(op, {"all"}, {"w"}, {attributes...});
                else file.node(op, {"all", file.wholes("list", list)}, {"w"}, {attributes...});
            },
            {}, {1, 2, {1, 2}});
    };
    const std::string node = "onnx: node \"w\" ";
    for (const std::int64_t far : {least, most, std::int64_t{2}, std::int64_t{-3}}) {
        EXPECT_EQ(run("Gather", {far}), node + "(Gather): its index " + std::to_string(far) + " is outside of [2,1]");
        EXPECT_EQ(run("Squeeze", {far}), node + "(Squeeze): it removes an axis whose extent is not 1 of [2,1]");
        EXPECT_NE(run("Unsqueeze", {far == 2 ? 3 : far == -3 ? -4 : far}), "");
        EXPECT_NE(run("Gather", {0}, OnnxFile::attribute("axis", far)), "");
        EXPECT_NE(run("Flatten", {}, OnnxFile::attribute("axis", far == 2 ? 3 : far)), "");
    }
    for (const auto shape : {std::initializer_list<std::int64_t>{most, -1},
                             {least, 1},
                             {3, -1},
                             {-1, -1},
                             {2, 2},
                             {most, most},
                             {0, 0, 0},
                             {2, 1, most, 0}})
        EXPECT_NE(run("Reshape", shape), "");
    const auto slice = [](std::int64_t from, std::int64_t to, std::int64_t axis, std::int64_t step) {
        return weights_of(
            [&](OnnxFile& file) {
                file.count("all", {2, 1});
                file.node("Slice",
                          {"all", file.wholes("from", {from}), file.wholes("to", {to}), file.wholes("axis", {axis}),
                           file.wholes("step", {step})},
                          {"w"});
            },
            {}, {1, 2, {1, 2}});
    };
    EXPECT_EQ(slice(least, most, 0, 1), "");
    EXPECT_EQ(slice(least, most, 0, 0), node + "(Slice): its step is 0");
    EXPECT_EQ(slice(0, 2, most, 1), node + "(Slice): its axes are not those of its input");
    for (const std::int64_t step : {least, most}) EXPECT_NE(slice(most, least, 0, step), ""); // one row, or none
    EXPECT_NE(slice(0, 2, 0, most), "");
}

TEST(OnnxTensors, AreGivenForInputsOfTheGraph) {
    OnnxFile file; // as in the tests of ONNX's operators
    file.input("x", {0, 0, 2}).input("W", {1, 1, 2}).input("R", {1, 1, 1}).input("n", {1}, OnnxFile::Tensor::int64);
    file.output("y").node("RNN", {"x", "W", "R"}, {"", "y"});
    const std::string bytes = file.bytes();
    const auto given = [&](std::vector<io::NamedArray> inputs) {
        Error error;
        const auto weights = io::read_onnx(bytes_of(bytes), {.inputs = std::move(inputs)}, error);
        if (error) return error.message;
        EXPECT_EQ(weights.layers[0].arrays[0], expected);
        EXPECT_EQ(weights.layers[0].arrays[1], (io::Array{1, 1, {3}}));
        return describe(weights.layers[0].facts);
    };
    const io::NamedArray first{"W", {1, 1, 2}, {1, -2}}, second{"R", {1, 1, 1}, {3}};
    EXPECT_EQ(given({first, second}), "RNN 2 -> 1, no bias");
    EXPECT_EQ(given({}), "onnx: node \"y\" (RNN): W: \"W\" is an input of the graph; give its numbers by "
                         "OnnxOptions::inputs");
    EXPECT_EQ(given({first, second, {"V", {1}, {1}}}), "onnx: the graph has no input \"V\"");
    EXPECT_EQ(given({first, second, second}), "onnx: OnnxOptions::inputs has a name twice");
    EXPECT_EQ(given({first, {"R", {1, 1}, {3}}}),
              "onnx: input \"R\": expected [1,1,1], got 1 numbers of the shape [1,1]");
    EXPECT_EQ(given({first, {"R", {1, 1, 1}, {3, 4}}}),
              "onnx: input \"R\": expected [1,1,1], got 2 numbers of the shape [1,1,1]");
    EXPECT_EQ(given({first, second, {"n", {1}, {1}}}),
              "onnx: input \"n\": it is of INT64; only inputs of FLOAT and DOUBLE can be given");

    OnnxFile with_default; // an initializer, which a caller may replace
    with_default.input("x", {0, 2}).input("w", {2, 1}).output("y");
    with_default.tensor<float>("w", {2, 1}, std::vector<float>{1, -2});
    with_default.node("MatMul", {"x", "w"}, {"y"});
    const std::string another = with_default.bytes();
    EXPECT_EQ(io::read_onnx(bytes_of(another)).layers[0].arrays[0], expected);
    EXPECT_EQ(io::read_onnx(bytes_of(another), {.inputs = {{"w", {2, 1}, {5, 6}}}}).layers[0].arrays[0],
              (io::Array{1, 2, {5, 6}}));
}

/// Models from PyTorch's exporters: one with external data, one without constant folding.
TEST(OnnxTensors, OfPyTorchComputeWhatItDoes) {
    using B = EigenBackend<double>;
    Model<Sequential<LSTM<2, 6>, Linear<6, 2>>, B> external;
    load(external, io::read_onnx(model_file("onnx_external.onnx")), probe_of("onnx_external"));
    Model<Sequential<GRU<2, 3, Stack{.bidirectional = true}>, Linear<6, 2>>, B> unfolded;
    load(unfolded, io::read_onnx(model_file("onnx_unfolded.onnx")), probe_of("onnx_unfolded"));
}

} // namespace onnx_tensors_test
