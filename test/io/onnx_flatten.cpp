// SPDX-License-Identifier: MIT
// Flatten of ONNX files: of steps and features, in either order.
#include "onnx_node.hpp"

#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/flatten.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/model.hpp>
#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace onnx_flatten {
namespace {

using namespace rondo;
using namespace onnx_node;

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

TEST(OnnxFlatten, AFlattenOfStepsAndFeaturesHasTheirOrder) {
    EXPECT_EQ(layers_of(flattened(false)),
              "Conv1d 3 -> 4, kernel 3, padding 1 and 1, no bias; Flatten 4 -> 24, features first; "
              "Linear 24 -> 2, no bias");
    EXPECT_EQ(layers_of(flattened(true)), "Conv1d 3 -> 4, kernel 3, padding 1 and 1, no bias; Flatten 4 -> 24; "
                                          "Linear 24 -> 2, no bias");
}

TEST(OnnxFlatten, AnInputOfFourAxesIsFlattenedAtAnyAxis) {
    const auto at = [](Whole axis) { return one({2, 3, 4, 5}, "Flatten", {OnnxFile::attribute("axis", axis)}); };
    EXPECT_EQ(at(0), "Flatten 60 -> 120");
    EXPECT_EQ(at(1), "Flatten 20 -> 60");
    EXPECT_EQ(at(2), "Flatten 3 -> 6");
    EXPECT_EQ(at(3), "Flatten 12 -> 24");
    EXPECT_EQ(at(-1), "Flatten 12 -> 24");
}

TEST(OnnxFlatten, ANetworkComputesWhatTheFileSays) {
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

} // namespace
} // namespace onnx_flatten
