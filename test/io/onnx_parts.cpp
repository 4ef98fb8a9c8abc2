// SPDX-License-Identifier: MIT
// Tracking of parts of layers and their axes: initial and final states, directions, axes of size one.
#include "onnx_file.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace onnx_parts_test {

using namespace rondo;
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
const auto both_ways = OnnxFile::attribute("direction", "bidirectional"),
           reverse = OnnxFile::attribute("direction", "reverse");
const auto axis = [](std::int64_t number) { return OnnxFile::attribute("axis", number); };
const auto perm = [](std::vector<std::int64_t> order) { return OnnxFile::attribute("perm", order); };

/// Constants for Slice and other operators: "0" is [0], "-1" is [-1], "[0]" is the scalar 0.
void add_numbers(OnnxFile& file) {
    for (const std::int64_t number : {-1, 0, 1, 2, 3}) {
        file.wholes(std::to_string(number), {number});
        file.tensor<std::int64_t>('[' + std::to_string(number) + ']', {}, std::vector<std::int64_t>{number});
    }
    file.wholes("end", {most});
    file.wholes("least", {-most});
}

/// An LSTM of 2 units and one direction with the initial states "h" and "c", which `states` computes from the input
/// "s".
std::string with_states(std::initializer_list<std::int64_t> shape, auto states) {
    OnnxFile file;
    file.input("s", shape).input("x", {0, 0, 3}).output("Y");
    file.recurrent("l", 1, 4, 3, 2);
    add_numbers(file);
    states(file);
    file.node("LSTM", {"x", "l.W", "l.R", "l.B", "", "h", "c"}, {"Y"});
    return layers_of(file);
}

TEST(OnnxParts, AFirstStateIsTheCallersHoweverItIsTaken) {
    const std::string lstm = "LSTM 3 -> 2";
    EXPECT_EQ(with_states({1, 0, 2},
                          [](OnnxFile& f) {
                              f.node("Slice", {"s", "0", "1", "0"}, {"h"});
                              f.node("Identity", {"h"}, {"c"});
                          }),
              lstm);
    EXPECT_EQ(with_states({4, 0, 2},
                          [](OnnxFile& f) {
                              f.node("Slice", {"s", "2", "3", "0"}, {"h"});
                              f.node("Gather", {"s", "[1]"}, {"c'"});
                              f.node("Unsqueeze", {"c'", "0"}, {"c"});
                          }),
              lstm);
    EXPECT_EQ(with_states({2, 0, 2}, [](OnnxFile& f) { f.node("Split", {"s"}, {"h", "c"}); }), lstm);
    EXPECT_EQ(with_states({0, 2, 2},
                          [](OnnxFile& f) { // sequences first
                              f.node("Transpose", {"s"}, {"t"}, {perm({1, 0, 2})});
                              f.node("Split", {"t", f.wholes("ones", {1, 1})}, {"h", "c"});
                          }),
              lstm);
    EXPECT_EQ(with_states({0, 2},
                          [](OnnxFile& f) {
                              f.node("Reshape", {"s", f.wholes("shape", {1, -1, 2})}, {"h"});
                              f.node("Unsqueeze", {"s", "0"}, {"c"});
                          }),
              lstm);
    const std::string refused = "onnx: node \"Y\" (LSTM): its first state ";
    EXPECT_EQ(with_states({1, 0, 3},
                          [](OnnxFile& f) {
                              f.node("Identity", {"s"}, {"h"});
                              f.node("Identity", {"s"}, {"c"});
                          }),
              refused + "\"h\" has the shape [1,?,3]; expected [1,batch,2]");
    EXPECT_EQ(with_states({4, 0, 2},
                          [](OnnxFile& f) {
                              f.node("Slice", {"s", "1", "3", "0"}, {"h"});
                              f.node("Identity", {"h"}, {"c"});
                          }),
              refused + "\"h\" has the shape [2,?,2]; expected [1,batch,2]");
    EXPECT_EQ(with_states({1, 0, 2},
                          [](OnnxFile& f) {
                              f.node("Tanh", {"s"}, {"h"});
                              f.node("Identity", {"s"}, {"c"});
                          }),
              refused + "is computed from the data");
    const auto filled = [&](std::initializer_list<std::int64_t> shape) {
        return with_states({1, 0, 2}, [&](OnnxFile& f) {
            f.node("ConstantOfShape", {f.wholes("shape", shape)}, {"h"});
            f.node("Expand", {f.tensor<float>("zero", {}, std::vector<float>{0}), "shape"}, {"c"});
        });
    };
    EXPECT_EQ(filled({1, 4, 2}), lstm);
    EXPECT_EQ(filled({1, 4, 5}), refused + "\"h\" has the shape [1,4,5]; expected [1,batch,2]");
    EXPECT_EQ(filled({2, 4, 2}), refused + "\"h\" has the shape [2,4,2]; expected [1,batch,2]");
    EXPECT_EQ(filled({4, 2}), refused + "\"h\" has the shape [4,2]; expected [1,batch,2]");
}

/// x (T, B, 3) through two LSTMs of 2 units in both directions; their states are "h" (4, B, 2).
std::string with_final(auto states) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("y");
    file.recurrent("l", 2, 4, 3, 2);
    file.recurrent("m", 2, 4, 4, 2);
    add_numbers(file);
    file.node("LSTM", {"x", "l.W", "l.R", "l.B"}, {"Y", "Y_h"}, {both_ways});
    file.node("Transpose", {"Y"}, {"turned"}, {perm({0, 2, 1, 3})});
    file.node("Reshape", {"turned", file.wholes("join", {0, 0, -1})}, {"joined"});
    file.node("LSTM", {"joined", "m.W", "m.R", "m.B"}, {"Z", "Z_h", "Z_c"}, {both_ways});
    file.node("Concat", {"Y_h", "Z_h"}, {"h"}, {axis(0)});
    states(file);
    return layers_of(file);
}

TEST(OnnxParts, FinalStatesAreFoundHoweverTheyAreTaken) {
    const std::string two = "LSTM 3 -> 2 x 2, bidirectional; LSTM 4 -> 2 x 2, bidirectional; ",
                      final = two + "FinalStates 4",
                      part = "onnx: output \"y\": it reads a part of the final states that no layer of Rondo hands on";
    const auto picked = [](std::string_view one, std::string_view other) {
        return with_final([&](OnnxFile& f) {
            f.node("Gather", {"h", one}, {"ahead"});
            f.node("Gather", {"h", other}, {"back"});
            f.node("Concat", {"ahead", "back"}, {"y"}, {axis(-1)});
        });
    };
    EXPECT_EQ(picked("[2]", "[-1]"), final);
    EXPECT_EQ(picked("[-1]", "[2]"), part);
    EXPECT_EQ(picked("[0]", "[3]"), part);
    EXPECT_EQ(with_final([](OnnxFile& f) { // as layers, directions
                  f.node("Reshape", {"h", f.wholes("parts", {2, 2, -1, 2})}, {"layers"});
                  f.node("Gather", {"layers", "[-1]"}, {"last"});
                  f.node("Transpose", {"last"}, {"rows"}, {perm({1, 0, 2})});
                  f.node("Flatten", {"rows"}, {"y"});
              }),
              final);
    EXPECT_EQ(with_final([](OnnxFile& f) {
                  f.node("Split", {"h", f.wholes("ones", {1, 1, 1, 1})}, {"a", "b", "c", "d"});
                  f.node("Concat", {"c", "d"}, {"e"}, {axis(2)});
                  f.node("Squeeze", {"e", "0"}, {"y"});
              }),
              final);
    EXPECT_EQ(with_final([](OnnxFile& f) { f.node("Identity", {"h"}, {"y"}); }), part);
    EXPECT_EQ(with_final([](OnnxFile& f) { f.node("Identity", {"Z_c"}, {"y"}); }), two + "FinalCellState 4");
    const auto memory = [](std::string_view one, std::string_view other) {
        return with_final([&](OnnxFile& f) {
            f.node("Gather", {"Z_c", one}, {"ahead"});
            f.node("Gather", {other == "h" ? "h" : "Z_c", other == "h" ? "[3]" : other}, {"back"});
            f.node("Concat", {"ahead", "back"}, {"y"}, {axis(-1)});
        });
    };
    EXPECT_EQ(memory("[0]", "[1]"), two + "FinalCellState 4");
    EXPECT_EQ(memory("[1]", "[0]"), part);
    EXPECT_EQ(memory("[0]", "h"), "onnx: output \"y\": it joins Y_c with other values");
    // Steps of Y: the last of the forward direction, the first of the reverse direction.
    const auto of_steps = [](std::string_view ahead, std::string_view back) {
        return with_final([&](OnnxFile& f) {
            f.node("Split", {"Z", f.wholes("ones", {1, 1})}, {"Z ahead", "Z back"}, {axis(1)});
            f.node("Gather", {"Z ahead", ahead}, {"a"});
            f.node("Gather", {"Z back", back}, {"b"});
            f.node("Concat", {"a", "b"}, {"c"}, {axis(2)});
            f.node("Squeeze", {"c", "0"}, {"y"});
        });
    };
    EXPECT_EQ(of_steps("[-1]", "[0]"), final);
    EXPECT_EQ(of_steps("[-1]", "[-1]"), two + "LastStep 4");
    EXPECT_EQ(of_steps("[0]", "[0]"), two + "FirstStep 4");
    EXPECT_EQ(of_steps("[0]", "[-1]"), "onnx: output \"y\": it reads some of the features that a layer gives, or in "
                                       "another order");
}

TEST(OnnxParts, TwoNodesAreTheTwoDirectionsOfALayer) {
    const auto with = [](std::initializer_list<std::string_view> order, auto finish) {
        OnnxFile file;
        file.input("x", {0, 0, 3}).output("y");
        file.recurrent("l", 1, 3, 3, 2);
        file.recurrent("m", 1, 3, 3, 2);
        file.count("h", {1, 1, 2}, 5);
        add_numbers(file);
        file.node("GRU", {"x", "m.W", "m.R", "m.B", "", "h"}, {"B", "B_h"}, {reverse});
        file.node("GRU", {"x", "l.W", "l.R", "l.B"}, {"A", "A_h"});
        const std::vector<std::string_view> names{order};
        for (const auto& [from, to] : {std::pair{"A", "a"}, std::pair{"B", "b"}})
            file.node("Squeeze", {from, "1"}, {to});
        file.node("Concat", {names[0], names[1]}, {"both"}, {axis(-1)});
        finish(file);
        Error error;
        auto weights = read(file.bytes(), error);
        return std::pair{layers_of(file), error ? io::LayerWeights{} : std::move(weights.layers[0])};
    };
    const auto same = [](OnnxFile& f) { f.node("Relu", {"both"}, {"y"}); };
    const auto [told, layer] = with({"a", "b"}, same);
    EXPECT_EQ(told, "GRUResetBefore 3 -> 2 x 2, bidirectional; ReLU 4");
    ASSERT_EQ(layer.arrays.size(), 8u);
    EXPECT_EQ(layer.first, (std::vector<double>{0, 0, 5, 6})); // the forward direction has none
    EXPECT_EQ(with({"A_h", "B_h"}, same).first, "GRUResetBefore 3 -> 2 x 2, bidirectional; FinalStates 4; ReLU 4");
    EXPECT_EQ(with({"b", "a"}, same).first,
              "onnx: node \"y\" (Relu): it joins what two layers give: the layers are no chain");
    EXPECT_EQ(with({"a", "a"}, same).first,
              "onnx: node \"y\" (Relu): it reads some of the features that a layer gives, or in another order");
    EXPECT_EQ(with({"a", "b"}, [](OnnxFile& f) { f.node("Add", {"a", "b"}, {"y"}); }).first,
              "onnx: node \"y\" (Add): it adds what no earlier layer was given");
}

TEST(OnnxParts, StepsThatAreTurnedAndTurnedBackAreALayerThatIsReversed) {
    const auto with = [](auto turn, bool back) {
        OnnxFile file;
        file.input("x", {0, 0, 3}).output("y");
        file.recurrent("l", 1, 3, 3, 2);
        add_numbers(file);
        turn(file, "x", "turned");
        file.node("GRU", {"turned", "l.W", "l.R", "l.B"}, {"Y"});
        file.node("Squeeze", {"Y", "1"}, {back ? "steps" : "y"});
        if (back) turn(file, "steps", "y");
        return layers_of(file);
    };
    const auto by_slice = [](OnnxFile& f, std::string_view from, std::string_view to) {
        f.node("Slice", {from, "-1", "least", "0", "-1"}, {to});
    };
    const auto by_lengths = [](OnnxFile& f, std::string_view from, std::string_view to) {
        const std::string shape = std::string{from} + " shape", steps = std::string{from} + " steps";
        f.node("Shape", {from}, {shape});
        f.node("Gather", {shape, "0"}, {steps});
        f.node("ReverseSequence", {from, steps}, {to},
               {OnnxFile::attribute("time_axis", std::int64_t{0}), OnnxFile::attribute("batch_axis", 1)});
    };
    EXPECT_EQ(with(by_slice, true), "GRUResetBefore 3 -> 2, reversed");
    EXPECT_EQ(with(by_lengths, true), "GRUResetBefore 3 -> 2, reversed");
    EXPECT_EQ(with(by_slice, false), "onnx: output \"y\": its steps are from the last one to the first");
}

TEST(OnnxParts, AnAxisOfSizeOneComesAndGoes) {
    const auto with = [](auto finish) {
        OnnxFile file = with_layer("GRU", 3);
        add_numbers(file);
        file.node("Squeeze", {"Y", "1"}, {"steps"});
        file.node("MatMul", {"steps", file.count("weight", {2, 1})}, {"a"});
        finish(file);
        return layers_of(file);
    };
    const std::string layers = "GRUResetBefore 3 -> 2; Linear 2 -> 1, no bias";
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Squeeze", {"a", "-1"}, {"y"}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Squeeze", {"a"}, {"y"}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Reshape", {"a", "-1"}, {"y"}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Reshape", {"a", f.wholes("shape", {0, 0})}, {"y"}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Flatten", {"a"}, {"y"}, {axis(2)}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Gather", {"a", "[0]"}, {"y"}, {axis(2)}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Gather", {"a", "[-1]"}, {"y"}, {axis(-1)}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Slice", {"a", "0", "1", "2"}, {"y"}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) { f.node("Unsqueeze", {"a", "0"}, {"y"}); }), layers);
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("Squeeze", {"a", "2"}, {"b"});
                  f.node("Add", {"b", f.tensor<float>("bias", {}, std::vector<float>{3})}, {"c"});
                  f.node("Tanh", {"c"}, {"d"});
                  f.node("Unsqueeze", {"d", "-1"}, {"e"});
                  f.node("MatMul", {"e", f.count("other", {1, 2})}, {"y"});
              }),
              "GRUResetBefore 3 -> 2; Linear 2 -> 1; Tanh 1; Linear 1 -> 2, no bias");
    EXPECT_EQ(with([](OnnxFile& f) {
                  f.node("Squeeze", {"a", "2"}, {"b"});
                  f.node("Gather", {"b", "[-1]"}, {"c"});
                  f.node("Sigmoid", {"c"}, {"y"});
              }),
              layers + "; LastStep 1; Sigmoid 1");
}

TEST(OnnxParts, AnInputMayHaveNoAxisOfFeatures) {
    const auto with = [](std::initializer_list<std::int64_t> shape, auto begin) {
        OnnxFile file;
        file.input("x", shape).output("Y");
        file.recurrent("l", 1, 1, 1, 2);
        add_numbers(file);
        begin(file);
        file.node("RNN", {"a", "l.W", "l.R", "l.B"}, {"Y"});
        return layers_of(file);
    };
    const auto unsqueezed = [](OnnxFile& f) { f.node("Unsqueeze", {"x", "-1"}, {"a"}); };
    const auto reshaped = [](OnnxFile& f) { f.node("Reshape", {"x", f.wholes("shape", {-1, 1, 1})}, {"a"}); };
    EXPECT_EQ(with({0, 0}, unsqueezed), "RNN 1 -> 2");
    EXPECT_EQ(with({6, 4}, unsqueezed), "RNN 1 -> 2");
    EXPECT_EQ(with({6, 0}, unsqueezed), "RNN 1 -> 2");
    EXPECT_EQ(with({0}, reshaped), "RNN 1 -> 2");
    EXPECT_EQ(with({6}, reshaped), "RNN 1 -> 2");
    EXPECT_EQ(with({0, 0, 3}, [](OnnxFile& f) { f.node("Identity", {"x"}, {"a"}); }),
              "onnx: node \"Y\" (RNN): W: expected [1,2,3], got [1,2,1]");
}

TEST(OnnxParts, AnOutputDoesNotMixFeaturesWithSteps) {
    const auto with = [](std::initializer_list<std::int64_t> shape, auto finish) {
        OnnxFile file = with_layer("GRU", 3, {}, 1, shape);
        add_numbers(file);
        file.node("Squeeze", {"Y", "1"}, {"steps"});
        finish(file);
        return layers_of(file);
    };
    const auto flat = [](OnnxFile& f) { f.node("Flatten", {"steps"}, {"y"}); };
    const std::string mixed = "onnx: output \"y\": it mixes the features of a step with steps, sequences or directions "
                              "along one axis";
    EXPECT_EQ(with({0, 0, 3}, flat), mixed);
    EXPECT_EQ(with({0, 1, 3}, flat), "GRUResetBefore 3 -> 2"); // a batch of one sequence
    EXPECT_EQ(with({0, 0, 3}, [](OnnxFile& f) { f.node("Reshape", {"steps", "-1"}, {"y"}); }), mixed);
    EXPECT_EQ(with({0, 0, 3}, [](OnnxFile& f) { f.node("Transpose", {"steps"}, {"y"}, {perm({2, 0, 1})}); }),
              "GRUResetBefore 3 -> 2");
}

TEST(OnnxParts, AFirstStateOfTheFileMayBeAPartOfOne) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("Y");
    file.recurrent("l", 1, 4, 3, 2);
    file.node("Expand", {file.count("all", {2, 1, 2}), file.wholes("shape", {2, 4, 2})}, {"wide"});
    file.node("Split", {"wide"}, {"h", "c"});
    file.node("LSTM", {"x", "l.W", "l.R", "l.B", "", "h", "c"}, {"Y"});
    Error error;
    const auto weights = read(file.bytes(), error);
    ASSERT_EQ(error, Error{});
    EXPECT_EQ(weights.layers[0].first, (std::vector<double>{1, 2, 3, 4}));
}

TEST(OnnxParts, PeepholesOfZerosChangeNothing) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("Y");
    file.recurrent("l", 1, 4, 3, 2);
    file.tensor<float>("p", {1, 6}, std::vector<float>(6));
    file.node("LSTM", {"x", "l.W", "l.R", "l.B", "", "", "", "p"}, {"Y"});
    EXPECT_EQ(layers_of(file), "LSTM 3 -> 2");
}

TEST(OnnxParts, ACellThatRunsStepByStepIsRefused) {
    OnnxFile file;
    file.input("x", {6, 4, 3}).output("y");
    add_numbers(file);
    file.node("Gather", {"x", "[0]"}, {"one"});
    file.node("MatMul", {"one", file.count("weight", {3, 2})}, {"y"});
    EXPECT_EQ(layers_of(file), "onnx: node \"y\" (MatMul): it reads a step by itself; a loop over the steps of a cell "
                               "is read where it is exported as a recurrent layer (nn.LSTM, nn.GRU; nn.RNN with "
                               "dynamo=False)");
}

} // namespace onnx_parts_test
