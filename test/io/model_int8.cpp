// SPDX-License-Identifier: MIT
// Weights in int8 in files: they come back as the integers and scales that a stream has; other files are refused.
#include <rondo/io/model_int8.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/stream/calibrate.hpp>
#include <rondo/stream/stream.hpp>

#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace model_int8_test {

using namespace rondo;

using Net = Sequential<Named<"table", Embedding<9, 20>>, Named<"lstm", LSTM<20, 5>>, Named<"gru", GRU<5, 33>>,
                       Named<"fc", Linear<33, 3>>>;
template <class W> using Weights = Packed<Net, EigenBackend<float>, W>;

template <class W>
std::vector<std::byte> bytes_of(const Weights<W>& weights) {
    return {weights.data(), weights.data() + weights.size};
}

std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
    const io::Bytes bytes = io::read_file(path);
    return {bytes.data(), bytes.data() + bytes.size()};
}

TEST(ModelInInt8, GivesTheSameWeightsBack) {
    const TemporaryFolder folder;
    const Model<Net> model{Seed{5}};
    save_int8(model, folder / "a");
    Model<Net> loaded, again;
    load(loaded, folder / "a", {.convert = true});
    EXPECT_NE(loaded, model);
    EXPECT_EQ(bytes_of(Weights<std::int8_t>{loaded}), bytes_of(Weights<std::int8_t>{model}));
    save_int8(loaded, folder / "b");
    EXPECT_EQ(read_bytes(folder / "b"), read_bytes(folder / "a"));
    load(again, folder / "b", {.convert = true});
    EXPECT_EQ(again, loaded);

    const io::SafetensorsFile file{folder / "a"};
    EXPECT_EQ(file.find("gru.weight_hh_l0")->dtype, io::DType::I8);
    EXPECT_EQ(file.find("gru.weight_hh_l0.scale")->shape, std::vector<std::size_t>{99});
    EXPECT_EQ(file.find("fc.weight")->dtype, io::DType::F32) << "three rows";
    Error error;
    load(again, folder / "a", error);
    EXPECT_NE(error.message.find("expected F32 [9,20], got I8 [9,20], which TensorNames::convert converts"),
              std::string::npos)
        << error.message;
}

TEST(ModelInInt8, KeepsLayersByName) {
    const TemporaryFolder folder;
    const Model<Net> model{Seed{5}};
    const std::array<std::string_view, 2> kept{"gru", "table"};
    save_int8(model, folder / "a", kept);
    const io::SafetensorsFile file{folder / "a"};
    EXPECT_EQ(file.find("gru.weight_hh_l0")->dtype, io::DType::F32);
    EXPECT_EQ(file.find("table.weight")->dtype, io::DType::F32);
    EXPECT_EQ(file.find("lstm.weight_hh_l0")->dtype, io::DType::I8);
    Model<Net> loaded;
    load(loaded, folder / "a", {.convert = true});
    using Some = Except<std::int8_t, "gru", "table">;
    EXPECT_EQ(bytes_of(Weights<Some>{loaded}), bytes_of(Weights<Some>{model}));
    EXPECT_GT(Weights<Some>::size, Weights<std::int8_t>::size);
    using None = Except<std::int8_t, "gru", "table", "lstm", "fc">;
    EXPECT_EQ(bytes_of(Weights<None>{model}), bytes_of(Weights<float>{model}));
    EXPECT_EQ(bytes_of(Weights<Except<std::int8_t, "no such">>{model}), bytes_of(Weights<std::int8_t>{model}));
}

/// A file of one Linear<5, 4>, as whoever writes it has it.
struct File {
    std::vector<std::int8_t> integers = std::vector<std::int8_t>(20, 3);
    std::vector<float> scales{1, 2, 3, 0.5f}, bias{0, 0, 0, 1};
    std::vector<std::size_t> shape{4, 5}, scales_shape{4};
    std::string scales_name = "weight.scale";
    bool with_scales = true;

    Error read(Model<Linear<5, 4>>& model) const {
        const std::array<std::size_t, 1> four{4};
        std::vector<io::TensorData> all{{"weight", io::DType::I8, shape, std::as_bytes(std::span{integers})},
                                        {"bias", io::DType::F32, four, std::as_bytes(std::span{bias})}};
        if (with_scales) all.push_back({scales_name, io::DType::F32, scales_shape, std::as_bytes(std::span{scales})});
        const io::Bytes bytes = io::safetensors_bytes(all);
        Error error;
        load(model, std::span<const std::byte>{bytes.data(), bytes.size()}, {.convert = true}, error);
        return error;
    }
};

void expect_refused(const File& file, std::string_view words, Error::Kind kind = Error::Kind::mismatch) {
    Model<Linear<5, 4>> model{Seed{1}};
    const Model<Linear<5, 4>> before{model};
    const Error error = file.read(model);
    EXPECT_EQ(error.kind, kind) << error.message;
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
    EXPECT_EQ(model, before);
}

TEST(ModelInInt8, OfOtherHandsIsRefused) {
    Model<Linear<5, 4>> model;
    EXPECT_FALSE(File{}.read(model));
    EXPECT_EQ(model.values()[3], 3);
    EXPECT_EQ(model.values()[19], 1.5f);
    expect_refused({.with_scales = false}, "weight.scale: expected F32 [4] beside weight, got none");
    expect_refused({.scales_name = "weight.scales"}, "weight.scale: expected F32 [4] beside weight, got none");
    expect_refused({.scales = {1, 1, 1}, .scales_shape = {3}}, "weight.scale: expected F32 [4], got F32 [3]");
    expect_refused({.scales_shape = {4, 1}}, "weight.scale: expected F32 [4], got F32 [4,1]");
    expect_refused({.shape = {5, 4}}, "weight: expected F32 [4,5], got I8 [5,4]");
    expect_refused({.scales = {1, 0, 1, 1}}, "expected scales above zero, got 0.000000 for row 1", Error::Kind::format);
    expect_refused({.scales = {1, 1, -2, 1}}, "expected scales above zero, got -2", Error::Kind::format);
    expect_refused({.scales = {1, 1, 1, std::numeric_limits<float>::quiet_NaN()}}, "for row 3",
                   Error::Kind::not_finite);
    expect_refused({.scales = {std::numeric_limits<float>::infinity(), 1, 1, 1}}, "for row 0", Error::Kind::not_finite);
    expect_refused({.scales = {3e38f, 1, 1, 1}}, "for row 0", Error::Kind::format);
    File lowest;
    lowest.integers[7] = -128;
    expect_refused(lowest, "expected integers from -127 to 127, got -128 at 7", Error::Kind::format);

    Model<Linear<5, 3>> few; // is not stored in int8
    Error error;
    const std::array<std::size_t, 2> shape{3, 5};
    const std::array<std::size_t, 1> three{3};
    const std::vector<float> ones(3, 1);
    const std::vector<io::TensorData> all{
        {"weight", io::DType::I8, shape, std::as_bytes(std::span{lowest.integers}).first(15)},
        {"weight.scale", io::DType::F32, three, std::as_bytes(std::span{ones})},
        {"bias", io::DType::F32, three, std::as_bytes(std::span{ones})}};
    const io::Bytes bytes = io::safetensors_bytes(all);
    load(few, std::span<const std::byte>{bytes.data(), bytes.size()}, {.convert = true}, error);
    EXPECT_NE(error.message.find("weight: expected F32 [3,5], got I8 [3,5]"), std::string::npos) << error.message;
}

TEST(ModelInInt8, IsPackedFromArrays) {
    const Model<Net> model{Seed{5}};
    constexpr auto& layout = int8::layout<Net>;
    std::vector<std::int8_t> weights(layout.weights);
    std::vector<float> scales(layout.scales), numbers(layout.numbers);
    const auto values = model.values();
    for (std::size_t k = 0; k < Net::tensors.size(); ++k) {
        const ParameterSpec& t = Net::tensors[k];
        const auto& place = layout.places[k];
        for (std::size_t n = 0; n < t.size(); ++n) {
            const std::size_t row = n / place.columns;
            const float* const from = values.data() + t.offset;
            if (!place.int8) {
                numbers[place.at + n] = from[n];
                continue;
            }
            float& scale = scales[place.scale + row];
            if (n % place.columns == 0)
                scale = int8::scale_of_row([&](std::size_t i) { return from[n + i]; }, place.columns);
            weights[place.at + n] = int8::of(from[n], scale);
        }
    }
    const Int8Parameters<Net> arrays{std::span<const std::int8_t, layout.weights>{weights},
                                     std::span<const float, layout.scales>{scales},
                                     std::span<const float, layout.numbers>{numbers}};
    EXPECT_EQ(bytes_of(Weights<std::int8_t>{arrays}), bytes_of(Weights<std::int8_t>{model}));
}

TEST(Calibration, SetsRanges) {
    using Relu = Sequential<Named<"fc", Linear<5, 8>>, Named<"rnn", ReluRNN<8, 8>>>;
    const Model<Relu> model{Seed{5}};
    const Packed<Relu, EigenBackend<float>, std::int8_t> each_step{model};
    Packed<Relu, EigenBackend<float>, std::int8_t> fixed{model};
    const std::vector<float> largest(50, 2.0f), smaller(50, -0.5f);
    calibrate(fixed, std::array{std::span<const float>{smaller}, std::span<const float>{largest}});
    EXPECT_EQ(reinterpret_cast<const eigen::Int8Ranges*>(fixed.data())->x, 2);
    Stream a{each_step}, b{fixed};
    const auto step = [](auto& stream, float x) {
        const std::array<float, 5> all{x, x, x, x, x};
        const auto y = stream.step(all);
        return std::vector<float>(y.begin(), y.end());
    };
    EXPECT_EQ(step(a, 2), step(b, 2)) << "the first step has the same ranges: h is zero";
    a.reset();
    b.reset();
    EXPECT_NE(step(a, 0.3f), step(b, 0.3f));
    a.reset();
    b.reset();
    EXPECT_EQ(step(a, 2), step(b, 900)) << "clamped";
    fixed.repack(model);
    EXPECT_TRUE(std::equal(fixed.data(), fixed.data() + fixed.size, each_step.data()));
}

} // namespace model_int8_test
