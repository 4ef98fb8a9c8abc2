// SPDX-License-Identifier: MIT
// Convolutions, norms, PReLU, pooling and Flatten of ONNX files, and inputs whose features are not the last axis.
#include "onnx_file.hpp"

#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/flatten.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/prelu.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>
#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace onnx_convolutions {
namespace {

using namespace rondo;
using Whole = std::int64_t;
using Attributes = io::detail::OnnxGraphWriter::Attributes;

OnnxFile::Writer list(std::string_view name, const std::vector<Whole>& values) {
    return OnnxFile::attribute(name, std::span<const Whole>{values});
}
OnnxFile::Writer real(std::string_view name, float value) {
    return OnnxFile::Writer{}.text(1, name).real(2, value).whole(20, 1);
}
constexpr std::string_view refused = "onnx: node \"y\" (";

/// One node that reads x, whose further inputs the file may have made.
std::string one(std::initializer_list<Whole> shape, std::string_view op, const Attributes& attributes,
                std::vector<std::string_view> more = {}, Whole opset = 17) {
    OnnxFile file;
    file.input("x", shape).output("y");
    file.count("w", {4, 3, 2});
    file.count("depthwise", {3, 1, 3});
    file.count("plane", {4, 3, 2, 2});
    file.count("row", {4, 3, 1, 2});
    file.count("b", {4});
    file.count("three", {3});
    file.count("column", {3, 1});
    file.count("all", {5, 3});
    file.tensor<float>("one", {1}, std::vector<float>{0.5f});
    more.insert(more.begin(), "x");
    file.node(op, more, {"y"}, attributes);
    return layers_of(file.bytes(opset));
}

TEST(OnnxConvolutions, AttributesAreThoseOfAConv1d) {
    const auto conv = [](const Attributes& attributes, std::vector<std::string_view> more = {"w", "b"}) {
        return one({0, 3, 0}, "Conv", attributes, more);
    };
    EXPECT_EQ(conv({}), "Conv1d 3 -> 4, kernel 2");
    EXPECT_EQ(conv({}, {"w"}), "Conv1d 3 -> 4, kernel 2, no bias");
    EXPECT_EQ(conv({list("strides", {3}), list("dilations", {2}), list("pads", {2, 1}), list("kernel_shape", {2})}),
              "Conv1d 3 -> 4, kernel 2, stride 3, dilation 2, padding 2 and 1");
    EXPECT_EQ(conv({OnnxFile::attribute("group", Whole{3})}, {"depthwise"}),
              "Conv1d 3 -> 3, kernel 3, groups 3, no bias");
    EXPECT_EQ(conv({OnnxFile::attribute("auto_pad", "SAME_UPPER")}), "Conv1d 3 -> 4, kernel 2, padding 0 and 1");
    EXPECT_EQ(conv({OnnxFile::attribute("auto_pad", "SAME_LOWER")}), "Conv1d 3 -> 4, kernel 2, padding 1 and 0");
    EXPECT_EQ(conv({OnnxFile::attribute("auto_pad", "VALID")}), "Conv1d 3 -> 4, kernel 2");
    EXPECT_EQ(one({2, 3, 7}, "Conv", {OnnxFile::attribute("auto_pad", "SAME_UPPER"), list("strides", {3})}, {"w"}),
              "Conv1d 3 -> 4, kernel 2, stride 3, padding 0 and 1, no bias"); // 7 steps become 3, which read 8
    EXPECT_EQ(one({0, 3, 1, 0}, "Conv", {}, {"row"}), "Conv1d 3 -> 4, kernel 2, no bias");

    const std::string why{refused};
    EXPECT_EQ(one({0, 3, 5, 5}, "Conv", {}, {"plane"}),
              why + "Conv): it moves over several axes; Rondo's layers read one axis of steps");
    EXPECT_EQ(conv({list("strides", {0})}), why + "Conv): its kernel, strides or dilations have 0");
    EXPECT_EQ(conv({list("strides", {2, 2})}), why + "Conv): its strides have 2 numbers; expected 1");
    EXPECT_EQ(conv({list("dilations", {2, 2})}), why + "Conv): its dilations have 2 numbers; expected 1");
    EXPECT_EQ(conv({list("pads", {1})}), why + "Conv): its pads have 1 numbers; expected 2");
    EXPECT_EQ(conv({list("pads", {-1, 0})}), why + "Conv): its pads have -1");
    EXPECT_EQ(conv({OnnxFile::attribute("auto_pad", "ALL")}), why + "Conv): its auto_pad is \"ALL\"");
    EXPECT_EQ(conv({list("kernel_shape", {3})}), why + "Conv): its kernel_shape is not that of W, [4,3,2]");
    EXPECT_EQ(conv({OnnxFile::attribute("group", Whole{3})}),
              why + "Conv): W: [4,3,2] does not fit 3 features in 3 groups");
    EXPECT_EQ(conv({}, {"w", "three"}), why + "Conv): B: expected [4], got [3]");
    EXPECT_EQ(one({0, 3, 1}, "Conv", {}, {"w"}), why + "Conv): its kernel reads more steps than there are");
    EXPECT_EQ(conv({OnnxFile::attribute("auto_pad", "SAME_UPPER"), list("strides", {2})}),
              why + "Conv): its auto_pad depends on the number of steps");
}

/// Pad, Conv; the pads are those of sequences, features and steps.
std::string padded(const std::vector<Whole>& pads, std::string_view mode, const Attributes& conv = {}) {
    OnnxFile file;
    file.input("x", {0, 3, 0}).output("y");
    file.count("w", {4, 3, 2});
    file.tensor<Whole>("pads", {pads.size()}, pads);
    file.node("Pad", {"x", "pads"}, {"wide"}, {OnnxFile::attribute("mode", mode)});
    file.node("Conv", {"wide", "w"}, {"y"}, conv);
    return layers_of(file);
}

TEST(OnnxConvolutions, APadIsAPartOfTheConvolutionAfterIt) {
    EXPECT_EQ(padded({0, 0, 2, 0, 0, 0}, "constant"), "Conv1d 3 -> 4, kernel 2, padding 2 and 0, no bias");
    EXPECT_EQ(padded({0, 0, 2, 0, 0, 1}, "reflect"), "Conv1d 3 -> 4, kernel 2, padding 2 and 1, reflected, no bias");
    EXPECT_EQ(padded({0, 0, 2, 0, 0, 0}, "constant", {list("pads", {1, 1})}),
              "Conv1d 3 -> 4, kernel 2, padding 3 and 1, no bias");
    EXPECT_EQ(padded({0, 0, 0, 0, 0, 0}, "reflect", {list("pads", {1, 1})}),
              "Conv1d 3 -> 4, kernel 2, padding 1 and 1, no bias");
    const std::string pad = "onnx: node \"wide\" (Pad): ";
    EXPECT_EQ(padded({0, 1, 2, 0, 0, 0}, "constant"), pad + "it pads, or cuts, something else than the steps");
    EXPECT_EQ(padded({0, 0, -1, 0, 0, 0}, "constant"), pad + "it pads, or cuts, something else than the steps");
    EXPECT_EQ(padded({0, 0, 2, 0, 0, 0}, "edge"), pad + "its mode is \"edge\"; expected constant or reflect");
    EXPECT_EQ(padded({0, 0, 2}, "constant"), pad + "it has pads of another number of axes than its input");
    EXPECT_EQ(padded({0, 0, 2, 0, 0, 0}, "reflect", {list("pads", {1, 1})}),
              "onnx: node \"y\" (Conv): it pads with zeros what Pad reflects");
    OnnxFile file;
    file.input("x", {0, 3, 0}).output("y");
    file.tensor<Whole>("pads", {6}, std::vector<Whole>{0, 0, 1, 0, 0, 0});
    file.node("Pad", {"x", "pads"}, {"wide"});
    file.node("Relu", {"wide"}, {"y"});
    EXPECT_EQ(layers_of(file), "onnx: node \"y\" (Relu): it reads steps with padding; only a convolution does");
}

/// x (2, 3, 10 or open) through a Pad of 2 zeros before the first step, which `cut` makes "cut", and a Conv.
std::string padded_and(bool open, auto&& cut, Whole kernel = 3, const Attributes& conv = {}) {
    OnnxFile file;
    file.input("x", {2, 3, open ? 0 : 10}).output("y");
    file.count("w", {4, 3, std::size_t(kernel)});
    file.tensor<Whole>("pads", {6}, std::vector<Whole>{0, 0, 2, 0, 0, 0});
    for (const Whole k : {-1, 0, 1, 2, 10, 12}) file.tensor<Whole>(std::to_string(k), {1}, std::vector<Whole>{k});
    file.node("Pad", {"x", "pads"}, {"wide"});
    cut(file);
    file.node("Conv", {"cut", "w"}, {"y"}, conv);
    return layers_of(file);
}

TEST(OnnxConvolutions, StepsWithPaddingAreReadAsAWhole) {
    const auto slice = [](std::string_view from, std::string_view to) {
        return [=](OnnxFile& file) { file.node("Slice", {"wide", from, to, "2"}, {"cut"}); };
    };
    const std::string causal = "Conv1d 3 -> 4, kernel 3, padding 2 and 0, no bias",
                      part = "it takes a part of steps with padding; only a convolution reads them";
    EXPECT_EQ(padded_and(false, slice("0", "12")), causal); // all of them
    for (const auto& [from, to] : {std::pair{"0", "10"}, {"2", "12"}, {"1", "12"}, {"0", "1"}, {"0", "-1"}})
        EXPECT_EQ(padded_and(false, slice(from, to)), "onnx: node \"cut\" (Slice): " + part) << from << ' ' << to;
    EXPECT_EQ(padded_and(true, slice("0", "-1")), "onnx: node \"cut\" (Slice): " + part);
    const auto split = [](OnnxFile& file) {
        file.tensor<Whole>("sizes", {2}, std::vector<Whole>{10, 2});
        file.node("Split", {"wide", "sizes"}, {"cut", "rest"}, {OnnxFile::attribute("axis", Whole{2})});
    };
    EXPECT_EQ(padded_and(false, split), "onnx: node \"cut\" (Split): " + part);
    const auto gather = [](OnnxFile& file) {
        file.node("Gather", {"wide", "-1"}, {"cut"}, {OnnxFile::attribute("axis", Whole{2})});
    };
    for (const bool open : {false, true})
        EXPECT_EQ(padded_and(open, gather, 1), "onnx: node \"cut\" (Gather): " + part);
    const auto to_its_shape = [](std::string_view of) { // all of the steps, if it is the padded shape
        return [=](OnnxFile& file) {
            file.node("Shape", {of}, {"shape"});
            file.node("Gather", {"shape", "2"}, {"end"});
            file.node("Slice", {"wide", "0", "end", "2"}, {"cut"});
        };
    };
    EXPECT_EQ(padded_and(false, to_its_shape("wide")), causal);
    EXPECT_EQ(padded_and(false, to_its_shape("x")), "onnx: node \"cut\" (Slice): " + part);
}

TEST(OnnxConvolutions, AutomaticPadsAreThoseOfThePaddedSteps) {
    const auto same = [](OnnxFile& file) { file.node("Identity", {"wide"}, {"cut"}); };
    const auto automatic = OnnxFile::attribute("auto_pad", "SAME_UPPER");
    EXPECT_EQ(padded_and(false, same, 3, {automatic, list("strides", {2})}),
              "Conv1d 3 -> 4, kernel 3, stride 2, padding 2 and 1, no bias"); // 12 steps become 6, which read 13
    EXPECT_EQ(padded_and(false, same, 3, {automatic, list("strides", {5})}),
              "Conv1d 3 -> 4, kernel 3, stride 5, padding 2 and 1, no bias"); // 3, which read 13
    EXPECT_EQ(padded_and(true, same, 3, {automatic, list("strides", {2})}),
              std::string{refused} + "Conv): its auto_pad depends on the number of steps");
    EXPECT_EQ(padded_and(true, same, 3, {automatic}), "Conv1d 3 -> 4, kernel 3, padding 3 and 1, no bias");
}

TEST(OnnxConvolutions, PadsOfSixAxesAndComputedOnes) {
    OnnxFile six;
    six.input("x", {2, 3, 1, 1, 1, 10}).output("y");
    six.count("w", {4, 3, 1, 1, 1, 3});
    six.tensor<Whole>("pads", {12}, std::vector<Whole>{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2});
    six.node("Pad", {"x", "pads"}, {"wide"});
    six.node("Conv", {"wide", "w"}, {"y"});
    EXPECT_EQ(layers_of(six), "Conv1d 3 -> 4, kernel 3, padding 1 and 2, no bias");

    OnnxFile file; // as PyTorch exports F.pad with dynamo=False: last axis first, begin and end of each
    file.input("x", {0, 3, 0}).output("y");
    file.count("w", {3, 3, 4});
    file.tensor<Whole>("zero", {1}, std::vector<Whole>{0});
    file.tensor<Whole>("four", {1}, std::vector<Whole>{4});
    file.tensor<Whole>("own", {2}, std::vector<Whole>{2, 1});
    file.tensor<Whole>("pairs", {2}, std::vector<Whole>{-1, 2});
    file.tensor<Whole>("back", {1}, std::vector<Whole>{-1});
    file.tensor<Whole>("least", {1}, std::vector<Whole>{-9223372036854775807});
    file.node("ConstantOfShape", {"four"}, {"zeros"},
              {OnnxFile::Writer{}
                   .text(1, "value")
                   .message(5, OnnxFile::Writer{}.whole(1, 1).whole(2, OnnxFile::Tensor::int64).whole(7, 0))
                   .whole(20, 4)});
    file.node("Concat", {"own", "zeros"}, {"list"}, {OnnxFile::attribute("axis", Whole{0})});
    file.node("Reshape", {"list", "pairs"}, {"matrix"});
    file.node("Slice", {"matrix", "back", "least", "zero", "back"}, {"reversed"});
    file.node("Transpose", {"reversed"}, {"turned"}, {list("perm", {1, 0})});
    file.node("Reshape", {"turned", "back"}, {"flat"});
    file.node("Cast", {"flat"}, {"pads"}, {OnnxFile::attribute("to", Whole{OnnxFile::Tensor::int64})});
    file.node("Pad", {"x", "pads"}, {"wide"}, {OnnxFile::attribute("mode", "reflect")});
    file.node("Conv", {"wide", "w"}, {"c"});
    file.node("Add", {"x", "c"}, {"y"});
    EXPECT_EQ(layers_of(file), "Conv1d 3 -> 3, kernel 4, padding 2 and 1, reflected, no bias; Skip of 3 over 1 layers");
}

TEST(OnnxConvolutions, NormsAndPReLU) {
    EXPECT_EQ(one({0, 0, 3}, "LayerNormalization", {}, {"three", "three"}), "LayerNorm 3, eps 1e-05");
    EXPECT_EQ(one({0, 0, 3}, "LayerNormalization", {real("epsilon", 0.5f)}, {"three"}),
              "LayerNorm 3, no bias, eps 0.5");
    EXPECT_EQ(one({0, 5, 3}, "LayerNormalization", {OnnxFile::attribute("axis", Whole{1})}, {"all"}),
              "LayerNorm 15, no bias, eps 1e-05");
    EXPECT_EQ(one({0, 0, 3}, "RMSNormalization", {}, {"three"}, 23), "RMSNorm 3, eps 1e-05");
    EXPECT_EQ(one({0, 0, 3}, "RMSNormalization", {real("epsilon", 1.1920929e-7f)}, {"three"}, 23),
              "RMSNorm 3, eps 0"); // RMSNorm's default
    const std::vector<std::string_view> statistics{"three", "three", "three", "three"};
    EXPECT_EQ(one({0, 3, 0}, "BatchNormalization", {}, statistics), "BatchNorm1d 3, eps 1e-05");
    EXPECT_EQ(one({0, 3}, "BatchNormalization", {real("epsilon", 1.1920929e-7f), real("momentum", 0.5f)}, statistics),
              "BatchNorm1d 3, eps 1.19209e-07");
    EXPECT_EQ(one({0, 0, 3}, "PRelu", {}, {"one"}), "PReLU 3, one factor");
    EXPECT_EQ(one({0, 0, 3}, "PRelu", {}, {"three"}), "PReLU 3, a factor for each feature");
    EXPECT_EQ(one({0, 3, 0}, "PRelu", {}, {"column"}), "PReLU 3, a factor for each feature");
    EXPECT_EQ(one({0, 5, 3}, "PRelu", {}, {"all"}), "PReLU 15, a factor for each feature");
    EXPECT_EQ(one({0, 3, 0}, "Softmax", {OnnxFile::attribute("axis", Whole{1})}), "Softmax 3");
    EXPECT_EQ(one({0, 5, 3}, "Softmax", {OnnxFile::attribute("axis", Whole{1})}, {}, 11), "Softmax 15");

    const std::string why{refused};
    EXPECT_EQ(one({0, 0, 3}, "LayerNormalization", {OnnxFile::attribute("axis", Whole{1})}, {"three"}),
              why + "LayerNormalization): its axes are not those of the features");
    EXPECT_EQ(one({0, 0, 3}, "LayerNormalization", {}, {"b"}),
              why + "LayerNormalization): \"b\" has the shape [4]; expected one number for each of 3 features");
    EXPECT_EQ(one({0, 0, 3}, "LayerNormalization", {real("epsilon", -1)}, {"three"}),
              why + "LayerNormalization): its epsilon is -1, which is no fraction of two ints");
    for (const std::string_view op : {"LayerNormalization", "RMSNormalization"}) // 0 is machine_epsilon in Rondo
        EXPECT_EQ(one({0, 0, 3}, op, {real("epsilon", 0)}, {"three"}, 23),
                  why + std::string{op} + "): its epsilon is 0; expected a number above 0");
    const auto training = OnnxFile::attribute("training_mode", Whole{1});
    EXPECT_EQ(one({0, 3, 0}, "BatchNormalization", {training}, statistics),
              why + "BatchNormalization): its training_mode is 1; expected 0, the statistics of the file");
    EXPECT_EQ(one({0, 3, 0}, "BatchNormalization", {OnnxFile::attribute("spatial", Whole{0})}, statistics, 8),
              why + "BatchNormalization): its spatial is 0, statistics of each step; expected 1");
    EXPECT_EQ(one({0, 3, 0}, "BatchNormalization", {}, {"three", "three", "three", "b"}),
              why + "BatchNormalization): \"b\" has the shape [4]; expected one number for each of 3 features");
    EXPECT_EQ(one({0, 0, 3}, "PRelu", {}, {"b"}),
              why + "PRelu): its factors have the shape [4]; expected one, or one for each of the 3 features");
}

TEST(OnnxConvolutions, PoolingOverTheSteps) {
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

TEST(OnnxConvolutions, APoolOfOneSequencePoolsItsSteps) { // the first axis is that of the sequences
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

TEST(OnnxConvolutions, WhatPoolsAnAxisReadsItAsTheSteps) {
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

/// x (sequences, 3, 6) through a convolution and a Flatten of either order to a Linear.
OnnxFile flattened(bool turned) {
    OnnxFile file;
    file.input("x", {2, 3, 6}).output("y");
    file.count("w", {4, 3, 3}, -17);
    file.count("m", {24, 2}, -20);
    file.node("Conv", {"x", "w"}, {"c"}, {list("pads", {1, 1})});
    if (turned) file.node("Transpose", {"c"}, {"t"}, {list("perm", {0, 2, 1})});
    file.node("Flatten", {turned ? "t" : "c"}, {"f"});
    file.node("MatMul", {"f", "m"}, {"y"});
    return file;
}

TEST(OnnxConvolutions, AFlattenOfStepsAndFeaturesHasTheirOrder) {
    EXPECT_EQ(layers_of(flattened(false)),
              "Conv1d 3 -> 4, kernel 3, padding 1 and 1, no bias; Flatten 4 -> 24, features first; "
              "Linear 24 -> 2, no bias");
    EXPECT_EQ(layers_of(flattened(true)), "Conv1d 3 -> 4, kernel 3, padding 1 and 1, no bias; Flatten 4 -> 24; "
                                          "Linear 24 -> 2, no bias");
}

TEST(OnnxConvolutions, AnInputOfFourAxesIsFlattenedAtAnyAxis) {
    const auto at = [](Whole axis) { return one({2, 3, 4, 5}, "Flatten", {OnnxFile::attribute("axis", axis)}); };
    EXPECT_EQ(at(0), "Flatten 60 -> 120");
    EXPECT_EQ(at(1), "Flatten 20 -> 60");
    EXPECT_EQ(at(2), "Flatten 3 -> 6");
    EXPECT_EQ(at(3), "Flatten 12 -> 24");
    EXPECT_EQ(at(-1), "Flatten 12 -> 24");
}

TEST(OnnxConvolutions, ANetworkComputesWhatTheFileSays) {
    using Net = Sequential<Conv1d<3, 4, 3, ConvOptions{.padding = {1, 1}, .bias = false}>,
                           Flatten<4, 6, FlattenOrder::features_first>, LinearWithoutBias<24, 2>>;
    const std::string file = flattened(false).bytes();
    Error error;
    Model<Net> model;
    load(model, read(file, error));
    std::vector<float> x(3 * 6);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = float(int(k * 7 % 11) - 5); // of step k / 3
    Workspace<Net> work;
    const auto y = work.forward(model, SequenceView<const float, 3>{x.data(), nullptr, Extent{6, 1}});
    double expected[2]{};
    for (int out = 0; out < 4; ++out)
        for (int t = 0; t < 6; ++t) {
            double sum = 0;
            for (int in = 0; in < 3; ++in)
                for (int k = 0; k < 3; ++k)
                    if (const int at = t + k - 1; at >= 0 && at < 6)
                        sum += (-17 + (out * 3 + in) * 3 + k) * double(x[std::size_t(at * 3 + in)]);
            for (int n = 0; n < 2; ++n) expected[n] += (-20 + (out * 6 + t) * 2 + n) * sum;
        }
    EXPECT_FLOAT_EQ(y.value[0], float(expected[0]));
    EXPECT_FLOAT_EQ(y.value[1], float(expected[1]));

    Model<Sequential<Conv1d<3, 4, 3, ConvOptions{.padding = causal_padding, .bias = false}>,
                     Flatten<4, 6, FlattenOrder::features_first>, LinearWithoutBias<24, 2>>>
        causal;
    load(causal, read(file, error), error);
    EXPECT_EQ(error.message, "onnx: node \"c\" (Conv): expected Conv1d 3 -> 4, kernel 3, padding 2 and 0, no bias for "
                             "the network's \"0\", got Conv1d 3 -> 4, kernel 3, padding 1 and 1, no bias");
}

TEST(OnnxConvolutions, ASkipOfOtherStepsIsRefused) {
    OnnxFile file;
    file.input("x", {2, 4, 6}).output("y");
    file.count("w", {4, 4, 3});
    file.node("Conv", {"x", "w"}, {"c"});
    file.node("Add", {"x", "c"}, {"y"});
    EXPECT_EQ(layers_of(file), std::string{refused} + "Add): it adds what no earlier layer was given");
}

TEST(OnnxConvolutions, OpenNumbersOfStepsAreThoseOfTheirConvolution) {
    const auto two = [](const Attributes& first, const Attributes& second) {
        OnnxFile file;
        file.input("x", {0, 3, 0}).output("y");
        file.count("w", {4, 3, 3});
        file.count("v", {4, 4, 3});
        file.node("Conv", {"x", "w"}, {"c"}, first);
        file.node("Conv", {"c", "v"}, {"d"}, second);
        file.node("Add", {"c", "d"}, {"y"});
        return layers_of(file);
    };
    const std::string why = std::string{refused} + "Add): it adds what no earlier layer was given";
    const auto half = list("strides", {2}), same = list("pads", {1, 1});
    EXPECT_EQ(two({}, {}), why); // of t - 2 and t - 4 steps: with 5, three and one
    EXPECT_EQ(two({half}, {half}), why);
    EXPECT_EQ(two({half}, {same}), "Conv1d 3 -> 4, kernel 3, stride 2, no bias; Conv1d 4 -> 4, kernel 3, "
                                   "padding 1 and 1, no bias; Skip of 4 over 1 layers");
}

TEST(OnnxConvolutions, AnAxisThatTheGraphMakesIsNoneOfSteps) {
    OnnxFile file;
    file.input("x", {0, 3}).output("y");
    file.count("w", {4, 3, 1});
    file.tensor<Whole>("axis", {1}, std::vector<Whole>{2});
    file.node("Unsqueeze", {"x", "axis"}, {"u"});
    file.node("Conv", {"u", "w"}, {"y"});
    EXPECT_EQ(layers_of(file),
              std::string{refused} +
                  "Conv): the axis that it moves over is not one of the graph's input: its extent is always 1");
}

} // namespace
} // namespace onnx_convolutions
