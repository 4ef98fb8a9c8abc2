// SPDX-License-Identifier: MIT
// Pooling over the steps of ONNX files, and what it says of the axes of the input.
#include "onnx_node.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace onnx_pooling {
namespace {

using namespace onnx_node;

TEST(OnnxPooling, PoolingOverTheSteps) {
    EXPECT_EQ(one({0, 0, 3}, "ReduceMean", {list("axes", {1}), OnnxFile::attribute("keepdims", Whole{0})}),
              "MeanPooling 3");
    EXPECT_EQ(one({0, 0, 3}, "ReduceMax", {list("axes", {0})}), "MaxPooling 3");
    EXPECT_EQ(one({0, 3, 0}, "GlobalAveragePool", {}), "MeanPooling 3");
    EXPECT_EQ(one({2, 3, 4, 5}, "GlobalMaxPool", {}), "MaxPooling 3");
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {list("kernel_shape", {5})}), "MaxPooling 3");
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {list("kernel_shape", {5}), OnnxFile::attribute("auto_pad", "VALID")}),
              "MaxPooling 3");
}

TEST(OnnxPooling, WindowsOfTheSteps) {
    const auto whole = [](std::string_view name, Whole value) { return OnnxFile::attribute(name, value); };
    const auto automatic = [](const char* how) { return OnnxFile::attribute("auto_pad", how); };
    const auto kernel = [](Whole size) { return list("kernel_shape", {size}); };
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {kernel(2)}), "MaxPool1d 3, kernel 2");
    EXPECT_EQ(
        one({0, 3, 0}, "MaxPool", {kernel(3), list("strides", {2}), list("dilations", {2}), list("pads", {1, 2})}),
        "MaxPool1d 3, kernel 3, stride 2, dilation 2, padding 1 and 2");
    EXPECT_EQ(one({2, 3, 1, 5}, "MaxPool", {list("kernel_shape", {1, 2})}), "MaxPool1d 3, kernel 2");
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {kernel(5), list("pads", {2, 2})}), "MaxPool1d 3, kernel 5, padding 2 and 2");
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {kernel(5), automatic("SAME_UPPER")}),
              "MaxPool1d 3, kernel 5, padding 2 and 2");
    EXPECT_EQ(one({0, 3, 0}, "MaxPool", {kernel(4), automatic("SAME_UPPER")}),
              "MaxPool1d 3, kernel 4, padding 1 and 2");
    EXPECT_EQ(one({2, 3, 10}, "MaxPool", {kernel(4), list("strides", {3}), automatic("SAME_LOWER")}),
              "MaxPool1d 3, kernel 4, stride 3, padding 2 and 1");
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {kernel(2), list("strides", {2})}), "AvgPool1d 3, kernel 2, stride 2");
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {kernel(2), list("pads", {1, 1})}),
              "AvgPool1d 3, kernel 2, padding 1 and 1, not counted");
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {kernel(2), list("pads", {1, 1}), whole("count_include_pad", 1)}),
              "AvgPool1d 3, kernel 2, padding 1 and 1");
    EXPECT_EQ(
        one({2, 3, 7}, "MaxPool", {kernel(3), list("strides", {2}), whole("ceil_mode", 1)}), // no part of a window
        "MaxPool1d 3, kernel 3, stride 2");
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {kernel(3), whole("ceil_mode", 1)}), "AvgPool1d 3, kernel 3");
    const std::string why{refused}, ceil = "its ceil_mode gives a step of a part of a window";
    EXPECT_EQ(one({2, 3, 8}, "MaxPool", {kernel(3), list("strides", {2}), whole("ceil_mode", 1)}),
              why + "MaxPool): " + ceil);
    EXPECT_EQ(one({0, 3, 0}, "MaxPool", {kernel(3), list("strides", {2}), whole("ceil_mode", 1)}),
              why + "MaxPool): " + ceil);
    EXPECT_EQ(one({0, 3, 0}, "MaxPool", {kernel(3), list("strides", {2}), automatic("SAME_UPPER")}),
              why + "MaxPool): its auto_pad depends on the number of steps");
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {kernel(2), list("strides", {2, 2})}),
              why + "AveragePool): its strides have 2 numbers; expected 1");
    EXPECT_EQ(one({0, 3, 0}, "MaxPool", {kernel(2), list("pads", {0, 2})}),
              why + "MaxPool): its padding is 2 steps; expected fewer than the 2 of its window");
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {kernel(5), list("dilations", {2})}),
              why + "MaxPool): its kernel reads more steps than there are");
    EXPECT_EQ(one({2, 3, 5, 5}, "MaxPool", {list("kernel_shape", {2, 2})}),
              why + "MaxPool): it moves over several axes; Rondo's layers read one axis of steps");
}

TEST(OnnxPooling, APadIsAPartOfThePoolAfterIt) {
    const auto padded = [](float value, std::string_view op, const Attributes& attributes = {}) {
        OnnxFile file;
        file.input("x", {0, 3, 0}).output("y");
        file.tensor<Whole>("pads", {6}, std::vector<Whole>{0, 0, 2, 0, 0, 0});
        file.tensor<float>("value", {}, std::vector<float>{value});
        file.node("Pad", {"x", "pads", "value"}, {"wide"});
        Attributes all{list("kernel_shape", {3})};
        all.insert(all.end(), attributes.begin(), attributes.end());
        file.node(op, {"wide"}, {"y"}, all);
        return layers_of(file);
    };
    const std::string why{refused}, own = "it reads steps of a Pad that is not its own padding: ";
    constexpr float lowest = -std::numeric_limits<float>::infinity();
    EXPECT_EQ(padded(lowest, "MaxPool"), "MaxPool1d 3, kernel 3, padding 2 and 0");
    EXPECT_EQ(padded(lowest, "MaxPool", {list("pads", {0, 1})}), "MaxPool1d 3, kernel 3, padding 2 and 1");
    EXPECT_EQ(padded(0, "AveragePool"), "AvgPool1d 3, kernel 3, padding 2 and 0");
    EXPECT_EQ(padded(0, "MaxPool"), why + "MaxPool): " + own + "minus infinity");
    EXPECT_EQ(padded(lowest, "AveragePool"), why + "AveragePool): " + own + "zeros that it counts");
    EXPECT_EQ(padded(0, "AveragePool", {list("pads", {0, 1})}), why + "AveragePool): " + own + "zeros that it counts");
    EXPECT_EQ(padded(1, "MaxPool"), "onnx: node \"wide\" (Pad): it pads with another number than 0 or minus infinity");
    OnnxFile file;
    file.input("x", {0, 3, 0}).output("y");
    file.count("w", {4, 3, 3});
    file.tensor<Whole>("pads", {6}, std::vector<Whole>{0, 0, 2, 0, 0, 0});
    file.tensor<float>("value", {}, std::vector<float>{lowest});
    file.node("Pad", {"x", "pads", "value"}, {"wide"});
    file.node("Conv", {"wide", "w"}, {"y"});
    EXPECT_EQ(layers_of(file), why + "Conv): it reads steps padded with minus infinity; only MaxPool does");
}

TEST(OnnxPooling, APoolOfOneSequencePoolsItsSteps) { // the first axis is that of the sequences
    const std::string all = "it pools the sequences, too; MeanPooling and MaxPooling pool the steps of each";
    EXPECT_EQ(one({1, 3, 5, 5}, "GlobalAveragePool", {}), "MeanPooling 3");
    EXPECT_EQ(one({1, 3, 5, 5}, "GlobalMaxPool", {}), "MaxPooling 3");
    EXPECT_EQ(one({1, 3, 4, 5}, "MaxPool", {list("kernel_shape", {4, 5})}), "MaxPooling 3");
    EXPECT_EQ(one({1, 3, 2, 4, 5}, "GlobalAveragePool", {}), "MeanPooling 3");
    const auto shaped = [](std::initializer_list<Whole> shape, const std::vector<Whole>& as,
                           const std::vector<Whole>& perm) { // reshaped, and transposed
        OnnxFile file;
        file.input("x", shape).output("y");
        file.tensor<Whole>("as", {as.size()}, as);
        file.node("Reshape", {"x", "as"}, {"r"});
        file.node("Transpose", {"r"}, {"t"}, {list("perm", perm)});
        file.node("GlobalAveragePool", {"t"}, {"g"});
        file.node("Flatten", {"g"}, {"f"});
        file.count("w", {3, 2});
        file.node("MatMul", {"f", "w"}, {"y"});
        return layers_of(file);
    };
    const std::string pool = "onnx: node \"g\" (GlobalAveragePool): ";
    EXPECT_EQ(shaped({1, 3, 4, 5}, {1, 3, 20}, {0, 1, 2}), "MeanPooling 3; Linear 3 -> 2, no bias");
    EXPECT_EQ(shaped({1, 3, 4, 5}, {1, 3, 4, 5}, {0, 1, 3, 2}), "MeanPooling 3; Linear 3 -> 2, no bias");
    EXPECT_EQ(shaped({4, 5, 3}, {1, 20, 3}, {0, 2, 1}), pool + all); // an axis of both
    EXPECT_EQ(shaped({4, 5, 3}, {1, 4, 5, 3}, {0, 3, 1, 2}), pool + all);
    for (const Whole keeps : {0, 1}) {
        const auto keep = OnnxFile::attribute("keepdims", keeps);
        EXPECT_EQ(one({1, 4, 5, 3}, "ReduceMean", {list("axes", {1, 2}), keep}), "MeanPooling 3");
        EXPECT_EQ(one({1, 3, 4, 5}, "ReduceMax", {list("axes", {2, 3}), keep}), "MaxPooling 3");
    }
}

TEST(OnnxPooling, WhatPoolsAnAxisReadsItAsTheSteps) {
    const std::string other = "its axis of steps is not that of the layers before it";
    const auto pooled = [](std::initializer_list<Whole> shape, const std::vector<Whole>& axes, auto&& then,
                           Whole keeps = 1) {
        OnnxFile file;
        file.input("x", shape).output("y");
        file.node("ReduceMean", {"x"}, {"m"},
                  axes.empty() ? Attributes{} : Attributes{list("axes", axes), OnnxFile::attribute("keepdims", keeps)});
        then(file);
        return layers_of(file);
    };
    const auto conv = [](OnnxFile& file) {
        file.count("w", {4, 3, 3});
        file.node("Transpose", {"m"}, {"t"}, {list("perm", {0, 2, 1})});
        file.node("Conv", {"t", "w"}, {"y"}, {list("pads", {1, 1})});
    };
    const auto gru = [](OnnxFile& file) {
        file.recurrent("l", 1, 3, 3, 2);
        file.node("Transpose", {"m"}, {"t"}, {list("perm", {1, 0, 2})});
        file.node("GRU", {"t", "l.W", "l.R", "l.B"}, {"y"}, {OnnxFile::attribute("linear_before_reset", Whole{1})});
    };
    const auto again = [](OnnxFile& file) { file.node("ReduceMax", {"m"}, {"y"}, {list("axes", {0})}); };
    const auto linear = [](OnnxFile& file) {
        file.count("w", {3, 2});
        file.node("MatMul", {"m", "w"}, {"y"});
    };
    const std::string why{refused},
        all = "it pools the sequences, too; MeanPooling and MaxPooling pool the steps of each";
    EXPECT_EQ(pooled({0, 0, 3}, {0}, conv), why + "Conv): " + other);
    EXPECT_EQ(pooled({0, 0, 3}, {0}, gru), why + "GRU): " + other);
    EXPECT_EQ(pooled({4, 5, 3}, {1}, again), why + "ReduceMax): it pools something else than the steps");
    EXPECT_EQ(pooled({0, 0, 3}, {0}, linear), "MeanPooling 3; Linear 3 -> 2, no bias");
    EXPECT_EQ(pooled({4, 5, 3}, {0, 1}, linear, 0),
              why + "MatMul): the last axis of \"m\" is not the features of a step");
    EXPECT_EQ(pooled({1, 5, 3}, {0, 1}, linear, 0), "MeanPooling 3; Linear 3 -> 2, no bias"); // one sequence
    EXPECT_EQ(pooled({2, 4, 5, 3}, {1, 2}, linear), "MeanPooling 3; Linear 3 -> 2, no bias");
    EXPECT_EQ(one({2, 3, 10}, "ReduceMean", {}), why + "ReduceMean): " + all);
    EXPECT_EQ(one({2, 3, 10}, "ReduceMax", {}), why + "ReduceMax): " + all);
}

} // namespace
} // namespace onnx_pooling
