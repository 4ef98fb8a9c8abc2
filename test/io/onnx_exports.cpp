// SPDX-License-Identifier: MIT
// Exports of other programs, each with ONNX Runtime's output for an input (test/exports/exports.py --keep).
#include "onnx_file.hpp"

#include <rondo/io/safetensors.hpp>
#include <rondo/rondo.hpp>

#include "../support/data.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace onnx_exports_test {

using namespace rondo;
constexpr Stack both_ways{.bidirectional = true};

template <class S>
std::vector<S> numbers(const io::SafetensorsFile& file, std::string_view name) {
    const io::TensorInfo* info = file.find(name);
    if (!info) return {};
    const auto bytes = file.bytes(*info);
    std::vector<S> all(bytes.size() / sizeof(S));
    std::memcpy(all.data(), bytes.data(), bytes.size());
    return all;
}

/// Compares the network in a file with the output and the states in the files beside it.
template <class Net, class X>
void expect_same(const std::string& name, std::string_view output = {}) {
    SCOPED_TRACE(name);
    const std::filesystem::path folder = test_data() / "io" / "data";
    const io::SafetensorsFile data{folder / (name + ".safetensors")};
    Model<Net> model;
    load(model, io::read_onnx(folder / (name + ".onnx"), {.output = output}));

    constexpr bool tokens = std::is_same_v<X, int>;
    const io::TensorInfo& info = *data.find(tokens ? "tokens" : "x");
    const auto x = numbers<X>(data, info.name);
    const auto y = numbers<float>(data, "y");
    auto states = numbers<float>(data, "h0");
    const auto c0 = numbers<float>(data, "c0");
    states.insert(states.end(), c0.begin(), c0.end());
    constexpr int in = [] {
        if constexpr (tokens) return 1;
        else return int(Net::input_size);
    }();
    const SequenceView<const X, in> sequence{x.data(), nullptr, {int(info.shape[0]), int(info.shape[1])}};
    Workspace<Net, EigenBackend<float>> work;
    const auto result = [&] {
        if (states.empty()) return work.forward(model, sequence);
        BatchState<Net, EigenBackend<float>> state{sequence.extent.batch};
        state.assign(states);
        return work.forward(model, state, sequence);
    }();
    ASSERT_EQ(result.size(), y.size());
    for (std::size_t k = 0; k < y.size(); ++k) EXPECT_NEAR(result.value[k], y[k], 1e-5) << k;
}

TEST(OnnxExports, ComputeWhatOnnxRuntimeDoes) {
    expect_same<Sequential<LSTM<3, 5, Stack{.layers = 2}>, Linear<5, 1>>, float>("onnx_pytorch", "y");
    expect_same<Sequential<Embedding<7, 3>, GRU<3, 5, both_ways>, LastStep<10>, Linear<10, 1>>, int>(
        "onnx_pytorch_legacy");
    expect_same<Sequential<Embedding<7, 3>, LSTM<3, 5, both_ways>, Linear<10, 2>>, int>("onnx_keras");
    expect_same<Sequential<GRU<3, 5, both_ways>, FinalStates<5>, Linear<10, 1>, Sigmoid<1>>, float>("onnx_keras_loop");
    expect_same<Sequential<Embedding<7, 3>, RNN<3, 5>, Linear<5, 2>>, int>("onnx_tf2onnx_loop");
}

/// x (T, B, 3) through a Loop, whose body `more` adds to: the names of its condition and of its next state are "go" and
/// "next"; of 2 units.
std::string with_loop(auto more, std::string_view steps = "steps", std::string_view condition = "") {
    OnnxFile body, file;
    body.input("i", {}, OnnxFile::Tensor::int64).input("on", {}).input("h", {0, 2});
    body.output("go").output("next").output("each");
    body.count("one", {}, 1);
    body.node("Gather", {"x", "i"}, {"step"}, {OnnxFile::attribute("axis", std::int64_t{0})});
    body.node("MatMul", {"step", "W"}, {"a"});
    body.node("MatMul", {"h", "R"}, {"b"});
    body.node("Add", {"a", "b"}, {"c"});
    more(body);
    body.node("Identity", {"next"}, {"each"});
    file.input("x", {0, 0, 3}).output("y");
    file.count("W", {3, 2});
    file.count("R", {2, 2}, 100);
    file.count("U", {3, 3});
    file.tensor<std::int64_t>("0", {}, std::vector<std::int64_t>{0});
    file.tensor<std::int64_t>("5", {}, std::vector<std::int64_t>{5});
    file.node("Shape", {"x"}, {"shape"});
    file.node("Gather", {"shape", "0"}, {"steps"});
    file.node("Less", {"0", "steps"}, {"some"});
    file.node("Less", {"5", "0"}, {"none"});
    file.node("ConstantOfShape", {file.wholes("of h", {4, 2})}, {"zeros"});
    file.node("Loop", {steps, condition, "zeros"}, {"last", "y"}, {body.body()});
    return layers_of(file);
}

TEST(OnnxExports, ALoopIsReadIfItsBodyIsAStepOfACell) {
    const auto tanh = [](OnnxFile& f) { f.node("Tanh", {"c"}, {"next"}); };
    const auto on = [](OnnxFile& f) { f.node("Identity", {"on"}, {"go"}); };
    const auto both = [](auto one, auto other) { return [=](OnnxFile& f) { one(f), other(f); }; };
    const std::string loop = "onnx: node \"last\" (Loop): ",
                      other = loop + "its body is no step of an RNN or GRU as Rondo computes them";
    EXPECT_EQ(with_loop(both(tanh, on)), "RNN 3 -> 2");
    EXPECT_EQ(with_loop(both(tanh, on), "steps", "some"), "RNN 3 -> 2");
    EXPECT_EQ(with_loop(both([](OnnxFile& f) { f.node("Relu", {"c"}, {"next"}); }, on)), "ReluRNN 3 -> 2");
    EXPECT_EQ(with_loop(both([](OnnxFile& f) { f.node("Sigmoid", {"c"}, {"next"}); }, on)), other);
    EXPECT_EQ(with_loop(both([](OnnxFile& f) { f.node("Tanh", {"a"}, {"next"}); }, on)),
              loop + "a gate of its step reads no input, or no state");
    EXPECT_EQ(with_loop(both(
                  [](OnnxFile& f) { // twice the product of the input
                      f.node("Add", {"c", "a"}, {"d"});
                      f.node("Tanh", {"d"}, {"next"});
                  },
                  on)),
              other);
    EXPECT_EQ(with_loop(both([](OnnxFile& f) { f.node("Erf", {"c"}, {"next"}); }, on)),
              loop + "its node \"next\" (Erf): it is no operator of a cell that Rondo has");
    EXPECT_EQ(with_loop(both(tanh, [](OnnxFile& f) { f.node("Less", {"i", "5"}, {"go"}); })),
              loop + "its node \"go\" (Less): it compares the count with something else than the number of steps");
    EXPECT_EQ(with_loop(both(tanh, [](OnnxFile& f) { f.node("Less", {"i", "steps"}, {"go"}); })), "RNN 3 -> 2");
    EXPECT_EQ(with_loop(both(tanh, on), "5"), loop + "its node \"step\" (Gather): it reads \"x\" in other steps");
    EXPECT_EQ(with_loop(both(tanh, on), "steps", "none"), loop + "whether it runs is not known");
    EXPECT_EQ(with_loop([](OnnxFile& f) {
                  f.node("Tanh", {"c"}, {"next"});
                  f.node("Tanh", {"next"}, {"go"});
              }),
              loop + "whether it goes on is not known");
}

} // namespace onnx_exports_test
