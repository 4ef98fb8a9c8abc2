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
