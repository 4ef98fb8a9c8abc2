// SPDX-License-Identifier: MIT
#include <rondo/io/guitarml.hpp>

#include <rondo/io/probe.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/stream/packed.hpp>
#include <rondo/stream/stream.hpp>

#include <support/model_text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace guitarml_test {

using namespace rondo;
using B = EigenBackend<double>;

const auto parse = [](std::string_view text, Error* error) {
    return error ? io::parse_guitarml(text, *error) : io::parse_guitarml(text);
};

TEST(GuitarML, ComputesWhatPyTorchComputes) {
    using Driven = ResidualOfFirst<Sequential<LSTM<2, 3, Stack{.layers = 2}>, Linear<3, 1>>>;
    const io::Probe probe = probe_of("guitarml_lstm");
    Model<Driven, B> driven;
    load(driven, io::read_guitarml(model_file("guitarml_lstm.json")), probe);
    const Packed packed{driven};
    Stream stream{packed};
    for (std::size_t n = 0; n < probe.output.size(); ++n)
        EXPECT_NEAR(stream.step(std::span<const double, 2>{&probe.input[2 * n], 2})[0], probe.output[n], 1e-14);

    using Plain = Sequential<GRU<1, 3, Stack{.layers = 2}>, LinearWithoutBias<3, 1>>;
    Model<Plain, B> plain;
    load(plain, io::parse_guitarml(io::read_text(model_file("guitarml_gru.json"))), probe_of("guitarml_gru"));
}

const std::string small =
    R"({"model_data":{"model":"SimpleRNN","input_size":1,"skip":1,"output_size":1,"unit_type":"RNN","num_layers":1,)"
    R"("hidden_size":2,"bias_fl":true,"loss":0.5},"state_dict":{"rec.weight_ih_l0":[[1],[2]],)"
    R"("rec.weight_hh_l0":[[3,4],[5,6]],"rec.bias_ih_l0":[7,8],"rec.bias_hh_l0":[9,10],"lin.weight":[[11,12]],)"
    R"("lin.bias":[13]}})";

TEST(GuitarML, TellsTheLayers) {
    const io::ModelWeights weights = io::parse_guitarml(small);
    ASSERT_EQ(weights.layers.size(), 3u);
    EXPECT_EQ(describe(weights.layers[0].facts), "RNN 1 -> 2");
    EXPECT_EQ(describe(weights.layers[1].facts), "Linear 2 -> 1");
    EXPECT_EQ(describe(weights.layers[2].facts), "Skip of 1 over 2 layers");
    Model<Residual<Sequential<RNN<1, 2>, Linear<2, 1>>>, B> model;
    load(model, weights);
    EXPECT_EQ(model.tensor<"0.weight_hh_l0">()(1, 0), 5);
    EXPECT_EQ(model.tensor<"0.bias_hh_l0">()(1), 10);
    EXPECT_EQ(model.tensor<"1.bias">()(0), 13);
    Model<Residual<Sequential<ReluRNN<1, 2>, Linear<2, 1>>>, B> other;
    EXPECT_EQ(failure_of([&] { load(other, weights); }).message,
              "guitarml: layer 0: expected ReluRNN 1 -> 2 for the network's \"0\", got RNN 1 -> 2");
}

TEST(GuitarML, TellsTheNumbersOfTheFile) {
    using Numbers = decltype(io::ModelWeights::numbers);
    const auto numbers = [](const std::string& more) {
        return io::parse_guitarml("\xEF\xBB\xBF" + replaced(small, R"({"model_data")", "{" + more + R"("model_data")"))
            .numbers;
    };
    EXPECT_EQ(numbers(""), Numbers{});
    EXPECT_EQ(numbers(R"("sample_rate":44100,)"), (Numbers{{"samplerate", 44100}}));
    EXPECT_EQ(numbers(R"("sample_rate":"44100",)"), (Numbers{{"samplerate", 44100}}));
    EXPECT_EQ(numbers(R"("sample_rate":44100,"metadata":{"samplerate":"48000"},)"), (Numbers{{"samplerate", 48000}}));
    EXPECT_EQ(numbers(R"("metadata":{"samplerate":48000,"esr":0.01},"sample_rate":44100,"in_gain":-3,)"),
              (Numbers{{"samplerate", 48000}, {"esr", 0.01}, {"in_gain", -3}}));
}

TEST(GuitarML, RefusesWhatItCannotRead) {
    const auto problem = [](std::string_view from, std::string_view to) {
        const Error error = refused(replaced(small, from, to), parse);
        EXPECT_EQ(error.kind, Error::Kind::format);
        EXPECT_TRUE(error.message.starts_with("guitarml: ")) << error.message;
        return error.message.substr(10);
    };
    EXPECT_EQ(problem("model_data", "data"),
              "no \"model_data\" or no \"state_dict\"; is it a model of Automated-GuitarAmpModelling?");
    EXPECT_EQ(problem("SimpleRNN", "ConvSimpleRNN"), "model: expected \"SimpleRNN\", got \"ConvSimpleRNN\"");
    EXPECT_EQ(problem("\"RNN\"", "\"QRNN\""), "unit_type: expected \"LSTM\", \"GRU\" or \"RNN\", got \"QRNN\"");
    EXPECT_EQ(problem("\"RNN\"", "\"GRU\""), "tensor rec.weight_ih_l0: expected [6,1], got [2,1]");
    EXPECT_EQ(problem("rec.bias_hh_l0", "rec.bias"), "tensor rec.bias_hh_l0 [2] is missing");
    EXPECT_EQ(problem("\"lin.bias\":[13]", "\"lin.bias\":[13],\"\":[1]"), "tensor  is not one of the model's");
    EXPECT_EQ(problem("\"lin.bias\":[13]", "\"lin.bias\":[13],\"lin.bias\":[1]"), "tensor \"lin.bias\" comes twice");
    EXPECT_EQ(problem("[[11,12]]", "[[11],[12]]"), "tensor lin.weight: expected [1,2], got [2,1]");
    EXPECT_EQ(problem("\"num_layers\":1", "\"num_layers\":2"), "tensor rec.weight_ih_l1 [2,2] is missing");
    EXPECT_EQ(problem("\"num_layers\":1", "\"num_layers\":65"), "num_layers: expected 1 to 64, got 65");
    EXPECT_EQ(problem("\"skip\":1", "\"skip\":2"),
              "skip: expected 0 or as many as there are outputs and at most as there are inputs, got 2");
    EXPECT_EQ(problem(",\"bias_fl\":true", ""), "model_data: no \"bias_fl\"");
    EXPECT_EQ(problem("true", "1").substr(0, 4), "byte");
    EXPECT_EQ(refused(replaced(small, "[13]", "[-Infinity]"), parse).kind, Error::Kind::not_finite);
    expect_whole_files_only(small, parse);
    EXPECT_EQ(failure_of([&] { io::read_guitarml("/no such file"); }).kind, Error::Kind::file);
}

} // namespace guitarml_test
