// SPDX-License-Identifier: MIT
#include <rondo/io/model.hpp>

#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>

#include <support/edited.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace model_names_test {

using namespace rondo;

using Body = GRU<3, 5>;
using Amp = Sequential<Named<"rec", Body>, Named<"lin", Linear<5, 1>>>;

TEST(ModelNames, MayBeInsideAPrefixOrOthers) {
    const TemporaryFolder folder;
    const Model<Amp> amp{Seed{2}};
    save(amp, folder / "a");
    Model<Body> body;
    load(body, folder / "a", {.prefix = "rec."});
    EXPECT_TRUE(body.tensor<"weight_hh_l0">() == amp.tensor<"rec.weight_hh_l0">());

    Model<Sequential<Body, Named<"out", Linear<5, 1>>>> renamed;
    load(renamed, folder / "a", {.renamed = {{"0.", "rec."}, {"out.", "lin."}}});
    EXPECT_TRUE(renamed.tensor<"out.weight">() == amp.tensor<"lin.weight">());
    EXPECT_EQ((io::TensorNames{"a.", {{"b.", "c."}, {"", "d."}}}.in_file("b.x")), "a.c.x");
    EXPECT_EQ((io::TensorNames{"a.", {{"b.", "c."}, {"", "d."}}}.in_file("x.b.")), "a.d.x.b.");

    Model<Body> before{Seed{1}}, other = before;
    Error error;
    load(other, folder / "a", {.prefix = "rec.", .renamed = {{"bias_hh", "bias"}}}, error);
    EXPECT_EQ(error,
              (Error{Error::Kind::mismatch, (folder / "a").string() + ": tensor rec.bias_l0 F32 [15] is missing"}));
    expect_failure([&] { load(other, folder / "a", {.renamed = {{"", "rec."}}}); }, Error::Kind::mismatch,
                   (folder / "a").string() + ": tensor lin.bias F32 [1] is not one of the network's");
    EXPECT_EQ(other, before);
}

TEST(ModelNames, OfAPartOfAFile) {
    const TemporaryFolder folder;
    using Other = Sequential<Named<"rec", Body>, Named<"kind", Linear<5, 4>>>;
    const Model<Amp> amp{Seed{2}};
    save(amp, folder / "a");
    Model<Other> other{Seed{3}};
    const Model<Other> before = other;
    const io::UnmatchedTensors left = load(other, folder / "a", {.strict = false});
    EXPECT_EQ(left.missing, (std::vector<std::string>{"kind.weight", "kind.bias"}));
    EXPECT_EQ(left.unexpected, (std::vector<std::string>{"lin.bias", "lin.weight"}));
    EXPECT_TRUE(other.tensor<"rec.weight_ih_l0">() == amp.tensor<"rec.weight_ih_l0">());
    EXPECT_TRUE(other.tensor<"rec.bias_hh_l0">() == amp.tensor<"rec.bias_hh_l0">());
    EXPECT_TRUE(other.tensor<"kind.weight">() == before.tensor<"kind.weight">());
    EXPECT_TRUE(other.tensor<"kind.bias">() == before.tensor<"kind.bias">());

    // A tensor that both have must fit; under another name it is left out.
    using Wider = Sequential<Named<"rec", Body>, Named<"lin", Linear<5, 4>>>;
    Model<Wider> wider{Seed{3}};
    const Model<Wider> as_it_was = wider;
    expect_failure([&] { load(wider, folder / "a", {.strict = false}); }, Error::Kind::mismatch,
                   (folder / "a").string() + ": tensor lin.weight: expected F32 [4,5], got F32 [1,5]");
    EXPECT_EQ(wider, as_it_was);
    EXPECT_EQ(load(wider, folder / "a", {.renamed = {{"lin.", "unused."}}, .strict = false}).missing.size(), 2u);
    EXPECT_TRUE(wider.tensor<"rec.weight_hh_l0">() == amp.tensor<"rec.weight_hh_l0">());

    using None = Sequential<Named<"fc", Linear<5, 4>>>;
    Model<None> none{Seed{3}};
    expect_failure([&] { load(none, folder / "a", {.strict = false}); }, Error::Kind::mismatch,
                   (folder / "a").string() + ": expected a tensor of the network, such as fc.weight, got none");

    // A kind is compared where the file has the layer.
    using Resets = Sequential<Named<"rec", GRUResetBefore<3, 5>>, Named<"kind", Linear<5, 4>>>;
    Model<Resets> resets{Seed{3}};
    EXPECT_EQ(failure_of([&] { load(resets, folder / "a", {.strict = false}); }).kind, Error::Kind::mismatch);
    using Absent = Sequential<Named<"new", GRUResetBefore<3, 5>>, Named<"lin", Linear<5, 1>>>;
    Model<Absent> absent{Seed{3}};
    EXPECT_EQ(load(absent, folder / "a", {.strict = false}).missing.size(), 4u);
}

TEST(ModelNames, AreReadFromMemory) {
    const TemporaryFolder folder;
    const Model<Amp> amp{Seed{2}};
    save(amp, folder / "a");
    const io::Bytes bytes = io::read_file(folder / "a");
    const std::span<const std::byte> file{bytes};
    Model<Amp> other;
    load(other, file);
    EXPECT_EQ(other, amp);
    Model<Body> body;
    load(body, file, {.prefix = "rec."});
    Error error;
    load(other, file.first(20), error);
    EXPECT_EQ(error.kind, Error::Kind::format);
    EXPECT_EQ(error.message.substr(0, 13), "safetensors: ");
    EXPECT_EQ(failure_of([&] { load(other, file.first(20)); }), error);
    EXPECT_EQ(other, amp);
}

TEST(ModelNames, TellTheTwoGrusApart) {
    const TemporaryFolder folder;
    using Before = Sequential<Named<"a", GRUResetBefore<3, 5, Stack{.layers = 2}>>, Named<"b", GRU<5, 5>>>;
    using After = Sequential<Named<"a", GRU<3, 5, Stack{.layers = 2}>>, Named<"b", GRU<5, 5>>>;
    const Model<Before> model{Seed{2}};
    save(model, folder / "before");
    EXPECT_EQ(io::SafetensorsFile{folder / "before"}.metadata(),
              (io::Metadata{{"reset_before", "a.weight_hh_l0 a.weight_hh_l1"}}));
    Model<Before> same;
    load(same, folder / "before");
    EXPECT_EQ(same, model);
    save(Model<After>{Seed{2}}, folder / "after");

    const auto refused = [&]<class Net>(Model<Net> other, const char* name, const io::TensorNames& names) {
        const auto kept = other;
        const Error error = failure_of([&] { load(other, folder / name, names); });
        EXPECT_EQ(error.kind, Error::Kind::mismatch);
        EXPECT_EQ(other, kept);
        return error.message.substr((folder / name).string().size());
    };
    EXPECT_EQ(refused(Model<After>{}, "before", {}),
              ": tensor a.weight_hh_l0: expected that of a GRU that resets after the product, got that of a GRU that "
              "resets before the product");
    EXPECT_EQ(refused(Model<Before>{}, "after", {}),
              ": tensor a.weight_hh_l0: expected that of a GRU that resets before the product, got that of a GRU that "
              "resets after the product");
    EXPECT_EQ(refused(Model<GRUResetBefore<5, 5>>{}, "before", {.prefix = "b."}),
              ": tensor b.weight_hh_l0: expected that of a GRU that resets before the product, got that of a GRU that "
              "resets after the product");
    Model<GRUResetBefore<3, 5, Stack{.layers = 2}>> part;
    load(part, folder / "before", {.prefix = "a."});
}

} // namespace model_names_test
