// SPDX-License-Identifier: MIT
#include <rondo/io/dispatch.hpp>
#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/variant.hpp>
#include <rondo/stream/load_any.hpp>

#include <support/edited.hpp>
#include <support/failure.hpp>
#include <support/folder.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace dispatch_test {

using namespace rondo;

template <int hidden> using Amp = Sequential<Named<"lstm", LSTM<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;
template <int hidden> using GatedAmp = Sequential<Named<"gru", GRU<1, hidden>>, Named<"fc", Linear<hidden, 1>>>;
using Exact = Model<Amp<5>, EigenBackend<double>>;

// Tensors of other shapes as saved are others, though rows and columns are the same.
constexpr bool same = detail::same_tensors(detail::candidate_of<Model<Conv1d<4, 8, 3>>>,
                                           detail::candidate_of<Model<Conv1d<4, 8, 3>>>),
               shaped = detail::same_tensors(detail::candidate_of<Model<Conv1d<4, 8, 3>>>,
                                             detail::candidate_of<Model<Conv1d<6, 8, 2>>>);
static_assert(same && !shaped);

/// The visitor's argument: the hidden size, and the parameters as doubles.
struct Seen {
    int hidden = 0;
    std::vector<double> values;
    bool operator==(const Seen&) const = default;
};
constexpr auto look = []<class M>(M model) noexcept {
    static_assert(std::is_same_v<M, Model<typename M::network, typename M::backend>>);
    const auto values = model.values();
    return Seen{M::network::template layer_at<0>::hidden_size, {values.begin(), values.end()}};
};

template <class M>
Seen seen(const M& model) {
    return look(model);
}

TEST(Dispatch, PicksTheCandidateOfTheFile) {
    const TemporaryFolder folder;
    const Model<Amp<3>> small{Seed{1}};
    const Model<GatedAmp<5>> gated{Seed{2}};
    const Exact exact{Seed{3}};
    save(small, folder / "small");
    save(gated, folder / "gated");
    save(exact, folder / "exact");
    const auto open = [&](const char* name) {
        return dispatch<Exact, Sizes<Amp, 1, 3, 5>, GatedAmp<5>>(folder / name, look);
    };
    EXPECT_EQ(open("small"), seen(small));
    EXPECT_EQ(open("gated"), seen(gated));
    EXPECT_EQ(open("exact"), seen(exact)) << "the same tensors, in double";
    EXPECT_EQ(dispatch<Amp<3>>((folder / "small").string(), look), seen(small));

    const io::Bytes bytes = io::read_file(folder / "small");
    EXPECT_EQ((dispatch<Sizes<Amp, 5, 3>>(std::span<const std::byte>{bytes}, look)), seen(small));
    Error untouched{Error::Kind::argument, "from before"};
    EXPECT_EQ((dispatch<Sizes<Amp, 5, 3>>(std::span<const std::byte>{bytes}, look, untouched)), seen(small));
    EXPECT_EQ(untouched, (Error{Error::Kind::argument, "from before"}));
}

TEST(Dispatch, TellsTheKindsOfGRUsApart) {
    const TemporaryFolder folder;
    const Model<GRUResetBefore<3, 5>> model{Seed{1}};
    save(model, folder / "a");
    const auto resets_before = []<class M>(const M&) {
        return std::is_same_v<typename M::network, GRUResetBefore<3, 5>>;
    };
    EXPECT_TRUE((dispatch<GRU<3, 5>, GRUResetBefore<3, 5>>(folder / "a", resets_before)));
    save(Model<GRU<3, 5>>{Seed{1}}, folder / "a");
    EXPECT_FALSE((dispatch<GRUResetBefore<3, 5>, GRU<3, 5>>(folder / "a", resets_before)));
}

TEST(Dispatch, PicksNetworksThatCountSteps) {
    using Plain = Sequential<Linear<3, 5>>;
    using Counts = Sequential<Linear<3, 5>, BatchNorm1d<5>>;
    const TemporaryFolder folder;
    const auto expect = [&]<class M>(const M& model) {
        save(model, folder / "a");
        const auto is = []<class Found>(const Found&) { return std::is_same_v<Found, M>; };
        EXPECT_TRUE((dispatch<Plain, Model<Counts, EigenBackend<double>>, Counts>(folder / "a", is)));
    };
    expect(Model<Counts>{Seed{1}});
    expect(Model<Counts, EigenBackend<double>>{Seed{1}});
    expect(Model<Plain>{Seed{1}});

    const Model<Counts> model{Seed{2}};
    save(model, folder / "a");
    auto stream = load_any<Plain, Counts>(folder / "a");
    AnyStream expected{model};
    const float x[]{0.5f, -1, 2};
    float y[5], z[5];
    stream.process(x, y, 1);
    expected.process(x, z, 1);
    EXPECT_EQ((std::vector<float>{y, y + 5}), (std::vector<float>{z, z + 5}));

    EditedFile edited{folder / "a"};
    edited["1.num_batches_tracked"].dtype = io::DType::F64;
    edited.write(folder / "a");
    EXPECT_EQ((failure_of([&] { load_any<Counts>(folder / "a"); }).message),
              (folder / "a").string() + ": fits none of the 1 candidates: (0: Linear 3 -> 5, 1: BatchNorm1d 5): tensor "
                                        "1.num_batches_tracked: expected I64 [], got F64 []");
}

/// The file of a model of Saved, selected from Candidates; whether it is one of Expected.
template <class Saved, class Expected, class... Candidates>
bool selects() {
    const TemporaryFolder folder;
    save(Model<Saved>{Seed{1}}, folder / "a");
    return dispatch<Candidates...>(folder / "a",
                                   []<class M>(const M&) { return std::is_same_v<typename M::network, Expected>; });
}

TEST(Dispatch, TellsTheVariantsOfACellApart) {
    using cell::Variant;
    using Plain = LSTM<2, 3>;
    using Clipped = LSTMVariant<2, 3, Variant{.clip = {1, 2}}>;
    using Wider = LSTMVariant<2, 3, Variant{.clip = {3, 4}}>;
    using Coupled = LSTMVariant<2, 3, Variant{.coupled = true}>;
    EXPECT_TRUE((selects<Plain, Plain, Clipped, Plain>()));
    EXPECT_TRUE((selects<Plain, Plain, Plain, Clipped>()));
    EXPECT_TRUE((selects<Clipped, Clipped, Clipped, Plain>()));
    EXPECT_TRUE((selects<Clipped, Clipped, Plain, Wider, Clipped>()));
    EXPECT_TRUE((selects<RNN<2, 3>, RNN<2, 3>, ReluRNN<2, 3>, RNN<2, 3>>()));
    EXPECT_TRUE((selects<ReluRNN<2, 3>, ReluRNN<2, 3>, RNN<2, 3>, ReluRNN<2, 3>>()));
    EXPECT_TRUE((selects<GRU<2, 3>, GRU<2, 3>, Coupled, GRU<2, 3>>()));
    EXPECT_TRUE((selects<Coupled, Coupled, GRU<2, 3>, Coupled>()));
    // A file without a record, of another program.
    EXPECT_TRUE((selects<Plain, Clipped, Clipped, LSTM<2, 5>>()));
    const auto none = failure_of([] { selects<Plain, Clipped, LSTM<2, 5>, Clipped, Wider>(); });
    EXPECT_EQ(none.kind, Error::Kind::mismatch);
    EXPECT_TRUE(none.message.ends_with("/a: tensor weight_hh_l0: candidates with clip 1/2 and with clip 3/4 fit; "
                                       "expected the metadata \"rondo.variants\", which say which it is, or one of "
                                       "these candidates only"))
        << none.message;
}

TEST(Dispatch, HandsTheModelOver) {
    const TemporaryFolder folder;
    save(Model<Amp<3>>{Seed{1}}, folder / "a");
    std::unique_ptr<Model<Amp<3>>> kept; // the visitor may move its argument, and return nothing
    dispatch<Amp<3>>(folder / "a",
                     [&](Model<Amp<3>>&& model) { kept = std::make_unique<Model<Amp<3>>>(std::move(model)); });
    EXPECT_EQ(*kept, Model<Amp<3>>{Seed{1}});
    const auto refuse = [](const auto&) { fail({Error::Kind::file, "mine"}); };
    expect_failure([&] { dispatch<Amp<3>>(folder / "a", refuse); }, Error::Kind::file, "mine");
}

TEST(Dispatch, SaysOfEachCandidateWhyItDoesNotFit) {
    const TemporaryFolder folder;
    const auto refused = [&](const std::string& file, Error::Kind kind, const std::string& message) {
        const Error expected{kind, message};
        Error error;
        EXPECT_EQ((dispatch<Sizes<Amp, 3, 5>, GatedAmp<3>>(folder / file, look, error)), Seen{});
        EXPECT_EQ(error, expected);
        EXPECT_EQ((failure_of([&] { dispatch<Sizes<Amp, 3, 5>, GatedAmp<3>>(folder / file, look); })), expected);
        Error of_any;
        EXPECT_FALSE((load_any<Sizes<Amp, 3, 5>, GatedAmp<3>>(folder / file, of_any)));
        EXPECT_EQ(of_any, expected);
        EXPECT_EQ((failure_of([&] { load_any<Sizes<Amp, 3, 5>, GatedAmp<3>>(folder / file); })), expected);
    };
    const std::string file = (folder / "a").string();
    const auto none = [&](const std::string& of_3, const std::string& of_5, const std::string& gated) {
        refused("a", Error::Kind::mismatch,
                file + ": fits none of the 3 candidates: (lstm: LSTM 1 -> 3, fc: Linear 3 -> 1): tensor " + of_3 +
                    "; (lstm: LSTM 1 -> 5, fc: Linear 5 -> 1): tensor " + of_5 +
                    "; (gru: GRU 1 -> 3, fc: Linear 3 -> 1): tensor " + gated);
    };
    save(Model<Amp<20>>{Seed{1}}, folder / "a");
    none("lstm.weight_ih_l0: expected F32 [12,1], got F32 [80,1]",
         "lstm.weight_ih_l0: expected F32 [20,1], got F32 [80,1]", "gru.weight_ih_l0 F32 [9,1] is missing");
    save(Exact{Seed{1}}, folder / "a");
    none("lstm.weight_ih_l0: expected F32 [12,1], got F64 [20,1]",
         "lstm.weight_ih_l0: expected F32 [20,1], got F64 [20,1]", "gru.weight_ih_l0 F32 [9,1] is missing");

    save(Model<Amp<3>>{Seed{1}}, folder / "a");
    EditedFile edited{folder / "a"};
    edited.tensors.push_back({"more", io::DType::F32, {0}, {}});
    edited.write(folder / "a");
    none("more F32 [0] is not one of the network's", "lstm.weight_ih_l0: expected F32 [20,1], got F32 [12,1]",
         "gru.weight_ih_l0 F32 [9,1] is missing");

    save(Model<Amp<3>>{Seed{1}}, folder / "a");
    EditedFile odd{folder / "a"};
    odd["fc.bias"].bytes = {std::byte{0}, std::byte{0}, std::byte{0xC0}, std::byte{0x7F}}; // NaN
    odd.write(folder / "a");
    Error error;
    dispatch<Sizes<Amp, 3, 5>>(folder / "a", look, error);
    EXPECT_EQ(error.kind, Error::Kind::not_finite) << error.message;

    refused("b", Error::Kind::file, "cannot read " + (folder / "b").string() + ": No such file or directory");
    io::write_file(folder / "c", std::as_bytes(std::span{"no model"}));
    dispatch<Amp<3>>(folder / "c", look, error);
    EXPECT_EQ(error.kind, Error::Kind::format) << error.message;
    dispatch<Amp<3>>(std::span<const std::byte>{}, look, error);
    EXPECT_EQ(error.message, "safetensors: the file has 0 bytes; the length of the header alone takes 8");
}

/// A model as a file of another program.
template <class Net>
io::ModelWeights told(const Model<Net>& model) {
    io::ModelWeights weights{.source = "amp.json"};
    const auto values = model.values();
    for (const NetworkLayer& layer : network_layers<Net>) {
        io::LayerWeights& one = weights.layers.emplace_back();
        one.name = layer.name.view();
        one.facts = layer.facts;
        for (std::size_t k = 0; k < layer.count; ++k) {
            const ParameterSpec& t = Net::tensors[layer.tensor + k];
            const auto begin = values.begin() + std::ptrdiff_t(t.offset);
            one.arrays.push_back({std::size_t(t.rows), std::size_t(t.columns), {}});
            one.arrays.back().values.assign(begin, begin + std::ptrdiff_t(t.size()));
        }
    }
    return weights;
}

TEST(Dispatch, PicksByTheLayersOfAnotherFormat) {
    using Before = Sequential<Named<"gru", GRUResetBefore<1, 5>>, Named<"fc", Linear<5, 1>>>; // the same tensors
    const Model<GatedAmp<5>> model{Seed{2}};
    const io::ModelWeights weights = told(model);
    EXPECT_EQ((dispatch<Before, Sizes<GatedAmp, 3, 5>, Amp<5>>(weights, look)), seen(model));
    const std::string none = "amp.json: fits none of the 2 candidates: "
                             "(lstm: LSTM 1 -> 5, fc: Linear 5 -> 1): gru: expected LSTM 1 -> 5 for the network's "
                             "\"lstm\", got GRUResetBefore 1 -> 5; (gru: GRU 1 -> 5, fc: Linear 5 -> 1): gru: "
                             "expected GRU 1 -> 5 for the network's \"gru\", got GRUResetBefore 1 -> 5";
    const io::ModelWeights before = told(Model<Before>{Seed{1}});
    Error error;
    EXPECT_EQ((dispatch<Amp<5>, GatedAmp<5>>(before, look, error)), Seen{});
    EXPECT_EQ(error, (Error{Error::Kind::mismatch, none}));
    EXPECT_EQ((failure_of([&] { dispatch<Amp<5>, GatedAmp<5>>(before, look); })), error);
}

TEST(Dispatch, HandsOverTheFirstState) {
    const Model<Amp<3>> model{Seed{2}};
    io::ModelWeights weights = told(model);
    const auto first = [](const auto&, const auto& state) { return double(state.numbers()[1]); };
    EXPECT_EQ((dispatch<Sizes<Amp, 3, 5>>(weights, first)), 0);
    weights.layers[0].first = {0.5, -0.25, 1, 0, 0, 2};
    EXPECT_EQ((dispatch<Sizes<Amp, 3, 5>>(weights, first)), -0.25);
    EXPECT_EQ((failure_of([&] { dispatch<Sizes<Amp, 3, 5>>(weights, look); }).kind), Error::Kind::mismatch)
        << "a visitor without it must not lose it";

    auto stream = load_any<Sizes<Amp, 3, 5>>(weights);
    State<Amp<3>> rest;
    for (std::size_t k = 0; k < 3; ++k) {
        rest.numbers()[k] = float(weights.layers[0].first[k]);
        rest.numbers()[16 + k] = float(weights.layers[0].first[3 + k]);
    }
    AnyStream expected{model, rest};
    const float x[]{0.5f, -1, 2};
    float y[3], z[3];
    stream.process(x, y, 3);
    expected.process(x, z, 3);
    EXPECT_EQ((std::vector<float>{y, y + 3}), (std::vector<float>{z, z + 3}));
}

TEST(Dispatch, IsNoexceptWhereItsVisitorIs) {
    const auto throws = [](const auto&) {};
    [[maybe_unused]] Error error;
    static_assert(noexcept(dispatch<Amp<3>>("", look, error)) && !noexcept(dispatch<Amp<3>>("", throws, error)));
    static_assert(noexcept(load_any<Amp<3>>("", error)));
}

TEST(LoadAny, StreamsWhateverTheFileHolds) {
    const TemporaryFolder folder;
    const Model<GatedAmp<5>> model{Seed{2}};
    save(model, folder / "a");
    auto stream = load_any<Sizes<Amp, 3, 5>, GatedAmp<5>>(folder / "a");
    static_assert(std::is_same_v<decltype(stream), AnyStream>);
    AnyStream expected{model};
    const auto x = normal_numbers<float>(20);
    std::vector<float> y(20), z(20);
    stream.process(x.data(), y.data(), 20);
    expected.process(x.data(), z.data(), 20);
    EXPECT_EQ(y, z);
}

} // namespace dispatch_test
