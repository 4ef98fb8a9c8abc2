// SPDX-License-Identifier: MIT
#include <rondo/io/rtneural.hpp>

#include <rondo/io/probe.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/layer/softmax.hpp>

#include <support/folder.hpp>
#include <support/model_text.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace rtneural_test {

using namespace rondo;
using B = EigenBackend<double>;
using Amp =
    ResidualOfFirst<Sequential<Linear<2, 3>, Tanh<3>, GRU<3, 5>, Named<"lstm", LSTM<5, 3>>, Linear<3, 1>, Sigmoid<1>>>;

const auto parse = [](std::string_view text, Error* error) {
    return error ? io::parse_rtneural(text, *error) : io::parse_rtneural(text);
};

TEST(RTNeural, ComputesWhatPyTorchComputes) {
    const io::ModelWeights weights = io::read_rtneural(model_file("rtneural.json"));
    Model<Amp, B> model;
    load(model, weights, probe_of("rtneural"));
    EXPECT_EQ(weights.numbers, (decltype(weights.numbers){{"samplerate", 48000}}));

    Error error;
    Model<Amp, B> again;
    load(again, io::parse_rtneural(io::read_text(model_file("rtneural.json")), error), error);
    EXPECT_FALSE(error) << error.message;
    EXPECT_EQ(again, model);
}

/// One layer with two inputs and one output.
std::string one_layer(const std::string& type, const std::string& weights, const std::string& more = "",
                      const std::string& size = "1") {
    return R"({"in_shape":[null,null,2],"layers":[{"type":")" + type + R"(","activation":"","shape":[null,null,)" +
           size + R"(],"weights":[)" + weights + "]" + more + "}]}";
}
std::string problem(const std::string& text) {
    const Error error = refused(text, parse);
    EXPECT_EQ(error.kind, Error::Kind::format);
    EXPECT_TRUE(error.message.starts_with("rtneural: ")) << error.message;
    return error.message.substr(10);
}

TEST(RTNeural, TellsWhichGruItIs) {
    const std::string kernels = "[[1,2,3],[4,5,6]],[[7,8,9]]";
    const auto kind = [&](const std::string& bias) {
        return describe(io::parse_rtneural(one_layer("gru", kernels + bias)).layers.at(0).facts);
    };
    EXPECT_EQ(kind(",[[1,2,3],[4,5,6]]"), "GRU 2 -> 1");
    EXPECT_EQ(kind(",[1,2,3]"), "GRUResetBefore 2 -> 1");
    EXPECT_EQ(problem(one_layer("gru", kernels)), "layer 0 (gru): expected a bias, got none");
    const auto weights = io::parse_rtneural(one_layer("gru", kernels + ",[1,2,3]"));
    EXPECT_EQ(weights.layers[0].arrays[0], (io::Array{3, 2, {2, 5, 1, 4, 3, 6}})); // r, z, n of z, r, h
    EXPECT_EQ(weights.layers[0].arrays[1], (io::Array{3, 1, {8, 7, 9}}));
    EXPECT_EQ(weights.layers[0].arrays[2], (io::Array{3, 1, {2, 1, 3}}));
    EXPECT_EQ(weights.layers[0].arrays[3], (io::Array{3, 1, {0, 0, 0}}));
}

TEST(RTNeural, ReadsLayersWithoutBiasAndActivations) {
    const auto lstm = io::parse_rtneural(one_layer("lstm", "[[1,2,3,4],[5,6,7,8]],[[9,10,11,12]]"));
    EXPECT_EQ(lstm.layers.at(0).arrays.at(0), (io::Array{4, 2, {1, 5, 2, 6, 3, 7, 4, 8}}));
    EXPECT_EQ(lstm.layers.at(0).arrays.at(2), (io::Array{4, 1, {0, 0, 0, 0}}));
    const auto dense = io::parse_rtneural(
        replaced(one_layer("dense", "[[1],[2]]"), R"("activation":"")", R"("activation":"softmax")"));
    ASSERT_EQ(dense.layers.size(), 2u);
    EXPECT_EQ(describe(dense.layers[0].facts), "Linear 2 -> 1, no bias");
    EXPECT_EQ(describe(dense.layers[1].facts), "Softmax 1");
    const auto alone = io::parse_rtneural(
        replaced(one_layer("activation", "", "", "2"), R"("activation":"")", R"("activation":"relu")"));
    ASSERT_EQ(alone.layers.size(), 1u);
    EXPECT_EQ(describe(alone.layers[0].facts), "ReLU 2");
}

TEST(RTNeural, ReadsAProbeOfTheFile) {
    const auto weights = io::parse_rtneural(
        replaced(one_layer("dense", "[[0.5],[2]]"), "{", R"({"input_batch":[1,2,3,4],"output_batch":[[4.5],[9.5]],)"));
    Model<LinearWithoutBias<2, 1>, B> model;
    ASSERT_TRUE(weights.probe);
    load(model, weights, *weights.probe);
    EXPECT_EQ(model.tensor<"weight">()(0, 0), 0.5);
}

TEST(RTNeural, TellsTheNumbersOfTheFile) {
    using Numbers = decltype(io::ModelWeights::numbers);
    const auto numbers = [](const std::string& more) {
        const std::string text = replaced(one_layer("dense", "[[1],[2]]"), "{", "{" + more + ",");
        return io::parse_rtneural("\xEF\xBB\xBF" + text).numbers;
    };
    EXPECT_EQ(numbers(R"("metadata":{"samplerate":"48000"})"), (Numbers{{"samplerate", 48000}}));
    EXPECT_EQ(numbers(R"("metadata":{"samplerate":48000})"), (Numbers{{"samplerate", 48000}}));
    EXPECT_EQ(numbers(R"("samplerate":"48000")"), (Numbers{{"samplerate", 48000}}));
    for (const char* both : {R"("metadata":{"samplerate":48000},"samplerate":44100)",
                             R"("samplerate":44100,"metadata":{"samplerate":"48000"})",
                             R"("sample_rate":44100,"metadata":{"samplerate":null},"samplerate":48000)"})
        EXPECT_EQ(numbers(both), (Numbers{{"samplerate", 48000}})) << both;
    EXPECT_EQ(numbers(R"("in_gain":"-3","metadata":{"samplerate":"high","name":"1","esr":0.5,"in_gain":1})"
                      R"(,"out_gain":2)"),
              (Numbers{{"in_gain", -3}, {"esr", 0.5}, {"out_gain", 2}}));
    for (const char* none :
         {R"("samplerate":null)", R"("samplerate":"")", R"("samplerate":"inf")", R"("metadata":[1])"})
        EXPECT_EQ(numbers(none), Numbers{}) << none;
    const auto twice = [](const std::string& more) {
        return problem(replaced(one_layer("dense", "[[1],[2]]"), "{", "{" + more + ","));
    };
    EXPECT_EQ(twice(R"("in_gain":1,"in_gain":2)"), "\"in_gain\" comes twice");
    EXPECT_EQ(twice(R"("samplerate":1,"samplerate":1)"), "\"samplerate\" comes twice");
    EXPECT_EQ(twice(R"("metadata":{},"metadata":{})"), "\"metadata\" comes twice");
}

TEST(RTNeural, RefusesWhatItCannotRead) {
    EXPECT_EQ(problem("{}"), "no \"in_shape\"; is it a model of RTNeural?");
    EXPECT_EQ(problem(R"({"in_shape":[null,1]})"), "no \"layers\"");
    EXPECT_EQ(problem(R"({"in_shape":[1,null],"layers":[]})"), "in_shape: expected a size from 1 on at its end");
    EXPECT_EQ(problem(R"({"in_shape":[1],"in_shape":[1],"layers":[]})"), "\"in_shape\" comes twice");
    EXPECT_EQ(problem(one_layer("conv1d", "[[1],[2]]")),
              "layer 0 (conv1d): a layer of this type cannot be read; dense, time-distributed-dense, lstm, gru and "
              "activation can");
    EXPECT_EQ(problem(replaced(one_layer("dense", "[[1],[2]]"), "\"activation\":\"\"", "\"activation\":\"elu\"")),
              "layer 0 (dense): the activation \"elu\" cannot be read; linear, relu, tanh, sigmoid and softmax can");
    EXPECT_EQ(problem(replaced(one_layer("lstm", "[[1]]"), "\"activation\":\"\"", "\"activation\":\"relu\"")),
              "layer 0 (lstm): expected the activation tanh, got \"relu\"");
    EXPECT_EQ(problem(one_layer("dense", "[[1,2]]")), "layer 0 (dense): expected weights [2,1], got [1,2]");
    EXPECT_EQ(problem(one_layer("dense", "[1,2]")), "layer 0 (dense): expected weights [2,1], got [2]");
    EXPECT_EQ(problem(one_layer("dense", "[[1],[2]],[1,2]")), "layer 0 (dense): expected weights [1], got [2]");
    EXPECT_EQ(problem(one_layer("dense", "[[1],[2]],[1],[1]")),
              "layer 0 (dense): expected 1 or 2 lists of weights, got 3");
    EXPECT_EQ(problem(one_layer("lstm", "[[1,2,3,4],[5,6,7,8]]")),
              "layer 0 (lstm): expected 2 or 3 lists of weights, got 1");
    EXPECT_EQ(problem(one_layer("lstm", "[[1,2,3,4],[5,6,7,8]],[[9,10,11,12]],[1,2,3]")),
              "layer 0 (lstm): expected weights [4], got [3]");
    EXPECT_EQ(problem(one_layer("lstm", "[[1,2,3,4],[5,6,7,8]],[[9,10,11]]")),
              "layer 0 (lstm): expected weights [1,4], got [1,3]");
    EXPECT_EQ(problem(one_layer("activation", "", "", "3")),
              "layer 0 (activation): expected no weights and 2 features");
    EXPECT_EQ(problem(one_layer("dense", "[[1],[2]]", "", "0")),
              "layer 0 (dense): expected a shape that ends in 1 to 1048576");
    EXPECT_EQ(problem(one_layer("dense", "[[1],[2]]", "", "2097152")),
              "layer 0 (dense): expected a shape that ends in 1 to 1048576");
    EXPECT_EQ(problem(replaced(one_layer("dense", "[[1],[2]]"), "{", R"({"in_skip":2,)")),
              "in_skip: expected 0, or 1 where there are no more outputs than inputs, got 2");
    EXPECT_EQ(problem(R"({"in_shape":[1],"layers":[{"type":"dense","shape":[1]}]})"), "layer 0 has no \"weights\"");
    EXPECT_EQ(problem(one_layer("dense", "[[\"1\"],[2]]")).substr(0, 4), "byte");
}

TEST(RTNeural, RefusesNumbersThatAreNotFinite) {
    for (const char* number : {"NaN", "Infinity", "-Infinity", "1e999"}) {
        const Error error = refused(one_layer("dense", std::string{"[["} + number + "],[2]]"), parse);
        EXPECT_EQ(error.kind, Error::Kind::not_finite) << error.message;
    }
}

TEST(RTNeural, ReadsWholeFilesOnly) {
    expect_whole_files_only(one_layer("gru", "[[1,2,3],[4,5,6]],[[7,8,9]],[1,2,3]", R"(,"units":[{"a":null}])"), parse);
    const TemporaryFolder folder;
    Error error;
    EXPECT_TRUE(io::read_rtneural(folder / "none", error).layers.empty());
    EXPECT_EQ(error.kind, Error::Kind::file);
    EXPECT_EQ(failure_of([&] { io::read_rtneural(folder / "none"); }), error);
    std::ofstream{folder / "large"}.put('{');
    std::filesystem::resize_file(folder / "large", io::text_model_limit + 1); // a sparse file
    EXPECT_EQ(failure_of([&] { io::read_rtneural(folder / "large"); }).kind, Error::Kind::file);
    EXPECT_EQ(failure_of([&] { io::read_rtneural(model_file("nam.nam")); }).message,
              model_file("nam.nam").string() + ": no \"in_shape\"; is it a model of RTNeural?");
}

TEST(RTNeural, IsComparedWithTheNetwork) {
    const io::ModelWeights weights = io::read_rtneural(model_file("rtneural.json"));
    const std::string source = model_file("rtneural.json").string();
    const auto message = [&]<class Net>(Net) {
        Model<Net, B> model{Seed{1}};
        const auto before = model;
        Error error;
        load(model, weights, error);
        EXPECT_EQ(error.kind, Error::Kind::mismatch);
        EXPECT_EQ(model, before);
        EXPECT_EQ(failure_of([&] { load(model, weights); }), error);
        EXPECT_EQ(error.message.substr(0, source.size()), source);
        return error.message.substr(source.size());
    };
    EXPECT_EQ(message(Sequential<Linear<2, 3>, ReLU<3>>{}),
              ": layer 0 (time-distributed-dense)'s activation: expected ReLU 3 for the network's \"1\", got Tanh 3");
    EXPECT_EQ(message(Sequential<Linear<2, 3>, Tanh<3>, GRUResetBefore<3, 5>>{}),
              ": layer 1 (gru): expected GRUResetBefore 3 -> 5 for the network's \"2\", got GRU 3 -> 5");
    EXPECT_EQ(message(Sequential<Linear<2, 3>, Tanh<3>, GRU<3, 5>, LSTM<5, 3, Stack{.layers = 2}>>{}),
              ": layer 3 (dense): expected LSTM 3 -> 3 for the network's \"3, layer 1\", got Linear 3 -> 1");
    EXPECT_EQ(message(Sequential<Linear<2, 3>, Tanh<3>, GRU<3, 5>, LSTM<5, 3>, Linear<3, 1>, Sigmoid<1>>{}),
              ": in_skip, Skip of 1 over 6 layers, is not one of the network's, which has 6 layers");
}

} // namespace rtneural_test
