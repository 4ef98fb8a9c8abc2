// SPDX-License-Identifier: MIT
// Attributes and inputs of RNN, LSTM and GRU nodes: direction, lengths, activations and clip.
#include "onnx_file.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace onnx_recurrent_test {

using namespace rondo;
using Attributes = std::initializer_list<OnnxFile::Writer>;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
const auto both_ways = OnnxFile::attribute("direction", "bidirectional"),
           reverse = OnnxFile::attribute("direction", "reverse"), batch_first = OnnxFile::attribute("layout", 1);

TEST(OnnxRecurrent, ReadsALayerThatIsReversed) {
    OnnxFile file = with_layer("LSTM", 4, {reverse});
    file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
    EXPECT_EQ(layers_of(file), "LSTM 3 -> 2, reversed");
    OnnxFile turned = with_layer("LSTM", 4, {reverse, batch_first});
    turned.node("Squeeze", {"Y", turned.wholes("two", {2})}, {"y"});
    EXPECT_EQ(layers_of(turned), "LSTM 3 -> 2, reversed");
}

TEST(OnnxRecurrent, AReversedLayerEndsAtTheFirstStep) {
    const auto end = [](Attributes attributes, auto finish) {
        OnnxFile file = with_layer("GRU", 3, attributes);
        file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"steps"});
        file.wholes("0", {0});
        finish(file);
        return layers_of(file);
    };
    const std::string ahead = "GRUResetBefore 3 -> 2; ", back = "GRUResetBefore 3 -> 2, reversed; ";
    const auto state = [](OnnxFile& file) { file.node("Squeeze", {"Y_h", "0"}, {"y"}); };
    const auto first = [](OnnxFile& file) { file.node("Slice", {"steps", "0", "one"}, {"y"}); };
    const auto second = [](OnnxFile& file) { file.node("Slice", {"steps", "one", file.wholes("2", {2})}, {"y"}); };
    const auto last = [](OnnxFile& file) {
        file.node("Slice", {"steps", file.wholes("-1", {-1}), file.wholes("end", {most})}, {"y"});
    };
    EXPECT_EQ(end({}, state), ahead + "LastStep 2");
    EXPECT_EQ(end({reverse}, state), back + "FirstStep 2");
    EXPECT_EQ(end({}, first), ahead + "FirstStep 2");
    EXPECT_EQ(end({reverse}, first), back + "FirstStep 2");
    EXPECT_EQ(end({reverse}, last), back + "LastStep 2");
    EXPECT_EQ(end({reverse}, second),
              "onnx: node \"y\" (Slice): it takes a part of the data that is not its first or last step");
}

TEST(OnnxRecurrent, TakesLengthsFromTheCaller) {
    const auto end = [](auto finish) {
        OnnxFile file;
        file.input("x", {0, 0, 3}).input("lengths", {0}, OnnxFile::Tensor::int64).output("y");
        file.recurrent("l", 1, 1, 3, 2);
        file.recurrent("m", 1, 3, 2, 2);
        file.wholes("one", {1});
        file.node("Cast", {"lengths"}, {"n"}, {OnnxFile::attribute("to", OnnxFile::Tensor::int32)});
        finish(file);
        return layers_of(file);
    };
    const auto rnn = [](OnnxFile& file, const char* lengths, const char* state = "h") {
        file.node("RNN", {"x", "l.W", "l.R", "l.B", lengths}, {"Y", state}, {reverse});
        file.node("Squeeze", {"Y", "one"}, {"a"});
    };
    const auto gru = [](OnnxFile& file, const char* lengths) {
        file.node("GRU", {"a", "m.W", "m.R", "m.B", lengths}, {"", "y"});
    };
    const std::string node = "onnx: node \"y\" ";
    EXPECT_EQ(end([&](OnnxFile& file) { rnn(file, "n"), gru(file, "n"); }),
              "RNN 3 -> 2, reversed; GRUResetBefore 2 -> 2; LastStep 2");
    EXPECT_EQ(end([&](OnnxFile& file) { rnn(file, "n"), gru(file, ""); }),
              node + "(GRU): it is given no sequence_lens, but the layers before it are");
    EXPECT_EQ(end([&](OnnxFile& file) { rnn(file, ""), gru(file, "n"); }),
              node + "(GRU): it is given sequence_lens, but the layers before it are not");
    EXPECT_EQ(end([&](OnnxFile& file) { rnn(file, "n", "y"); }), "RNN 3 -> 2, reversed; FirstStep 2");
    EXPECT_EQ(end([&](OnnxFile& file) {
                  rnn(file, "n");
                  file.node("Gather", {"a", file.tensor<std::int64_t>("-1", {}, std::vector<std::int64_t>{-1})}, {"y"});
              }),
              node + "(Gather): it picks the last of all steps; where sequence_lens is given, Y_h is the last of each "
                     "sequence");
    EXPECT_EQ(end([&](OnnxFile& file) { rnn(file, "x", "y"); }),
              "onnx: node \"Y\" (RNN): its sequence_lens \"x\" is neither an input of the graph nor a list of whole "
              "numbers");
}

TEST(OnnxRecurrent, LengthsOfTheFileAreAllSteps) {
    const auto with = [](std::initializer_list<std::int64_t> shape, const std::vector<std::int64_t>& numbers,
                         Attributes attributes = {}) {
        OnnxFile file;
        file.input("x", shape).output("y");
        file.recurrent("l", 1, 4, 3, 2);
        file.node("LSTM", {"x", "l.W", "l.R", "l.B", file.tensor<std::int64_t>("n", {numbers.size()}, numbers)},
                  {"", "y"}, attributes);
        return layers_of(file);
    };
    const std::string layers = "LSTM 3 -> 2; LastStep 2", node = "onnx: node \"y\" (LSTM): its sequence_lens ",
                      expected = "; expected all of them, or an input of the graph, whose lengths are the caller's";
    EXPECT_EQ(with({7, 2, 3}, {7, 7}), layers);
    EXPECT_EQ(with({7, 0, 3}, std::vector<std::int64_t>(20, 7)), layers);
    EXPECT_EQ(with({20, 7, 3}, std::vector<std::int64_t>(20, 7), {batch_first}), layers);
    EXPECT_EQ(with({7, 2, 3}, {7, 5}), node + "asks for 5 of 7 steps" + expected);
    EXPECT_EQ(with({2, 7, 3}, {7, 7}), node + "asks for 7 of 2 steps" + expected);
    EXPECT_EQ(with({0, 2, 3}, {7, 7}), layers); // the file runs on 7 steps only
    EXPECT_EQ(with({0, 2, 3}, {7, 5}), node + "asks for 5 of 7 steps" + expected);
    EXPECT_EQ(with({0, 2, 3}, {0, 0}), node + "asks for 0 of an open number of steps" + expected);

    OnnxFile computed; // lengths computed by repeating the number of steps
    computed.input("x", {0, 1, 3}).output("y");
    computed.recurrent("l", 1, 1, 3, 2);
    computed.node("Shape", {"x"}, {"shape"});
    computed.node("Slice", {"shape", computed.wholes("0", {0}), computed.wholes("1", {1})}, {"steps"});
    computed.node("RNN", {"x", "l.W", "l.R", "l.B", "steps"}, {"y"});
    EXPECT_EQ(layers_of(computed), "RNN 3 -> 2");
    OnnxFile real;
    real.input("x", {7, 1, 3}).output("y");
    real.recurrent("l", 1, 1, 3, 2);
    real.node("RNN", {"x", "l.W", "l.R", "l.B", real.count("n", {1}, 7)}, {"y"});
    EXPECT_EQ(layers_of(real), "onnx: node \"y\" (RNN): its sequence_lens \"n\" is neither an input of the graph nor a "
                               "list of whole numbers");
}

TEST(OnnxRecurrent, ActivationsOfBothDirections) {
    const auto with = [](const std::string& op, std::size_t gates, const std::vector<std::string_view>& names) {
        OnnxFile file = with_layer(op, gates, {both_ways, OnnxFile::attribute("activations", names)}, 2);
        file.node("Transpose", {"Y"}, {"turned"}, {OnnxFile::attribute("perm", std::vector<std::int64_t>{0, 2, 1, 3})});
        file.node("Reshape", {"turned", file.wholes("shape", {0, 0, -1})}, {"y"});
        return layers_of(file);
    };
    EXPECT_EQ(with("LSTM", 4, {"Sigmoid", "Tanh", "Tanh", "sigmoid", "tanh", "TANH"}),
              "LSTM 3 -> 2 x 2, bidirectional");
    EXPECT_EQ(with("GRU", 3, {"Sigmoid", "Tanh", "Sigmoid", "Tanh"}), "GRUResetBefore 3 -> 2 x 2, bidirectional");
    EXPECT_EQ(with("RNN", 1, {"Relu", "relu"}), "ReluRNN 3 -> 2 x 2, bidirectional");
    EXPECT_EQ(
        with("LSTM", 4, {"Sigmoid", "Tanh", "Tanh", "Sigmoid", "Tanh", "Relu"}),
        "onnx: node \"Y\" (LSTM): its activations in one direction are not those in the other; expected the same");
    EXPECT_EQ(with("GRU", 3, {"Sigmoid", "Tanh"}), "onnx: node \"Y\" (GRU): it has 2 activations; expected 4");
}

/// The layer of an op with these functions, alphas and betas.
std::string with_functions(const std::string& op, std::size_t gates, const std::vector<std::string_view>& names,
                           const std::vector<float>& alphas = {}, const std::vector<float>& betas = {}) {
    OnnxFile file =
        with_layer(op, gates,
                   {OnnxFile::attribute("activations", names), OnnxFile::attribute("activation_alpha", alphas),
                    OnnxFile::attribute("activation_beta", betas)});
    file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
    return layers_of(file);
}

TEST(OnnxRecurrent, FunctionsTakeTheNextAlphaAndBeta) {
    EXPECT_EQ(with_functions("LSTM", 4, {"HardSigmoid", "Tanh", "LeakyRelu"}, {0.25F, 0.0625F}, {0.75F}),
              "LSTM 3 -> 2, gates hardsigmoid(0.25, 0.75), output leaky_relu(0.0625)");
    EXPECT_EQ(with_functions("LSTM", 4, {"Sigmoid", "Affine", "HardSigmoid"}, {0.3F}, {-0.4F}),
              "LSTM 3 -> 2, candidate affine(0.3, -0.4), output hardsigmoid(0.2, 0.5)");
    EXPECT_EQ(with_functions("GRU", 3, {"hardsigmoid", "SOFTSIGN"}),
              "GRUResetBefore 3 -> 2, gates hardsigmoid(0.2, 0.5), "
              "candidate softsign");
    EXPECT_EQ(with_functions("GRU", 3, {"Relu", "Elu"}), "GRUResetBefore 3 -> 2, gates relu, candidate elu(1)");
    EXPECT_EQ(with_functions("LSTM", 4, {"Softplus", "LeakyRelu", "softplus"}, {0.5F}),
              "LSTM 3 -> 2, gates softplus, candidate leaky_relu(0.5), output softplus");
    EXPECT_EQ(with_functions("RNN", 1, {"LeakyRelu"}), "RNN 3 -> 2, candidate leaky_relu(0.01)");
    EXPECT_EQ(with_functions("RNN", 1, {"Sigmoid"}), "RNN 3 -> 2, candidate sigmoid");
    EXPECT_EQ(with_functions("RNN", 1, {"ThresholdedRelu"}, {0.5F}), "RNN 3 -> 2, candidate thresholded_relu(0.5)");
    EXPECT_EQ(with_functions("RNN", 1, {"ScaledTanh"}, {1.7159F}, {0.6667F}),
              "RNN 3 -> 2, candidate scaled_tanh(1.7159, 0.6667)");

    const std::string node = "onnx: node \"Y\" (RNN): ";
    EXPECT_EQ(with_functions("RNN", 1, {"Selu"}),
              node + "its activation \"Selu\" is not one that layers of Rondo have");
    EXPECT_EQ(with_functions("RNN", 1, {"Affine"}, {1}),
              node + "it does not say the activation_beta of its activation \"Affine\"");
    EXPECT_EQ(with_functions("RNN", 1, {"ThresholdedRelu"}),
              node + "it does not say the activation_alpha of its activation \"ThresholdedRelu\"");
    EXPECT_EQ(with_functions("RNN", 1, {"LeakyRelu"}, {-0.5F}),
              node + "its activation \"LeakyRelu\" has the activation_alpha -0.5; expected 0 or more");
    EXPECT_EQ(with_functions("RNN", 1, {"Elu"}, {1e-30F}),
              node + "it has activation_alpha 1e-30, which is out of range, for its activation \"Elu\"");
}

TEST(OnnxRecurrent, ReadsCoupledGatesAndPeepholes) {
    const auto weights_of = [](Attributes attributes, bool biases) {
        OnnxFile file;
        file.input("x", {0, 0, 3}).output("y");
        file.recurrent("l", 1, 4, 3, 2);
        file.node("LSTM", {"x", "l.W", "l.R", biases ? "l.B" : "", "", "", "", file.count("p", {1, 6}, 50)}, {"Y"},
                  attributes);
        file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
        Error error;
        auto weights = read(file.bytes(), error);
        EXPECT_EQ(error, Error{});
        return weights.layers.at(0);
    };
    const io::LayerWeights all = weights_of({}, true),
                           coupled = weights_of({OnnxFile::attribute("input_forget", 1)}, false);
    EXPECT_EQ(describe(all.facts), "LSTM 3 -> 2, peepholes");
    ASSERT_EQ(all.arrays.size(), 5u);
    EXPECT_EQ(all.arrays[4], (io::Array{6, 1, {50, 51, 54, 55, 52, 53}})); // i, o, f is i, f, o
    EXPECT_EQ(describe(coupled.facts), "LSTM 3 -> 2, no bias, peepholes, coupled");
    ASSERT_EQ(coupled.arrays.size(), 3u);
    // i, o, f, c is i, g, o.
    EXPECT_EQ(coupled.arrays[0], (io::Array{6, 3, {1, 2, 3, 4, 5, 6, 19, 20, 21, 22, 23, 24, 7, 8, 9, 10, 11, 12}}));
    EXPECT_EQ(coupled.arrays[2], (io::Array{4, 1, {50, 51, 52, 53}}));
}

TEST(OnnxRecurrent, ABiasInOneDirectionIsZeroInTheOther) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("y");
    file.recurrent("a", 1, 1, 3, 2);
    file.recurrent("b", 1, 1, 3, 2);
    file.node("RNN", {"x", "a.W", "a.R"}, {"A"});
    file.node("RNN", {"x", "b.W", "b.R", "b.B"}, {"B"}, {reverse});
    file.node("Concat", {"A", "B"}, {"both"}, {OnnxFile::attribute("axis", 3)});
    file.node("Squeeze", {"both", file.wholes("one", {1})}, {"y"});
    Error error;
    const auto weights = read(file.bytes(), error);
    ASSERT_EQ(error, Error{});
    EXPECT_EQ(describe(weights.layers[0].facts), "RNN 3 -> 2 x 2, bidirectional");
    ASSERT_EQ(weights.layers[0].arrays.size(), 8u);
    EXPECT_EQ(weights.layers[0].arrays[2], (io::Array{2, 1, {0, 0}}));
    EXPECT_EQ(weights.layers[0].arrays[6], (io::Array{2, 1, {2000, 2001}}));
}

TEST(OnnxRecurrent, ReadsAClip) {
    const auto with = [](const std::string& op, std::size_t gates, float clip, std::string_view function) {
        const auto real = OnnxFile::Writer{}.text(1, "clip").real(2, clip).whole(20, 1);
        const std::vector<std::string_view> names{function};
        OnnxFile file = op == "RNN" ? with_layer(op, gates, {real, OnnxFile::attribute("activations", names)})
                                    : with_layer(op, gates, {real});
        file.node("Squeeze", {"Y", file.wholes("one", {1})}, {"y"});
        return layers_of(file);
    };
    using Limits = std::numeric_limits<float>;
    EXPECT_EQ(with("LSTM", 4, 50, ""), "LSTM 3 -> 2");
    EXPECT_EQ(with("RNN", 1, 40, "Tanh"), "RNN 3 -> 2");
    EXPECT_EQ(with("RNN", 1, Limits::max(), "Relu"), "ReluRNN 3 -> 2");
    EXPECT_EQ(with("RNN", 1, Limits::infinity(), "Relu"), "ReluRNN 3 -> 2");
    EXPECT_EQ(with("LSTM", 4, 3.5F, ""), "LSTM 3 -> 2, clip 3.5");
    EXPECT_EQ(with("GRU", 3, 0.1F, ""), "GRUResetBefore 3 -> 2, clip 0.1");
    EXPECT_EQ(with("RNN", 1, 50, "Relu"), "ReluRNN 3 -> 2, clip 50");
    EXPECT_EQ(with("RNN", 1, 50, "Softsign"), "RNN 3 -> 2, clip 50, candidate softsign");
    const std::string clips = "its clip is ", other = "; expected a number above 0, below 2^31";
    EXPECT_EQ(with("GRU", 3, -50, ""), "onnx: node \"Y\" (GRU): " + clips + "-50" + other);
    EXPECT_EQ(with("GRU", 3, 0, ""), "onnx: node \"Y\" (GRU): " + clips + "0" + other);
    EXPECT_EQ(with("RNN", 1, 1e10F, "Relu"), "onnx: node \"Y\" (RNN): " + clips + "1e+10" + other);
    EXPECT_EQ(with("RNN", 1, Limits::quiet_NaN(), "Relu"), "onnx: node \"Y\" (RNN): " + clips + "nan" + other);
}

} // namespace onnx_recurrent_test
