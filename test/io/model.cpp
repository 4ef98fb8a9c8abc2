// SPDX-License-Identifier: MIT
#include "model_file.hpp"

#include <rondo/layer/gru.hpp>
#include <rondo/layer/variant.hpp>

#include <support/edited.hpp>
#include <support/folder.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace model_test {

/// Sizes that are not multiples of a pack.
using Sizes = Sequential<Linear<1, 3>, Named<"rnn", RNN<3, 5, Stack{.layers = 2, .bidirectional = true}>>,
                         Linear<10, 20>, Named<"gru", GRU<20, 33>>, Linear<33, 1>>;

template <class Net, class S>
void expect_round_trip() {
    using M = Model<Net, EigenBackend<S>>;
    const TemporaryFolder folder;
    const M model{Seed{5}};
    M other{Seed{6}};
    ASSERT_NE(other, model);
    save(model, folder / "a");
    load(other, folder / "a");
    EXPECT_EQ(other, model);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"a"});

    Error untouched{Error::Kind::argument, "from before"};
    save(M{}, folder / "a", untouched);
    load(other, folder / "a", untouched);
    EXPECT_EQ(other, M{});
    EXPECT_EQ(untouched, (Error{Error::Kind::argument, "from before"}));
}

TEST(ModelFile, GivesTheSameBitsBack) {
    expect_round_trip<Sizes, float>();
    expect_round_trip<Sizes, double>();
    expect_round_trip<Letters, float>();
    expect_round_trip<Shared, double>();
}

TEST(ModelFile, MayHoldTextsOfTheCallers) {
    const TemporaryFolder folder;
    const Model<GRUResetBefore<2, 3>> model{Seed{5}};
    const io::Metadata texts{{"rate", "48000"}, {"made by", "\u00fcs"}};
    save(model, folder / "a", texts);
    Model<GRUResetBefore<2, 3>> other;
    load(other, folder / "a");
    EXPECT_EQ(other, model);
    io::Metadata all = io::SafetensorsFile{folder / "a"}.metadata();
    EXPECT_EQ(all, (io::Metadata{{"reset_before", "weight_hh_l0"}, texts[0], texts[1]}));

    expect_failure([&] { save(model, folder / "a", {{"reset_before", ""}}); }, Error::Kind::argument,
                   (folder / "a").string() + ": metadata \"reset_before\" comes twice");
    load(other, folder / "a");
}

/// What the file of a model of Saved says of its recurrent layer; the error of loading it into a model of Read.
template <class Saved, class Read = Saved>
std::string kind_of(const io::Metadata& metadata = {}) {
    const TemporaryFolder folder;
    save(Model<Saved>{Seed{5}}, folder / "a", metadata);
    Model<Read> other;
    Error error;
    load(other, folder / "a", error);
    const std::string path = (folder / "a").string() + ": tensor weight_hh_l0: ";
    return error.message.starts_with(path) ? error.message.substr(path.size()) : error.message;
}

TEST(ModelFile, RecordsTheOptionsOfACell) {
    using cell::Function, cell::Variant;
    using Clipped = LSTMVariant<2, 3, Variant{.clip = {2, 4}}>;
    using Same = LSTMVariant<2, 3, Variant{.clip = {1, 2}}>;
    using Wider = LSTMVariant<2, 3, Variant{.clip = {3, 4}}>;
    using Hard = LSTMVariant<2, 3,
                             Variant{.gate{Function::hardsigmoid, {1, 5}, {1, 2}},
                                     .candidate{Function::elu, {1, 2}},
                                     .output{Function::scaled_tanh, {3, 2}, {-3, 4}}}>;
    using Plain = LSTM<2, 3>;
    EXPECT_EQ((kind_of<Clipped>()), "");
    EXPECT_EQ((kind_of<Clipped, Same>()), "");
    EXPECT_EQ((kind_of<Hard>()), "");
    EXPECT_EQ((kind_of<Clipped, Plain>()),
              "expected that of a layer with the usual functions, got that of a layer with clip 1/2");
    EXPECT_EQ((kind_of<Clipped, Wider>()), "expected that of a layer with clip 3/4, got that of a layer with clip 1/2");
    EXPECT_EQ(
        (kind_of<Hard, Plain>()),
        "expected that of a layer with the usual functions, got that of a layer with gates hardsigmoid(1/5, 1/2), "
        "candidate elu(1/2), output scaled_tanh(3/2, -3/4)");
    EXPECT_EQ((kind_of<PeepholeLSTM<2, 3>, LSTMVariant<2, 3, Variant{.peepholes = true}>>()), "");
    EXPECT_EQ((kind_of<ReluRNN<2, 3>, RNNVariant<2, 3, Variant{.candidate{Function::relu}}>>()), "");
    EXPECT_EQ((kind_of<ReluRNN<2, 3>, RNN<2, 3>>()),
              "expected that of a layer with the usual functions, got that of a layer with candidate relu");
    EXPECT_EQ((kind_of<GRUVariant<2, 3, Variant{.clip = {1}}>, GRU<2, 3>>()),
              "expected that of a layer with the usual functions, got that of a layer with clip 1");
    // Coupled gates have the tensors of a GRU.
    using Coupled = LSTMVariant<2, 3, Variant{.coupled = true}>;
    EXPECT_EQ((kind_of<Coupled>()), "");
    EXPECT_EQ((kind_of<Coupled, GRU<2, 3>>()),
              "expected that of a layer with the usual functions, got that of a layer with coupled gates");
    EXPECT_EQ((kind_of<LSTMVariant<2, 3, Variant{.clip = {1}, .coupled = true}>, Coupled>()),
              "expected that of a layer with coupled gates, got that of a layer with coupled gates, clip 1");
    EXPECT_EQ((kind_of<GRUVariant<2, 3, Variant{.clip = {1}}>, Coupled>()),
              "expected that of a layer with coupled gates, got that of a layer with clip 1");
    // A bound that no float is equal to.
    using Loose = LSTMVariant<2, 3, Variant{.clip = {std::numeric_limits<int>::max()}}>;
    EXPECT_EQ((kind_of<Loose, Plain>()), "");
    EXPECT_EQ(
        (kind_of<GRUVariant<2, 3, Variant{.gate{Function::affine, {std::numeric_limits<int>::max()}}}>, GRU<2, 3>>()),
        "expected that of a layer with the usual functions, got that of a layer with gates affine(2147483647, 0)");
    // Files without a record, of other programs or of the usual functions, are those of any options.
    EXPECT_EQ((kind_of<Plain, Clipped>()), "");
    EXPECT_EQ((kind_of<GRU<2, 3>, Coupled>()), "");
    EXPECT_EQ((kind_of<Plain, Clipped>({{"rondo.variants", "other.weight_hh_l0: clip 1/2"}})),
              "expected that of a layer with clip 1/2, got that of a layer with the usual functions");
    EXPECT_EQ((kind_of<Plain>({{"rondo.variants", "weight_hh_l0: \x1b[31m"}})),
              "expected that of a layer with the usual functions, got that of a layer with \\x1b[31m");
    EXPECT_EQ((kind_of<Plain>({{"rondo.variants", "weight_hh_l0: " + std::string(200000, 'a')}})),
              "expected that of a layer with the usual functions, got that of a layer with " + std::string(320, 'a') +
                  "...");
    const std::string lines = "weight_hh_l0: clip 1/2\nb: clip 1\n";
    EXPECT_EQ((kind_of<Plain, Clipped>({{"rondo.variants", lines}})), "");
    const std::string repeated = kind_of<Plain, Clipped>({{"rondo.variants", lines + "weight_hh_l0: clip 1/2"}});
    EXPECT_TRUE(repeated.ends_with(": metadata \"rondo.variants\": tensor weight_hh_l0 comes twice")) << repeated;
    // Keys of the caller's.
    EXPECT_EQ((kind_of<ReluRNN<2, 3>>({{"variants", "weight_hh_l0: mine"}})), "");
}

TEST(ModelFile, KeepsEveryFiniteNumber) {
    const TemporaryFolder folder;
    using S = float;
    Model<Linear<3, 1>> model, other;
    const std::array<S, 4> odd{-0.0f, std::numeric_limits<S>::max(), std::numeric_limits<S>::lowest(),
                               std::numeric_limits<S>::denorm_min()};
    for (std::size_t k = 0; k < 3; ++k) model.tensor<"weight">()(0, int(k)) = odd[k];
    model.tensor<"bias">()(0) = odd[3];
    save(model, folder / "a");
    load(other, folder / "a");
    EXPECT_EQ(std::memcmp(model.data(), other.data(), sizeof(S) * model.size), 0);
}

TEST(ModelFile, HoldsTensorsByPyTorchsNamesAndShapes) {
    const TemporaryFolder folder;
    const Model<Sizes, EigenBackend<double>> model{Seed{5}};
    save(model, folder / "a");
    const io::SafetensorsFile file{folder / "a"};
    EXPECT_EQ(file.tensors().size(), Sizes::tensors.size());
    EXPECT_TRUE(file.metadata().empty());
    const auto values = model.values();
    for (const ParameterSpec& t : Sizes::tensors) {
        const io::TensorInfo* found = file.find(t.name.view());
        ASSERT_NE(found, nullptr) << t.name.view();
        EXPECT_EQ(found->dtype, io::DType::F64);
        const auto bytes = file.bytes(*found);
        ASSERT_EQ(bytes.size(), 8 * t.size());
        EXPECT_EQ(std::memcmp(bytes.data(), values.data() + t.offset, bytes.size()), 0) << t.name.view();
    }
    const auto shape = [&](const char* name) {
        const auto& s = file.find(name)->shape;
        return std::vector<std::size_t>(s.begin(), s.end());
    };
    using Shape = std::vector<std::size_t>;
    EXPECT_EQ(shape("0.weight"), (Shape{3, 1}));
    EXPECT_EQ(shape("0.bias"), (Shape{3}));
    EXPECT_EQ(shape("rnn.weight_ih_l1_reverse"), (Shape{5, 10}));
    EXPECT_EQ(shape("rnn.bias_hh_l0"), (Shape{5}));
    EXPECT_EQ(shape("gru.weight_hh_l0"), (Shape{99, 33}));
    EXPECT_EQ(shape("4.weight"), (Shape{1, 33}));
}

TEST(ModelFile, RefusesTensorsThatAreNotTheNetworks) {
    const TemporaryFolder folder;
    const fs::path path = folder / "a";
    using Net = Sequential<Named<"in", Linear<3, 5>>, Named<"out", Linear<5, 1>>>;
    const Model<Net> model{Seed{2}};
    const auto expect = [&](const std::function<void(EditedFile&)>& edit, const std::string& message) {
        save(model, path);
        EditedFile file{path};
        edit(file);
        file.write(path);
        EXPECT_EQ(refused<Net>(path), (Error{Error::Kind::mismatch, path.string() + ": tensor " + message}));
    };
    expect([](EditedFile& f) { f.erase("out.bias"); }, "out.bias F32 [1] is missing");
    expect([](EditedFile& f) { f["in.weight"].shape = {3, 5}; }, "in.weight: expected F32 [5,3], got F32 [3,5]");
    expect([](EditedFile& f) { f["in.weight"].shape = {15}; }, "in.weight: expected F32 [5,3], got F32 [15]");
    expect([](EditedFile& f) { f["out.bias"].shape = {1, 1}; }, "out.bias: expected F32 [1], got F32 [1,1]");
    expect([](EditedFile& f) { f["in.bias"].dtype = io::DType::I32; }, "in.bias: expected F32 [5], got I32 [5]");
    expect([](EditedFile& f) { f["in.bias"].name = "in.bias_"; }, "in.bias F32 [5] is missing");
    expect(
        [](EditedFile& f) {
            f.tensors.push_back(f["in.bias"]);
            f.tensors.back().name = "in.scale";
        },
        "in.scale F32 [5] is not one of the network's");
    expect(
        [](EditedFile& f) {
            f["in.bias"].dtype = io::DType::F64;
            f["in.bias"].bytes.resize(40);
        },
        "in.bias: expected F32 [5], got F64 [5], which TensorNames::convert converts");

    // A file of another type, and of another network.
    save(Model<Net, EigenBackend<double>>{Seed{2}}, path);
    EXPECT_EQ(refused<Net>(path).message,
              path.string() +
                  ": tensor in.weight: expected F32 [5,3], got F64 [5,3], which TensorNames::convert converts");
    EXPECT_EQ(refused<Letters>(path).message, path.string() + ": tensor in.weight: expected F32 [7,5], got F64 [5,3]");
}

TEST(ModelFile, ConvertsOtherPrecisionsOnRequest) {
    const TemporaryFolder folder;
    const fs::path path = folder / "a";
    using Net = Linear<2, 3>;
    const auto bytes = []<class T>(const std::vector<T>& numbers) {
        const auto all = std::as_bytes(std::span{numbers});
        return std::vector<std::byte>{all.begin(), all.end()};
    };
    const auto loaded = [&]<class T>(io::DType dtype, const std::vector<T>& weight, auto model) {
        save(model, path);
        EditedFile file{path};
        file["weight"].dtype = dtype;
        file["weight"].bytes = bytes(weight);
        file.write(path);
        load(model, path, {.convert = true});
        const auto w = model.template tensor<"weight">();
        return std::vector<double>{w(0, 0), w(0, 1), w(1, 0), w(1, 1), w(2, 0), w(2, 1)};
    };
    const Model<Net> single;
    const Model<Net, EigenBackend<double>> twice;
    const std::vector<std::uint16_t> half{0x3C00, 0xC000, 0x0001, 0x7BFF, 0x8000, 0x3555};
    const std::vector<double> halves{1, -2, 0x1p-24, 65504, -0.0, 0x1.554p-2};
    EXPECT_EQ(loaded(io::DType::F16, half, single), halves);
    EXPECT_EQ(loaded(io::DType::F16, half, twice), halves);
    const std::vector<std::uint16_t> brain{0x3F80, 0xC000, 0x0001, 0x7F7F, 0x8000, 0x3EAB};
    EXPECT_EQ(loaded(io::DType::BF16, brain, twice),
              (std::vector<double>{1, -2, 0x1p-133, 0x1.FEp127, -0.0, 0x1.56p-2}));
    EXPECT_EQ(loaded(io::DType::F32, std::vector<float>{1, 2, 3, 4, 5, 0.1f}, twice),
              (std::vector<double>{1, 2, 3, 4, 5, double(0.1f)}));
    EXPECT_EQ(loaded(io::DType::F64, std::vector<double>{1, 2, 3, 4, 5, 0.1}, single),
              (std::vector<double>{1, 2, 3, 4, 5, double(0.1f)}));
    expect_failure([&] { loaded(io::DType::F64, std::vector<double>{1, 2, 3, 1e300, 5, 6}, single); },
                   Error::Kind::not_finite, path.string() + ": tensor weight: number 3 is inf");
    expect_failure([&] { loaded(io::DType::F16, std::vector<std::uint16_t>{0, 0, 0x7C00, 0, 0, 0}, single); },
                   Error::Kind::not_finite, path.string() + ": tensor weight: number 2 is inf");
    expect_failure([&] { loaded(io::DType::I16, half, single); }, Error::Kind::mismatch,
                   path.string() + ": tensor weight: expected F32 [3,2], got I16 [3,2]");
    loaded(io::DType::F16, half, single);
    EXPECT_EQ(refused<Net>(path).message, path.string() + ": tensor weight: expected F32 [3,2], got F16 [3,2], which "
                                                          "TensorNames::convert converts");
}

TEST(ModelFile, OfLayersWithoutBiasesIsReadOnRequest) {
    const TemporaryFolder folder;
    const fs::path path = folder / "a";
    using Net = Sequential<Named<"a", LSTM<3, 5, Stack{.layers = 2, .bidirectional = true}>>, Named<"b", GRU<10, 2>>,
                           Named<"out", Linear<2, 1>>>;
    const Model<Net> model{Seed{2}};
    save(model, path);
    EditedFile file{path};
    std::erase_if(file.tensors, [](const auto& t) { return t.name.starts_with("a.bias"); });
    file.write(path);
    const std::string hint = "; a layer without biases, PyTorch's bias=False, is Stack{.bias = false}, or is read by "
                             "TensorNames::zero_biases";
    EXPECT_EQ(refused<Net>(path).message, path.string() + ": tensor a.bias_ih_l0 F32 [20] is missing" + hint);
    Model<Net> other{Seed{3}};
    load(other, path, {.zero_biases = true});
    EXPECT_TRUE(other.tensor<"a.bias_hh_l1_reverse">().isZero());
    EXPECT_TRUE(other.tensor<"a.bias_ih_l0">().isZero());
    EXPECT_EQ(other.tensor<"b.bias_hh_l0">(), model.tensor<"b.bias_hh_l0">());
    EXPECT_EQ(other.tensor<"a.weight_hh_l1">(), model.tensor<"a.weight_hh_l1">());

    // A file that lacks only some of them is rejected.
    const auto problem = [&](const char* name) {
        save(model, path);
        EditedFile edited{path};
        edited.erase(name);
        edited.write(path);
        Error error;
        load(other, path, {.zero_biases = true}, error);
        return error.message.substr(path.string().size() + 2);
    };
    EXPECT_EQ(problem("a.bias_hh_l1"), "tensor a.bias_hh_l1 F32 [20] is missing");
    EXPECT_EQ(problem("b.bias_ih_l0"), "tensor b.bias_ih_l0 F32 [6] is missing");
    EXPECT_EQ(problem("out.bias"), "tensor out.bias F32 [1] is missing");
}

TEST(ModelFile, RefusesNumbersThatAreNotFinite) {
    const TemporaryFolder folder;
    for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        Model<Linear<3, 5>> model{Seed{2}};
        save(model, folder / "a");
        EditedFile file{folder / "a"};
        std::memcpy(file["weight"].bytes.data() + 3 * sizeof wrong, &wrong, sizeof wrong);
        file.write(folder / "a");
        const Error expected{Error::Kind::not_finite,
                             (folder / "a").string() + ": tensor weight: number 3 is " + std::to_string(wrong)};
        EXPECT_EQ((refused<Linear<3, 5>>(folder / "a")), expected);

        model.tensor<"weight">()(1, 0) = wrong;
        Error error;
        save(model, folder / "a", error);
        EXPECT_EQ(error, expected) << "nor is such a file written";
    }
}

TEST(ModelFile, IsNotReadWhereItIsFarTooLarge) {
    const TemporaryFolder folder;
    save(Model<Linear<3, 5>>{Seed{2}}, folder / "a");
    fs::resize_file(folder / "a", std::uintmax_t{1} << 32); // a hole, which takes no room
    const Error error = refused<Linear<3, 5>>(folder / "a");
    EXPECT_EQ(error.kind, Error::Kind::file);
    EXPECT_NE(error.message.find("it has 4294967296 bytes; at most "), error.message.npos) << error.message;
}

TEST(ModelFile, RefusesAFileCutAnywhere) {
    const TemporaryFolder folder;
    const fs::path path = folder / "a";
    save(Model<Linear<3, 5>>{Seed{2}}, path);
    const auto size = fs::file_size(path);
    for (std::uintmax_t length = size; length-- > 0;) {
        fs::resize_file(path, length);
        EXPECT_EQ((refused<Linear<3, 5>>(path).kind), Error::Kind::format) << length << " bytes";
    }
    EXPECT_EQ((refused<Linear<3, 5>>(folder / "none")),
              (Error{Error::Kind::file, "cannot read " + (folder / "none").string() + ": No such file or directory"}));
    EXPECT_EQ((refused<Linear<3, 5>>(folder.path()).kind), Error::Kind::file);
}

TEST(ModelFile, ASaveThatFailsLeavesWhatWasThere) {
    const TemporaryFolder folder;
    const Model<Linear<3, 5>> model{Seed{2}};
    const fs::path missing = folder / "none" / "a";
    const Error expected{Error::Kind::file, "cannot write " + missing.string() + ": No such file or directory"};
    Error error;
    save(model, missing, error);
    EXPECT_EQ(error, expected);
    EXPECT_EQ(failure_of([&] { save(model, missing); }), expected);

    // A name that the format cannot hold fails before anything is written.
    save(model, folder / "a");
    using Odd = Sequential<Named<"\xFF", Linear<3, 5>>>;
    const Model<Odd> odd{Seed{3}};
    save(odd, folder / "a", error);
    EXPECT_EQ(error.kind, Error::Kind::argument);
    Model<Linear<3, 5>> still;
    load(still, folder / "a");
    EXPECT_EQ(still, model);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"a"});
}

} // namespace model_test
