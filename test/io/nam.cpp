// SPDX-License-Identifier: MIT
#include <rondo/io/nam.hpp>

#include <rondo/io/probe.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/stream/packed.hpp>
#include <rondo/stream/stream.hpp>

#include <support/model_text.hpp>

#include <gtest/gtest.h>

#include <string>

namespace nam_test {

using namespace rondo;
using B = EigenBackend<double>;
using Amp = Sequential<LSTM<1, 3, Stack{.layers = 2}>, Linear<3, 1>>;

const auto parse = [](std::string_view text, Error* error) {
    return error ? io::parse_nam(text, *error) : io::parse_nam(text);
};

TEST(Nam, StartsFromTheStateOfTheFile) {
    const io::ModelWeights weights = io::read_nam(model_file("nam.nam"));
    EXPECT_EQ(weights.numbers, (decltype(weights.numbers){{"sample_rate", 48000}}));
    const io::Probe probe = probe_of("nam");
    Model<Amp, B> model;
    State<Amp, double> first;
    load(model, first, weights, probe);
    EXPECT_NE(first, (State<Amp, double>{}));

    const Packed packed{model};
    Stream stream{packed};
    stream.reset(first);
    for (std::size_t n = 0; n < probe.input.size(); ++n)
        EXPECT_NEAR(stream.step(probe.input[n])[0], probe.output[n], 1e-14);

    Model<Amp, B> again;
    BatchState<Amp, B> batch{3};
    load(again, batch, io::parse_nam(io::read_text(model_file("nam.nam"))));
    EXPECT_EQ(again, model);
    for (int layer = 0; layer < 2; ++layer)
        for (int component = 0; component < 2; ++component)
            for (int b = 0; b < 3; ++b)
                for (int k = 0; k < 3; ++k)
                    EXPECT_EQ(batch.values()[std::size_t(component * 18 + layer * 9 + b * 3 + k)],
                              first.numbers()[std::size_t(layer * 32 + component * 16 + k)]);
}

TEST(Nam, IsNotLoadedWithoutItsState) {
    Model<Amp, B> model{Seed{1}};
    const auto before = model;
    const io::ModelWeights weights = io::read_nam(model_file("nam.nam"));
    const std::string message = weights.source + ": layer 0 has a first state; give load a State for it, too";
    expect_failure([&] { load(model, weights); }, Error::Kind::mismatch, message);
    expect_failure([&] { load(model, weights, probe_of("nam")); }, Error::Kind::mismatch, message);
    EXPECT_EQ(model, before);
}

const std::string small = R"({"version":"0.5.4","metadata":{"loudness":null,"checks":[true,{"a":1.5}]},)"
                          R"("architecture":"LSTM","config":{"input_size":1,"hidden_size":1,"num_layers":1},)"
                          R"("weights":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],"sample_rate":null})";

TEST(Nam, LaysTheNumbersOut) {
    const io::ModelWeights weights = io::parse_nam(small);
    ASSERT_EQ(weights.layers.size(), 2u);
    EXPECT_EQ(describe(weights.layers[0].facts), "LSTM 1 -> 1");
    EXPECT_EQ(weights.layers[0].arrays[0], (io::Array{4, 1, {1, 3, 5, 7}}));
    EXPECT_EQ(weights.layers[0].arrays[1], (io::Array{4, 1, {2, 4, 6, 8}}));
    EXPECT_EQ(weights.layers[0].arrays[2], (io::Array{4, 1, {9, 10, 11, 12}}));
    EXPECT_EQ(weights.layers[0].arrays[3], (io::Array{4, 1, {0, 0, 0, 0}}));
    EXPECT_EQ(weights.layers[0].first, (std::vector<double>{13, 14}));
    EXPECT_EQ(weights.layers[1].arrays[0], (io::Array{1, 1, {15}}));
    EXPECT_EQ(weights.layers[1].arrays[1], (io::Array{1, 1, {16}}));
    EXPECT_TRUE(weights.numbers.empty());
    const auto wide = io::parse_nam(
        replaced(replaced(small, R"("num_layers":1)", R"("num_layers":1,"in_channels":1,"out_channels":2)"), "16]",
                 "16,17,18]"));
    EXPECT_EQ(describe(wide.layers.at(1).facts), "Linear 1 -> 2");
}

TEST(Nam, TellsTheNumbersOfTheFile) {
    using Numbers = decltype(io::ModelWeights::numbers);
    const auto numbers = [](const std::string& metadata, const std::string& rate) {
        return io::parse_nam(replaced(replaced(small, R"({"loudness":null,"checks":[true,{"a":1.5}]})", metadata),
                                      R"("sample_rate":null)", rate))
            .numbers;
    };
    EXPECT_EQ(numbers(R"({"loudness":-18.5,"gain":NaN,"name":"7","date":{"year":2023},"input_level_dbu":12})",
                      R"("sample_rate":44100)"),
              (Numbers{{"loudness", -18.5}, {"input_level_dbu", 12}, {"sample_rate", 44100}}));
    EXPECT_EQ(numbers(R"({"loudness":-Infinity,"gain":Infinity})", R"("sample_rate":"48000")"),
              (Numbers{{"sample_rate", 48000}}));
    EXPECT_EQ(numbers(R"({"sample_rate":1})", R"("sample_rate":48000)"), (Numbers{{"sample_rate", 48000}}));
    EXPECT_EQ(numbers(R"({"sample_rate":"48000"})", R"("sample_rate":null)"), (Numbers{{"sample_rate", 48000}}));
    for (const char* other : {"null", "[1]", "\"none\""}) EXPECT_EQ(numbers(other, R"("sample_rate":null)"), Numbers{});
}

TEST(Nam, ReadsPastAByteOrderMark) {
    EXPECT_EQ(io::parse_nam("\xEF\xBB\xBF" + small).layers.size(), 2u);
    EXPECT_EQ(refused("\xEF\xBB\xBF[", parse).message, "nam: byte 3: expected '{', found '['");
}

TEST(Nam, RefusesWhatItCannotRead) {
    const auto problem = [](const std::string& text) {
        const Error error = refused(text, parse);
        EXPECT_EQ(error.kind, Error::Kind::format);
        EXPECT_TRUE(error.message.starts_with("nam: ")) << error.message;
        return error.message.substr(5);
    };
    EXPECT_EQ(problem("{}"), "no \"architecture\"; is it a NAM model?");
    EXPECT_EQ(problem(replaced(small, "LSTM", "WaveNet")), "architecture: expected \"LSTM\", got \"WaveNet\"");
    EXPECT_EQ(problem(replaced(small, "[1,2", "[2")), "weights: expected 16 numbers, got 15");
    EXPECT_EQ(problem(replaced(small, "[1,2", "[0,1,2")), "weights: expected 16 numbers, got 17");
    EXPECT_EQ(problem(replaced(small, "16]", "16,[]]")).substr(0, 4), "byte");
    EXPECT_EQ(problem(replaced(small, R"("hidden_size":1)", R"("hidden_size":0)")),
              "config: hidden_size: expected 1 to 65536, got 0");
    EXPECT_EQ(problem(replaced(small, R"("num_layers":1)", R"("num_layers":65)")),
              "config: num_layers: expected 1 to 64, got 65");
    EXPECT_EQ(problem(replaced(small, R"("hidden_size":1)", R"("hidden_size":65536)")),
              "weights: expected 17180590081 numbers, got 16");
    EXPECT_EQ(problem(replaced(small, R"("num_layers":1)", R"("units":1)")), "config: \"units\" is not known");
    EXPECT_EQ(problem(replaced(small, R"(,"num_layers":1)", "")), "config: no \"num_layers\"");
    EXPECT_EQ(problem(replaced(small, R"("num_layers":1)", R"("num_layers":1,"num_layers":1)")),
              "config: \"num_layers\" comes twice");
    EXPECT_EQ(problem(replaced(small, R"("num_layers":1)", R"("num_layers":1,"in_channels":2)")),
              "config: expected as many in_channels as input_size, got 2 and 1");
    // 2^32 + 16 weights, which overflow 32 bits.
    EXPECT_EQ(problem(R"({"architecture":"LSTM","config":{"input_size":16383,"in_channels":16383,"hidden_size":65536,)"
                      R"("num_layers":1},"weights":[0]})"),
              "weights: expected 21475033089 numbers, got 1");
    EXPECT_EQ(problem(replaced(small, R"("sample_rate":null)", R"("sample_rate":1,"sample_rate":1)")),
              "\"sample_rate\" comes twice");
    EXPECT_EQ(problem(replaced(small, R"("loudness":null)", R"("loudness":1,"loudness":2)")),
              "\"loudness\" comes twice");
    EXPECT_EQ(problem(replaced(small, R"("metadata":{)", R"("metadata":{},"metadata":{)")), "\"metadata\" comes twice");
    EXPECT_EQ(refused(replaced(small, R"("sample_rate":null)", R"("sample_rate":NaN)"), parse).kind,
              Error::Kind::not_finite);
    EXPECT_EQ(refused(replaced(small, "[1,", "[NaN,"), parse).kind, Error::Kind::not_finite);
    expect_whole_files_only(small, parse);
    EXPECT_EQ(failure_of([&] { io::read_nam("/no such file"); }).kind, Error::Kind::file);
}

} // namespace nam_test
