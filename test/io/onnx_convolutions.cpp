// SPDX-License-Identifier: MIT
// Convolutions and pads of ONNX files: which become a Conv1d, and which numbers of steps they leave.
#include "onnx_node.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace onnx_convolutions {
namespace {

using namespace onnx_node;

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
    EXPECT_EQ(layers_of(file),
              "onnx: node \"y\" (Relu): it reads steps with padding; only a convolution or a pool does");
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
                      part = "it takes a part of steps with padding; only a convolution or a pool reads them";
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
