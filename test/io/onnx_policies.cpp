// SPDX-License-Identifier: MIT
// Recurrent policies, an observation and states in, an action and states out, with what PyTorch computes over 50 steps
// (test/exports/policies.py); normalizers and activations in a graph.
#include "onnx_file.hpp"

#include <rondo/io/safetensors.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/stream.hpp>

#include "../support/data.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace onnx_policies_test {

using namespace rondo;
constexpr int observations = 6, hidden = 5, agents = 3, steps = 50;

using Normalized = Sequential<LSTM<6, 5, Stack{.layers = 2}>, Linear<5, 8>, ELU<8>, Linear<8, 8>, ELU<8>, Linear<8, 3>>;
template <int outputs>
using Masked = Sequential<Linear<6, 8>, Tanh<8>, Linear<8, 8>, Tanh<8>, Named<"lstm", LSTM<8, 5>>, Linear<5, outputs>>;
template <int outputs>
using Clipped =
    Sequential<Linear<6, 6>, Hardtanh<6, Ratio{-2}, Ratio{2}>, LSTM<6, 5>, Linear<5, 8>, Tanh<8>, Linear<8, outputs>>;
using Gated = Sequential<Linear<6, 8>, SiLU<8>, GRU<8, 5>, Linear<5, 3>, Tanh<3>, Linear<3, 3>>;

std::vector<float> numbers(const io::SafetensorsFile& file, const std::string& name) {
    const io::TensorInfo* info = file.find(name);
    if (!info) return {};
    const auto bytes = file.bytes(*info);
    std::vector<float> all(bytes.size() / sizeof(float));
    std::memcpy(all.data(), bytes.data(), bytes.size());
    return all;
}

/// Steps all agents by one stream; each has a state. `component` of the file's states is this network's first.
template <class Net>
void expect_same(const std::string& name, std::string_view output = "actions", int component = 0) {
    SCOPED_TRACE(name);
    const std::filesystem::path folder = test_data() / "io" / "data";
    const io::SafetensorsFile data{folder / ("onnx_policy_" + name + ".safetensors")};
    Model<Net> model;
    load(model, io::read_onnx(folder / ("onnx_policy_" + name + ".onnx"), {.output = output}));
    const Packed weights{model};
    Stream stream{weights};

    constexpr int components = detail::state_place<Net, "">.components, layers = detail::state_place<Net, "">.layers;
    std::vector<State<Net>> states(agents);
    const auto each_part = [&](const std::string& when, auto visit) { // h, and of an LSTM c, of each layer
        for (int part = 0; part < components; ++part) {
            const auto all = numbers(data, when + '_' + std::to_string(component + part));
            ASSERT_EQ(all.size(), std::size_t(agents * layers * hidden));
            for (int n = 0; n < agents * layers; ++n) {
                State<Net>& state = states[std::size_t(n / layers)];
                auto own = state.h(n % layers);
                if constexpr (components == 2)
                    if (part == 1) own = state.c(n % layers);
                visit(own, all.data() + n * hidden);
            }
        }
    };
    each_part("first", [](auto own, const float* from) { std::copy_n(from, hidden, own.begin()); });
    const auto x = numbers(data, "obs"), y = numbers(data, std::string{output});
    std::vector<int> begins(std::size_t(agents * steps));
    std::memcpy(begins.data(), data.bytes(*data.find("begins")).data(), begins.size() * sizeof(int));
    ASSERT_GT(std::ranges::count(begins, 1), 5);
    ASSERT_EQ(y.size(), begins.size() * Net::output_size);
    for (std::size_t n = 0; n < begins.size(); ++n) {
        State<Net>& state = states[n % agents];
        if (begins[n] == 1) state.reset();
        stream.state(state);
        const auto action =
            stream.step(std::span<const float, observations>{x.data() + n * observations, observations});
        for (std::size_t k = 0; k < action.size(); ++k) EXPECT_NEAR(action[k], y[n * action.size() + k], 1e-5) << n;
        state = stream.state();
    }
    each_part("last", [](auto own, const float* expected) {
        for (std::size_t k = 0; k < own.size(); ++k) EXPECT_NEAR(own[k], expected[k], 1e-5) << k;
    });
}

TEST(OnnxPolicies, ComputeWhatPyTorchDoes) {
    expect_same<Normalized>("normalized");
    expect_same<Masked<3>>("masked");
    expect_same<Masked<1>>("masked", "value");
    expect_same<Clipped<3>>("two_stacks");
    expect_same<Clipped<1>>("two_stacks", "value", 2);
    expect_same<Gated>("gated");
}

TEST(OnnxPolicies, AnOutputIsChosenByName) {
    Error error;
    const auto path = test_data() / "io" / "data" / "onnx_policy_masked.onnx";
    const auto refused = [&](std::string_view output) {
        error = {};
        io::read_onnx(path, {.output = output}, error);
        return error.message.substr(error.message.find(": ") + 2);
    };
    const std::string all = R"(got "actions", "value", "h_out", "c_out")";
    EXPECT_EQ(refused(""), "expected one output, " + all + "; name one of them");
    EXPECT_EQ(refused("action"), "expected one output \"action\", " + all);
    const auto weights = io::read_onnx(path, {.output = "c_out"});
    ASSERT_FALSE(weights.layers.empty());
    EXPECT_EQ(describe(weights.layers.back().facts), "FinalCellState 5");
}

TEST(OnnxPolicies, StatesAreSpansByName) {
    using Two = Sequential<Named<"a", LSTM<1, 2>>, Named<"body", Residual<Sequential<Named<"b", GRU<2, 2>>>>>,
                           Named<"c", LSTM<2, 3, Stack{.layers = 2}>>>;
    State<Two> state;
    std::ranges::fill(state.h<"a">(), 1.f);
    std::ranges::fill(state.c<"a">(), 2.f);
    std::ranges::fill(state.h<"body.b">(), 3.f);
    std::ranges::fill(state.c<"c">(1), 4.f);
    const auto place = [&](std::size_t begin) { return state.numbers()[begin]; };
    EXPECT_EQ(place(0), 1);
    EXPECT_EQ(place(16 + 1), 2);
    EXPECT_EQ(place(32), 3);
    EXPECT_EQ(place(48 + 3 * 16 + 2), 4);
    EXPECT_EQ(std::ranges::count(state.numbers(), 0.f), std::ptrdiff_t(State<Two>::size) - 9);
    const State<Two>& constant = state;
    EXPECT_EQ(constant.h<"body.b">()[1], 3);
    static_assert(decltype(constant.c<"c">())::extent == 3);
}

/// The weights of x (T, B, 3) through the nodes that `add` makes.
io::ModelWeights made(auto add) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("y");
    file.count("v", {3}); // 1, 2, 3
    file.tensor<float>("two", {}, std::vector<float>{2});
    file.count("W", {3, 2}); // 1, 2; 3, 4; 5, 6
    add(file);
    Error error;
    auto weights = read(file.bytes(), error);
    EXPECT_EQ(error.message, "");
    return weights;
}

TEST(OnnxPolicies, NumbersOfFeaturesBecomeAPartOfALayerBesideThem) {
    using Numbers = std::vector<double>;
    auto before = made([](OnnxFile& f) { // (2 - (x - v)) / v W
        f.node("Sub", {"x", "v"}, {"a"});
        f.node("Sub", {"two", "a"}, {"b"});
        f.node("Div", {"b", "v"}, {"c"});
        f.node("MatMul", {"c", "W"}, {"y"});
    });
    ASSERT_EQ(before.layers.size(), 1u);
    const Numbers expected{-1, -1.5, -5. / 3, -2, -2, -2};
    ASSERT_EQ(before.layers[0].arrays[0].values.size(), expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k)
        EXPECT_NEAR(before.layers[0].arrays[0].values[k], expected[k], 1e-12) << k;
    ASSERT_TRUE(before.layers[0].facts.bias);
    EXPECT_NEAR(before.layers[0].arrays[1].values[0], 3 * 1 + 2 * 3 + 5. / 3 * 5, 1e-12);
    EXPECT_NEAR(before.layers[0].arrays[1].values[1], 3 * 2 + 2 * 4 + 5. / 3 * 6, 1e-12);

    const auto after = made([](OnnxFile& f) { // 2 x W, and a bias that is zero
        f.node("MatMul", {"x", "W"}, {"a"});
        f.node("Mul", {"two", "a"}, {"b"});
        f.node("Add", {"b", f.tensor<float>("zero", {2}, std::vector<float>{0, 0})}, {"y"});
    });
    ASSERT_EQ(after.layers.size(), 1u);
    EXPECT_EQ(after.layers[0].arrays[0].values, (Numbers{2, 6, 10, 4, 8, 12}));
    EXPECT_EQ(after.layers[0].arrays[1].values, (Numbers{0, 0}));

    const auto between = made([](OnnxFile& f) { // of no layer: a Linear of a diagonal
        f.node("Mul", {"x", "v"}, {"a"});
        f.node("Add", {"a", "two"}, {"b"});
        f.node("Tanh", {"b"}, {"y"});
    });
    ASSERT_EQ(between.layers.size(), 2u);
    EXPECT_EQ(between.layers[0].arrays[0].values, (Numbers{1, 0, 0, 0, 2, 0, 0, 0, 3}));
    EXPECT_EQ(between.layers[0].arrays[1].values, (Numbers{2, 2, 2}));

    const auto recurrent = made([](OnnxFile& f) { // of both directions
        f.recurrent("l", 2, 3, 3, 2);
        f.node("Mul", {"x", "v"}, {"a"});
        f.node("Add", {"a", "two"}, {"b"});
        f.node("GRU", {"b", "l.W", "l.R", "l.B"}, {"Y"}, {OnnxFile::attribute("direction", "bidirectional")});
        f.node("Transpose", {"Y"}, {"t"}, {OnnxFile::attribute("perm", std::vector<std::int64_t>{0, 2, 1, 3})});
        f.node("Reshape", {"t", f.wholes("shape", {0, 0, -1})}, {"y"});
    });
    ASSERT_EQ(recurrent.layers.size(), 1u);
    const auto& arrays = recurrent.layers[0].arrays;
    for (const std::size_t d : {0u, 1u}) { // ONNX's z, r, h are PyTorch's r, z, n: its first row is row 2 of W
        const double w = double(7 + 18 * d);
        EXPECT_EQ((Numbers{arrays[4 * d].values.begin(), arrays[4 * d].values.begin() + 3}),
                  (Numbers{w, 2 * (w + 1), 3 * (w + 2)}));
        EXPECT_EQ(arrays[4 * d + 2].values[0], double(2002 + 12 * d) + 2 * (3 * w + 3));
        EXPECT_EQ(arrays[4 * d + 3].values[0], double(2008 + 12 * d));
    }

    const auto without = made([](OnnxFile& f) { // biases
        f.recurrent("l", 1, 3, 3, 2);
        f.node("Sub", {"x", "v"}, {"a"});
        f.node("GRU", {"a", "l.W", "l.R"}, {"Y"});
        f.node("Squeeze", {"Y", f.wholes("axis", {1})}, {"y"});
    });
    ASSERT_EQ(without.layers.size(), 1u);
    ASSERT_TRUE(without.layers[0].facts.bias);
    EXPECT_EQ(without.layers[0].arrays.size(), 4u);
    EXPECT_EQ(without.layers[0].arrays[2].values[0], -(7. * 1 + 8 * 2 + 9 * 3));
    EXPECT_EQ(without.layers[0].arrays[3].values, Numbers(6));
}

/// The layers of x (T, B, 3) through one node.
std::string one(const std::string& op, std::initializer_list<OnnxFile::Writer> attributes = {},
                std::initializer_list<std::string_view> more = {}, std::int64_t opset = 17) {
    OnnxFile file;
    file.input("x", {0, 0, 3}).output("y");
    file.count("v", {3});
    file.count("column", {3, 1});
    file.tensor<float>("low", {}, std::vector<float>{-2});
    file.tensor<float>("zero", {}, std::vector<float>{0});
    file.tensor<float>("high", {}, std::vector<float>{0.5});
    file.tensor<float>("odd", {}, std::vector<float>{1e-20f});
    std::vector<std::string_view> inputs{"x"};
    inputs.insert(inputs.end(), more.begin(), more.end());
    OnnxFile::Writer node;
    for (const auto name : inputs) node.text(1, name);
    node.text(2, "y").text(3, "y").text(4, op);
    for (const auto& attribute : attributes) node.message(5, attribute);
    file.raw(1, node);
    return layers_of(file.bytes(opset));
}

OnnxFile::Writer real(std::string_view name, float value) {
    return OnnxFile::Writer{}.text(1, name).real(2, value).whole(20, 1);
}

TEST(OnnxPolicies, Activations) {
    EXPECT_EQ(one("Elu"), "ELU 3, 1");
    EXPECT_EQ(one("Elu", {real("alpha", 0.3f)}), "ELU 3, 0.3");
    EXPECT_EQ(one("LeakyRelu"), "LeakyReLU 3, 0.01");
    EXPECT_EQ(one("LeakyRelu", {real("alpha", 0.2f)}), "LeakyReLU 3, 0.2");
    EXPECT_EQ(one("HardSigmoid"), "Hardsigmoid 3, 0.2, 0.5");
    EXPECT_EQ(one("Softsign"), "Softsign 3");
    EXPECT_EQ(one("Softplus"), "Softplus 3");
    EXPECT_EQ(one("ThresholdedRelu"), "Threshold 3, 1");
    EXPECT_EQ(one("ThresholdedRelu", {real("alpha", -0.25f)}), "Threshold 3, -0.25");
    EXPECT_EQ(one("LogSoftmax"), "LogSoftmax 3");
    EXPECT_EQ(one("Gelu", {}, {}, 20), "GELU 3");
    EXPECT_EQ(one("Gelu", {OnnxFile::attribute("approximate", "tanh")}, {}, 20), "TanhGELU 3");
    EXPECT_EQ(one("Swish", {}, {}, 24), "SiLU 3");
    EXPECT_EQ(one("Clip", {}, {"low", "high"}), "Hardtanh 3, -2, 0.5");
    EXPECT_EQ(one("Clip", {real("min", 0), real("max", 6)}, {}, 10), "Hardtanh 3, 0, 6");
    EXPECT_EQ(one("Clip", {}, {"zero"}), "ReLU 3");
    EXPECT_EQ(one("Clip", {}, {"low"}), "Hardtanh 3, -2, inf");
    EXPECT_EQ(one("Clip", {}, {"", "high"}), "Hardtanh 3, -inf, 0.5");
    EXPECT_EQ(one("Clip", {real("max", 6)}, {}, 10), "Hardtanh 3, -inf, 6");
    const std::string refused = "onnx: node \"y\" (";
    EXPECT_EQ(one("Clip", {}, {"high", "low"}),
              refused + "Clip): its limits are 0.5 and -2; expected a lower and a higher one");
    EXPECT_EQ(one("Clip", {}, {"x"}), refused + "Clip): its limit \"x\" is no number of the file");
    EXPECT_EQ(one("Elu", {real("alpha", -1)}), refused + "Elu): its alpha is -1; expected 0 or more");
    EXPECT_EQ(one("Elu", {real("alpha", 1e-20f)}),
              refused + "Elu): its number 1e-20 is no fraction of two ints, as Rondo's ELU takes it");
    EXPECT_EQ(one("Swish", {real("alpha", 2)}, {}, 24), refused + "Swish): its alpha is 2; Rondo's SiLU has 1");
    EXPECT_EQ(one("LogSoftmax", {OnnxFile::attribute("axis", std::int64_t{0})}),
              refused + "LogSoftmax): its axis is not that of the features");
    EXPECT_EQ(one("Mul", {}, {"x"}), refused + "Mul): it multiplies what a layer gives, which no layer of Rondo does");
    EXPECT_EQ(one("Mul", {}, {"column"}), refused + "Mul): \"column\" has the shape [3,1]; expected one number, or one "
                                                    "for each of the 3 features");
    EXPECT_EQ(one("Mul", {}, {"v"}), "Linear 3 -> 3");
    EXPECT_EQ(one("Selu"), refused + "Selu): Rondo has no such operator");
}

TEST(OnnxPolicies, AStateMayBeMaskedByAnInputButNotScaled) {
    const auto masked = [](auto first) {
        OnnxFile file;
        file.input("x", {1, 4, 3}).input("h", {1, 4, 2}).input("done", {1, 4, 1}).output("y");
        file.recurrent("l", 1, 3, 3, 2);
        file.tensor<float>("1", {}, std::vector<float>{1});
        file.tensor<float>("half", {}, std::vector<float>{0.5});
        first(file);
        file.node("GRU", {"x", "l.W", "l.R", "l.B", "", "first"}, {"Y", "y"});
        return layers_of(file);
    };
    const std::string read = "GRUResetBefore 3 -> 2; LastStep 2",
                      refused = "onnx: node \"Y\" (GRU): its first state is computed from the data";
    EXPECT_EQ(masked([](OnnxFile& f) {
                  f.node("Sub", {"1", "done"}, {"keep"});
                  f.node("Mul", {"h", "keep"}, {"first"});
              }),
              read);
    EXPECT_EQ(masked([](OnnxFile& f) { f.node("Mul", {"done", "h"}, {"first"}); }), read);
    EXPECT_EQ(masked([](OnnxFile& f) { f.node("Mul", {"h", "half"}, {"first"}); }), refused);
    const std::string product =
        "onnx: node \"first\" (Mul): it multiplies what a layer gives, which no layer of Rondo does";
    EXPECT_EQ(masked([](OnnxFile& f) {
                  f.node("Mul", {"done", "half"}, {"keep"});
                  f.node("Mul", {"h", "keep"}, {"first"});
              }),
              product);
    EXPECT_EQ(masked([](OnnxFile& f) { f.node("Mul", {"h", "x"}, {"first"}); }), product);
}

TEST(OnnxPolicies, StepsOfAllSequencesAlongOneAxisBecomeTwo) {
    OnnxFile file;
    const auto extent = [](std::string_view name) { return OnnxFile::Writer{}.text(2, name); };
    const auto input = [&](std::string_view name, const OnnxFile::Writer& shape) {
        file.raw(11, OnnxFile::Writer{}.text(1, name).message(
                         2, OnnxFile::Writer{}.message(1, OnnxFile::Writer{}.whole(1, 1).message(2, shape))));
    };
    input("x", OnnxFile::Writer{}.message(1, extent("rows")).message(1, OnnxFile::Writer{}.whole(1, 3)));
    input("h", OnnxFile::Writer{}
                   .message(1, OnnxFile::Writer{}.whole(1, 1))
                   .message(1, extent("agents"))
                   .message(1, OnnxFile::Writer{}.whole(1, 2)));
    file.output("y");
    file.recurrent("l", 1, 3, 3, 2);
    file.node("Shape", {"h"}, {"shape"});
    file.node("Gather", {"shape", file.wholes("one", {1})}, {"agents"});
    file.node("Concat", {file.wholes("open", {-1}), "agents", file.wholes("three", {3})}, {"to"},
              {OnnxFile::attribute("axis", std::int64_t{0})});
    file.node("Reshape", {"x", "to"}, {"steps"});
    file.node("GRU", {"steps", "l.W", "l.R", "l.B", "", "h"}, {"Y"});
    file.node("Reshape", {"Y", file.wholes("flat", {-1, 2})}, {"y"});
    EXPECT_EQ(layers_of(file), "GRUResetBefore 3 -> 2");
}

} // namespace onnx_policies_test
