// SPDX-License-Identifier: MIT
#include <rondo/io/model.hpp>

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/network/tied.hpp>

#include <support/edited.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace rondo;
namespace fs = std::filesystem;

/// Sizes that do not divide a vector, each way.
using Sizes = Sequential<Linear<1, 3>, Named<"rnn", RNN<3, 5, Stack{.layers = 2, .bidirectional = true}>>,
                         Linear<10, 20>, Named<"gru", GRU<20, 33>>, Linear<33, 1>>;
using Shared = Tied<Sequential<Named<"in", Embedding<7, 5, 2>>, Named<"rnn", RNN<5, 5>>, Named<"out", Linear<5, 7>>>,
                    Tie<"out.weight", "in.weight">>;

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
    for (const Tensor& t : Sizes::tensors) {
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

/// The error of loading an edited file; nothing is loaded.
template <class Net>
Error refused(const fs::path& path) {
    Model<Net> model{Seed{1}};
    const Model<Net> before = model;
    Error error;
    load(model, path, error);
    EXPECT_TRUE(error);
    EXPECT_EQ(model, before);
    EXPECT_EQ(failure_of([&] { load(model, path); }), error);
    EXPECT_EQ(model, before);
    return error;
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
        "in.bias: expected F32 [5], got F64 [5]");

    // Of another precision, and of another network.
    save(Model<Net, EigenBackend<double>>{Seed{2}}, path);
    EXPECT_EQ(refused<Net>(path).message, path.string() + ": tensor in.weight: expected F32 [5,3], got F64 [5,3]");
    EXPECT_EQ(refused<Letters>(path).message, path.string() + ": tensor in.weight: expected F32 [7,5], got F64 [5,3]");
}

TEST(ModelFile, RefusesTiedTensorsThatDiffer) {
    const TemporaryFolder folder;
    const fs::path path = folder / "a";
    const Model<Shared> model{Seed{2}};
    save(model, path);
    EditedFile file{path};
    EXPECT_EQ(file.tensors.size(), Shared::tensors.size());
    EXPECT_EQ(file["out.weight"].bytes, file["in.weight"].bytes);
    file["out.weight"].bytes[4] ^= std::byte{1};
    file.write(path);
    EXPECT_EQ(refused<Shared>(path),
              (Error{Error::Kind::mismatch, path.string() + ": tensor out.weight is tied to in.weight and "
                                                            "must be equal to it"}));
}

TEST(ModelFile, MayHoldATiedTensorOnce) {
    const TemporaryFolder folder;
    const Model<Shared> model{Seed{2}};
    save(model, folder / "a");
    EditedFile file{folder / "a"};
    file.erase("out.weight");
    file.write(folder / "a");
    Model<Shared> other;
    load(other, folder / "a");
    EXPECT_EQ(other, model);
}

TEST(ModelFile, RefusesNumbersThatAreNotFinite) {
    const TemporaryFolder folder;
    for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        Model<Linear<3, 5>> model{Seed{2}};
        model.tensor<"weight">()(1, 0) = wrong;
        save(model, folder / "a");
        EXPECT_EQ((refused<Linear<3, 5>>(folder / "a")),
                  (Error{Error::Kind::not_finite, (folder / "a").string() + ": tensor weight: number 3 is " +
                                                      std::to_string(wrong)}));
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

} // namespace
