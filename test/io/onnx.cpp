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

namespace onnx_test {

using namespace rondo;
constexpr int int64 = OnnxFile::Tensor::int64;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

const auto both_ways = OnnxFile::attribute("direction", "bidirectional");
constexpr std::int64_t to_steps_first[]{1, 0, 2}, directions_last[]{0, 2, 1, 3};

TEST(Onnx, TurnsGatesToTheOrderOfPyTorch) {
    OnnxFile file = with_layer("LSTM", 4);
    file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
    Error error;
    const auto weights = read(file.bytes(), error);
    ASSERT_EQ(error, Error{});
    ASSERT_EQ(weights.layers.size(), 1u);
    EXPECT_EQ(weights.layers[0].name, "node \"Y\" (LSTM)");
    // Rows 2 k and 2 k + 1 are gate k's: i, o, f, c there, i, f, g, o here.
    const auto& arrays = weights.layers[0].arrays;
    ASSERT_EQ(arrays.size(), 4u);
    EXPECT_EQ(arrays[0], (io::Array{8, 3, {1,  2,  3,  4,  5,  6,  13, 14, 15, 16, 17, 18,
                                           19, 20, 21, 22, 23, 24, 7,  8,  9,  10, 11, 12}}));
    EXPECT_EQ(
        arrays[1],
        (io::Array{
            8, 2, {1000, 1001, 1002, 1003, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1004, 1005, 1006, 1007}}));
    EXPECT_EQ(arrays[2], (io::Array{8, 1, {2000, 2001, 2004, 2005, 2006, 2007, 2002, 2003}}));
    EXPECT_EQ(arrays[3], (io::Array{8, 1, {2008, 2009, 2012, 2013, 2014, 2015, 2010, 2011}}));
    EXPECT_TRUE(weights.layers[0].first.empty());
}

TEST(Onnx, TellsTheVariantsOfCellsApart) {
    const auto end = [](OnnxFile file) {
        file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
        return layers_of(file);
    };
    const std::string_view relu[]{"relu"}, tanh[]{"Tanh"}, gru[]{"Sigmoid", "Tanh"};
    EXPECT_EQ(end(with_layer("RNN", 1)), "RNN 3 -> 2");
    EXPECT_EQ(end(with_layer("RNN", 1, {OnnxFile::attribute("activations", tanh)})), "RNN 3 -> 2");
    EXPECT_EQ(end(with_layer("RNN", 1, {OnnxFile::attribute("activations", relu)})), "ReluRNN 3 -> 2");
    EXPECT_EQ(end(with_layer("GRU", 3)), "GRUResetBefore 3 -> 2");
    EXPECT_EQ(end(with_layer("GRU", 3, {OnnxFile::attribute("linear_before_reset", 1)})), "GRU 3 -> 2");
    EXPECT_EQ(end(with_layer("GRU", 3,
                             {OnnxFile::attribute("linear_before_reset", std::int64_t{0}),
                              OnnxFile::attribute("activations", gru), OnnxFile::attribute("hidden_size", 2)})),
              "GRUResetBefore 3 -> 2");
}

TEST(Onnx, FollowsBothDirectionsThroughTransposeAndReshape) {
    const auto end = [](std::initializer_list<std::int64_t> extents, std::initializer_list<std::int64_t> shape) {
        OnnxFile file = with_layer("GRU", 3, {both_ways}, 2, shape);
        file.node("Transpose", {"Y"}, {"turned"}, {OnnxFile::attribute("perm", directions_last)});
        file.node("Reshape", {"turned", file.wholes("shape", extents)}, {"joined"});
        file.node("MatMul", {"joined", file.count("weight", {4, 5})}, {"y"});
        return layers_of(file);
    };
    const std::string both = "GRUResetBefore 3 -> 2 x 2, bidirectional; Linear 4 -> 5, no bias";
    EXPECT_EQ(end({0, 0, -1}, {0, 0, 3}), both);
    EXPECT_EQ(end({0, -1, 4}, {0, 0, 3}), both);
    EXPECT_EQ(end({-1, 0, 4}, {0, 0, 3}), both);
    EXPECT_EQ(end({7, 2, 4}, {7, 2, 3}), both);
    EXPECT_EQ(end({7, 1, 4}, {7, 1, 3}), both);
    EXPECT_EQ(end({1, 1, 4}, {1, 1, 3}), both);
    EXPECT_EQ(end({-1, 4}, {7, 2, 3}), both); // a row for each step of each sequence
    const std::string cut = "onnx: node \"joined\" (Reshape): its shape cuts across the axes of its input";
    EXPECT_EQ(end({2, 7, 4}, {7, 2, 3}), cut);
    EXPECT_EQ(end({0, 0, 2}, {0, 0, 3}), cut);
    EXPECT_EQ(end({0, -1, 2}, {7, 2, 3}),
              "onnx: node \"y\" (MatMul): the last axis of \"joined\" is not the features of a step");
}

TEST(Onnx, FollowsAShapeThatIsComputed) {
    OnnxFile file = with_layer("LSTM", 4, {both_ways}, 2);
    file.node("Transpose", {"Y"}, {"turned"}, {OnnxFile::attribute("perm", directions_last)});
    file.node("Shape", {"turned"}, {"all"});
    file.node("Slice", {"all", file.wholes("0", {0}), file.wholes("2", {2})}, {"steps and batch"});
    file.node("Gather", {"all", file.tensor<std::int64_t>("third", {}, std::vector<std::int64_t>{2})}, {"directions"});
    file.node("Constant", {}, {"size"}, {OnnxFile::attribute("value_int", 2)});
    file.node("Mul", {"directions", "size"}, {"features"});
    file.node("Cast", {"features"}, {"whole"}, {OnnxFile::attribute("to", int64)});
    file.node("Unsqueeze", {"whole", "0"}, {"list"});
    file.node("Concat", {"steps and batch", "list"}, {"shape"}, {OnnxFile::attribute("axis", std::int64_t{0})});
    file.node("Reshape", {"turned", "shape"}, {"joined"});
    file.node("Tanh", {"joined"}, {"y"});
    EXPECT_EQ(layers_of(file), "LSTM 3 -> 2 x 2, bidirectional; Tanh 4");
}

TEST(Onnx, KnowsStepsFromSequencesWhereverTheyLie) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("y");
    file.recurrent("a", 1, 4, 3, 2);
    file.recurrent("b", 1, 4, 2, 2);
    file.node("Transpose", {"x"}, {"x'"}, {OnnxFile::attribute("perm", to_steps_first)});
    file.node("LSTM", {"x'", "a.W", "a.R", "a.B"}, {"A"});
    file.node("Squeeze", {"A", file.wholes("one", {1})}, {"a"});
    OnnxFile swapped = file, by_layout = file;
    file.node("LSTM", {"a", "b.W", "b.R", "b.B"}, {"y"});
    EXPECT_EQ(layers_of(file), "LSTM 3 -> 2; LSTM 2 -> 2");

    swapped.node("Transpose", {"a"}, {"a'"}, {OnnxFile::attribute("perm", to_steps_first)});
    by_layout = swapped;
    swapped.node("LSTM", {"a'", "b.W", "b.R", "b.B"}, {"y"});
    EXPECT_EQ(layers_of(swapped), "onnx: node \"y\" (LSTM): its axis of steps is not that of the layers before it");
    by_layout.node("LSTM", {"a'", "b.W", "b.R", "b.B"}, {"B"}, {OnnxFile::attribute("layout", 1)});
    by_layout.node("Squeeze", {"B", file.wholes("two", {2})}, {"y"});
    by_layout.wholes("two", {2});
    EXPECT_EQ(layers_of(by_layout), "LSTM 3 -> 2; LSTM 2 -> 2");
}

TEST(Onnx, ReadsLinearLayers) {
    OnnxFile file;
    file.input("x", {0, 3}).output("y");
    file.count("rows", {3, 2});
    file.count("columns", {2, 3});
    file.count("bias", {1, 2}, 7);
    OnnxFile gemm = file, added = file, turned = file;
    const auto two = OnnxFile::Writer{}.text(1, "alpha").real(2, 2).whole(20, 1),
               half = OnnxFile::Writer{}.text(1, "beta").real(2, 0.5f).whole(20, 1);
    gemm.node("Gemm", {"x", "columns", "bias"}, {"y"}, {OnnxFile::attribute("transB", 1), two, half});
    added.node("MatMul", {"x", "rows"}, {"product"});
    added.node("Identity", {"product"}, {"same"});
    added.node("Add", {"bias", "same"}, {"y"});
    turned.node("Transpose", {"columns"}, {"turned"});
    turned.node("Gemm", {"x", "turned"}, {"y"});
    for (const auto& [one, expected] : {std::pair{&gemm, io::Array{2, 3, {2, 4, 6, 8, 10, 12}}},
                                        std::pair{&added, io::Array{2, 3, {1, 3, 5, 2, 4, 6}}},
                                        std::pair{&turned, io::Array{2, 3, {1, 2, 3, 4, 5, 6}}}}) {
        Error error;
        const auto weights = read(one->bytes(), error);
        ASSERT_EQ(error, Error{});
        ASSERT_EQ(weights.layers.size(), 1u);
        const auto& layer = weights.layers[0];
        EXPECT_EQ(describe(layer.facts), one == &turned ? "Linear 3 -> 2, no bias" : "Linear 3 -> 2");
        EXPECT_EQ(layer.arrays[0], expected);
        if (one == &gemm) {
            EXPECT_EQ(layer.arrays[1], (io::Array{2, 1, {3.5, 4}}));
        }
        if (one == &added) {
            EXPECT_EQ(layer.arrays[1], (io::Array{2, 1, {7, 8}}));
        }
    }
}

TEST(Onnx, ReadsTokensAndFunctions) {
    OnnxFile file;
    file.input("x", {0, 0}, int64).output("y");
    file.node("Cast", {"x"}, {"tokens"}, {OnnxFile::attribute("to", OnnxFile::Tensor::int32)});
    file.node("Gather", {file.count("table", {7, 3}), "tokens"}, {"a"});
    file.node("Dropout", {"a"}, {"b"});
    file.node("Relu", {"b"}, {"c"});
    file.node("Tanh", {"c"}, {"d"});
    file.node("Sigmoid", {"d"}, {"e"});
    file.node("Cast", {"e"}, {"f"}, {OnnxFile::attribute("to", 1)});
    file.node("Softmax", {"f"}, {"y"});
    EXPECT_EQ(layers_of(file), "Embedding 7 -> 3; ReLU 3; Tanh 3; Sigmoid 3; Softmax 3");
    EXPECT_EQ(layers_of(file.bytes(12)),
              "onnx: node \"y\" (Softmax): its axis is not that of the features"); // whose default was another then
}

TEST(Onnx, ReadsWhatIsAddedToAnEarlierOne) {
    OnnxFile file = with_layer("GRU", 3);
    file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"a"});
    file.node("MatMul", {"a", file.count("in", {2, 4})}, {"b"});
    file.node("Relu", {"b"}, {"c"});
    file.node("MatMul", {"c", file.count("out", {4, 2})}, {"d"});
    OnnxFile more = file;
    file.node("Add", {"a", "d"}, {"y"});
    EXPECT_EQ(layers_of(file), "GRUResetBefore 3 -> 2; Linear 2 -> 4, no bias; ReLU 4; Linear 4 -> 2, no bias; "
                               "Skip of 2 over 3 layers");
    more.node("Add", {"x", "d"}, {"y"});
    EXPECT_EQ(layers_of(more), "onnx: node \"y\" (Add): it adds what no earlier layer was given");
}

TEST(Onnx, ReadsTheLastStep) {
    const auto end = [](auto finish, std::size_t directions = 1) {
        OnnxFile file =
            directions == 2 ? with_layer("GRU", 3, {both_ways}, 2, {7, 2, 3}) : with_layer("GRU", 3, {}, 1, {7, 2, 3});
        file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"steps"});
        finish(file);
        return layers_of(file);
    };
    const auto scalar = [](OnnxFile& file, std::int64_t number) {
        return file.tensor<std::int64_t>("index", {}, std::vector<std::int64_t>{number});
    };
    const std::string last = "GRUResetBefore 3 -> 2; LastStep 2", first = "GRUResetBefore 3 -> 2; FirstStep 2",
                      neither = "onnx: node \"y\" (Gather): it picks another step than the first or last";
    for (const std::int64_t index : {-1, 6, 0, 5})
        EXPECT_EQ(end([&](OnnxFile& file) { file.node("Gather", {"steps", scalar(file, index)}, {"y"}); }),
                  index == 5   ? neither
                  : index == 0 ? first
                               : last);
    EXPECT_EQ(end([&](OnnxFile& file) {
                  file.node("Slice", {"steps", file.wholes("begin", {-1}), file.wholes("end", {most})}, {"y"});
              }),
              last);
    EXPECT_EQ(end([&](OnnxFile& file) {
                  file.node("Slice", {"steps", file.wholes("begin", {0}), file.wholes("end", {most})}, {"all"});
                  file.node("Relu", {"all"}, {"y"});
              }),
              "GRUResetBefore 3 -> 2; ReLU 2");
    EXPECT_EQ(end([&](OnnxFile& file) { file.node("Squeeze", {"Y_h", "one"}, {"y"}); }),
              "onnx: node \"y\" (Squeeze): it removes an axis whose extent is not 1");
    EXPECT_EQ(end([&](OnnxFile& file) { file.node("Squeeze", {"Y_h", file.wholes("zero", {0})}, {"y"}); }), last);
    EXPECT_EQ(end([&](OnnxFile& file) { file.node("Gather", {"Y_h", scalar(file, 0)}, {"y"}); }), last);
    EXPECT_EQ(end([&](OnnxFile& file) { file.node("Identity", {"Y_h"}, {"y"}); }), last);
}

TEST(Onnx, ReadsTheFinalStatesOfBothDirections) {
    OnnxFile file = with_layer("LSTM", 4, {both_ways}, 2);
    file.node("Transpose", {"Y"}, {"turned"}, {OnnxFile::attribute("perm", directions_last)});
    file.node("Reshape", {"turned", file.wholes("shape", {0, 0, -1})}, {"joined"});
    file.recurrent("m", 2, 4, 4, 2);
    file.node("LSTM", {"joined", "m.W", "m.R", "m.B"}, {"", "Z_h"}, {both_ways});
    file.node("Concat", {"Y_h", "Z_h"}, {"h"}, {OnnxFile::attribute("axis", std::int64_t{0})});
    const auto pick = [&](std::int64_t one, std::int64_t other) {
        OnnxFile picking = file;
        picking.tensor<std::int64_t>("one", {}, std::vector{one});
        picking.tensor<std::int64_t>("other", {}, std::vector{other});
        picking.node("Gather", {"h", "one"}, {"ahead"});
        picking.node("Gather", {"h", "other"}, {"back"});
        picking.node("Concat", {"ahead", "back"}, {"states"}, {OnnxFile::attribute("axis", 1)});
        picking.node("Gemm", {"states", picking.count("weight", {4, 3})}, {"y"});
        return layers_of(picking);
    };
    const std::string layers = "LSTM 3 -> 2 x 2, bidirectional; LSTM 4 -> 2 x 2, bidirectional; ",
                      refused = "onnx: node \"y\" (Gemm): it reads a part of the final states that no layer of Rondo "
                                "hands on";
    EXPECT_EQ(pick(-2, -1), layers + "FinalStates 4; Linear 4 -> 3, no bias");
    EXPECT_EQ(pick(2, 3), layers + "FinalStates 4; Linear 4 -> 3, no bias");
    EXPECT_EQ(pick(3, 2), refused);
    EXPECT_EQ(pick(1, 3), refused);

    file.node("Slice", {"h", file.wholes("begin", {-2}), file.wholes("end", {most})}, {"last"});
    file.node("Transpose", {"last"}, {"batch first"}, {OnnxFile::attribute("perm", to_steps_first)});
    file.node("Reshape", {"batch first", file.wholes("flat", {0, -1})}, {"y"});
    EXPECT_EQ(layers_of(file), layers + "FinalStates 4");
}

TEST(Onnx, TellsFirstStatesThatTheFileFixes) {
    const auto first = [](auto states) {
        OnnxFile file;
        file.input("x", {0, 0, 3}).input("given", {1, 0, 2}).output("Y");
        file.recurrent("l", 1, 4, 3, 2);
        states(file);
        file.node("LSTM", {"x", "l.W", "l.R", "l.B", "", "h", "c"}, {"Y"});
        Error error;
        const auto weights = read(file.bytes(), error);
        EXPECT_EQ(error, Error{});
        return error ? std::vector<double>{} : weights.layers[0].first;
    };
    using List = std::vector<double>;
    EXPECT_EQ(first([](OnnxFile& file) {
                  file.count("h", {1, 1, 2}, 5);
                  file.tensor<float>("c", {1, 2, 2}, std::vector<float>{1, 2, 1, 2});
              }),
              (List{5, 6, 1, 2}));
    EXPECT_EQ(first([](OnnxFile& file) {
                  file.node("Expand", {file.count("all", {3, 1, 2}), file.wholes("shape", {3, 9, 2})}, {"wide"});
                  for (const std::int64_t number : {0, 1, 2, 3}) file.wholes(std::to_string(number), {number});
                  file.node("Slice", {"wide", "1", "2", "0"}, {"h"});
                  file.node("Slice", {"wide", "2", "3", "0"}, {"c"});
              }),
              (List{3, 4, 5, 6}));
    EXPECT_EQ(first([](OnnxFile& file) {
                  file.node("ConstantOfShape", {file.wholes("shape", {1, 9, 2})}, {"h"});
                  file.node("Identity", {"h"}, {"c"});
              }),
              List{});
    EXPECT_EQ(first([](OnnxFile& file) {
                  file.node("Expand", {file.count("one", {1}, 4), file.wholes("shape", {1, 9, 2})}, {"h"});
                  file.node("Identity", {"given"}, {"c"}); // provided by the caller
              }),
              (List{4, 4, 0, 0}));
}

} // namespace onnx_test
