// SPDX-License-Identifier: MIT
// Norms, PReLU and Softmax of ONNX files, whose axes are those of the features.
#include "onnx_node.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace onnx_norms {
namespace {

using namespace onnx_node;

TEST(OnnxNorms, NormsAndPReLU) {
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

} // namespace
} // namespace onnx_norms
