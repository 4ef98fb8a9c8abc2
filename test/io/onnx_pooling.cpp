// SPDX-License-Identifier: MIT
// Pooling over the steps of ONNX files, and what it says of the axes of the input.
#include "onnx_node.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
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
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {list("kernel_shape", {2}), list("strides", {2})}),
              "Conv1d 3 -> 3, kernel 2, stride 2, groups 3, no bias");
    const std::string why{refused};
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {list("kernel_shape", {2})}),
              why + "MaxPool): it pools windows of the steps; Rondo's MaxPooling is over all of them");
    EXPECT_EQ(one({2, 3, 5}, "MaxPool", {list("kernel_shape", {5}), OnnxFile::attribute("auto_pad", "VALID")}),
              "MaxPooling 3");
    for (const char* how : {"SAME_UPPER", "SAME_LOWER"}) // windows at the ends: as many steps as before
        EXPECT_EQ(one({2, 3, 5}, "MaxPool", {list("kernel_shape", {5}), OnnxFile::attribute("auto_pad", how)}),
                  why + "MaxPool): its auto_pad is \"" + how + "\"; expected NOTSET or VALID");
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {list("kernel_shape", {2}), list("strides", {2, 2})}),
              why + "AveragePool): its strides have 2 numbers; expected 1");
    EXPECT_EQ(one({0, 3, 0}, "AveragePool", {list("kernel_shape", {2}), list("pads", {1, 1})}),
              why + "AveragePool): it leaves its padding out of the means at the ends, as no layer of Rondo does");
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
