// SPDX-License-Identifier: MIT
#include <rondo/io/assign.hpp>

#include <rondo/layer/conv1d.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/pool1d.hpp>
#include <rondo/layer/softmax.hpp>
#include <rondo/model/batch_state.hpp>
#include <rondo/model/model.hpp>

#include <support/compositions.hpp>
#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <span>
#include <string>
#include <vector>

namespace assign_test {

using namespace rondo;
using B = EigenBackend<double>;

/// The content of a file of this network.
template <class Net>
io::ModelWeights told(const Model<Net, B>& model) {
    io::ModelWeights weights;
    weights.source = "file";
    const auto values = model.values();
    for (const NetworkLayer& layer : network_layers<Net>) {
        weights.layers.push_back({"layer " + std::to_string(weights.layers.size()), layer.facts, {}, {}});
        for (const ParameterSpec& t : std::span{Net::tensors}.subspan(layer.tensor, layer.count)) {
            const auto first = values.begin() + std::ptrdiff_t(t.offset);
            weights.layers.back().arrays.push_back(
                {std::size_t(t.rows), std::size_t(t.columns), {first, first + std::ptrdiff_t(t.size())}});
        }
    }
    return weights;
}

using Both =
    Sequential<Named<"in", Embedding<7, 5>>, Named<"gru", GRU<5, 3, Stack{.layers = 2, .bidirectional = true}>>,
               Dropout<6, Rate{10}>, Named<"lstm", LSTM<6, 5>>, Residual<Linear<5, 5>>, Softmax<5>>;

TEST(Assign, GivesEveryNumberToItsPlace) {
    const Model<Both, B> model{Seed{3}};
    Model<Both, B> other;
    load(other, told(model));
    EXPECT_EQ(other, model);
    Model<TiedModel, B> tied{Seed{3}}, same;
    load(same, told(tied));
    EXPECT_EQ(same, tied);
}

/// The error of loading edited weights; expects that the model is unchanged.
template <class Net, class Edit>
Error refused(Edit edit) {
    Model<Net, B> model{Seed{1}};
    const auto before = model;
    io::ModelWeights weights = told(Model<Net, B>{Seed{2}});
    edit(weights);
    Error error;
    load(model, weights, error);
    EXPECT_TRUE(error);
    EXPECT_EQ(model, before);
    EXPECT_EQ(failure_of([&] { load(model, weights); }), error);
    BatchState<Net, B> batch{2};
    load(model, batch, weights, error);
    EXPECT_EQ(model, before);
    EXPECT_EQ(batch, (BatchState<Net, B>{2}));
    return error;
}
template <class Net, class Edit>
std::string mismatch(Edit edit) {
    const Error error = refused<Net>(edit);
    EXPECT_EQ(error.kind, Error::Kind::mismatch);
    return error.message;
}

TEST(Assign, NamesTheLayerThatDiffers) {
    using W = io::ModelWeights;
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers.pop_back(); }),
              "file: expected Softmax 5 for the network's \"5\", but the file ends after 6 layers");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers.push_back(w.layers.front()); }),
              "file: layer 0, Embedding 7 -> 5, is not one of the network's, which has 7 layers");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[1].facts.kind = LayerKind::GRUResetBefore; }),
              "file: layer 1: expected GRU 5 -> 2 x 3, bidirectional for the network's \"gru, layer 0\", "
              "got GRUResetBefore 5 -> 2 x 3, bidirectional");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[2].facts.directions = 1, w.layers[2].facts.reversed = true; }),
              "file: layer 2: expected GRU 6 -> 2 x 3, bidirectional for the network's \"gru, layer 1\", "
              "got GRU 6 -> 3, reversed");
    EXPECT_EQ(
        mismatch<Both>([](W& w) { w.layers[2].facts.directions = 1; }),
        "file: layer 2: expected GRU 6 -> 2 x 3, bidirectional for the network's \"gru, layer 1\", got GRU 6 -> 3");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[4].facts.bias = false; }),
              "file: layer 4: expected Linear 5 -> 5 for the network's \"4\", got Linear 5 -> 5, no bias");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[5].facts.span = 2; }),
              "file: layer 5: expected Skip of 5 over 1 layers for the network's \"4\", got Skip of 5 over 2 layers");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[6].facts.kind = LayerKind::Tanh; }),
              "file: layer 6: expected Softmax 5 for the network's \"5\", got Tanh 5");
    EXPECT_EQ(mismatch<Branch>([](W&) {}), "file: the network is a layer that files cannot tell layer by layer");
}

TEST(Assign, NamesTheTensorThatDiffers) {
    using W = io::ModelWeights;
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[3].arrays.pop_back(); }), "file: layer 3: expected 4 tensors, got 3");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[3].arrays[1].rows = 5; }),
              "file: lstm.weight_hh_l0: expected [20,5], got [5,5] of 100 numbers");
    EXPECT_EQ(mismatch<Both>([](W& w) { w.layers[3].arrays[1].values.pop_back(); }),
              "file: lstm.weight_hh_l0: expected [20,5], got [20,5] of 99 numbers");
    EXPECT_EQ(mismatch<TiedModel>([](W& w) { w.layers.back().arrays[0].values[3] += 1; }),
              "file: out.weight is tied to another tensor and must be equal to it");
    EXPECT_EQ(refused<Both>([](W& w) { w.layers[0].arrays[0].values[4] = std::numeric_limits<double>::infinity(); }),
              (Error{Error::Kind::not_finite, "file: in.weight: number 4 is inf"}));
}

TEST(Assign, GivesFirstStatesToABatch) {
    Model<Both, B> model{Seed{3}}, other;
    io::ModelWeights weights = told(model);
    const auto count = [](std::size_t from, std::size_t size) {
        std::vector<double> all(size);
        for (std::size_t n = 0; n < size; ++n) all[n] = double(from + n);
        return all;
    };
    weights.layers[1].first = count(100, 6);  // h of both directions
    weights.layers[3].first = count(300, 10); // h, then c
    BatchState<Both, B> state{2};
    state.assign(std::vector<double>(state.size(), 5)); // states without a value in the file become zero
    load(other, state, weights);
    EXPECT_EQ(other, model);
    const std::vector<double> expected{100, 101, 102, 100, 101, 102, 103, 104, 105, 103, 104, 105,
                                       0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0, //
                                       300, 301, 302, 303, 304, 300, 301, 302, 303, 304, 305, 306,
                                       307, 308, 309, 305, 306, 307, 308, 309};
    EXPECT_EQ(state.values(), expected);

    // Without a State to return it in, an initial state is rejected, unless it is zero.
    const auto before = model;
    expect_failure([&] { load(model, weights); }, Error::Kind::mismatch,
                   "file: layer 1 has a first state; give load a State for it, too");
    weights.layers[1].first.assign(6, 0.0);
    weights.layers[3].first.assign(10, 0.0);
    load(model, weights);
    EXPECT_EQ(model, before);
}

TEST(Assign, GivesFirstStatesToAStream) {
    using Net = Sequential<LSTM<2, 3, Stack{.layers = 2}>, GRU<3, 17>>;
    Model<Net, B> model{Seed{3}};
    const auto before = model;
    io::ModelWeights weights = told(model);
    weights.layers[1].first = {1, 2, 3, 4, 5, 6};
    weights.layers[2].first.assign(17, 7.0);
    State<Net, double> state;
    load(model, state, weights);
    std::vector<double> expected(4 * 16 + 32, 0.0);
    for (std::size_t k = 0; k < 3; ++k) expected[32 + k] = double(k + 1), expected[48 + k] = double(k + 4);
    for (std::size_t k = 0; k < 17; ++k) expected[64 + k] = 7;
    EXPECT_EQ(std::vector<double>(state.numbers().begin(), state.numbers().end()), expected);

    const auto kept = state;
    weights.layers[2].first.pop_back();
    weights.layers[0].arrays[0].values[0] += 1;
    expect_failure([&] { load(model, state, weights); }, Error::Kind::mismatch,
                   "file: layer 2: first state: expected 17 numbers, got 16");
    weights.layers[2].first.push_back(std::numeric_limits<double>::quiet_NaN());
    expect_failure([&] { load(model, state, weights); }, Error::Kind::not_finite,
                   "file: layer 2: first state: number 16 is nan");
    EXPECT_EQ(state, kept);
    EXPECT_EQ(model, before);
}

TEST(Assign, GivesFirstStatesToLayersAfterConvolutionsAndPools) {
    using Net = Sequential<Conv1d<2, 3, 4, ConvOptions{.padding = causal_padding}>, Named<"gru", GRU<3, 3>>,
                           MaxPool1d<3, 3, PoolOptions{.stride = 1, .padding = causal_padding}>, AvgPool1d<3, 1>,
                           Named<"lstm", LSTM<3, 2>>>;
    Model<Net, B> model{Seed{3}};
    io::ModelWeights weights = told(model);
    weights.layers[1].first = {1, 2, 3};
    weights.layers[4].first = {4, 5, 6, 7};
    State<Net, double> state;
    load(model, state, weights);
    const auto is = [](std::span<const double> got, const std::vector<double>& expected) {
        EXPECT_EQ(std::vector<double>(got.begin(), got.end()), expected);
    };
    is(state.template h<"gru">(), {1, 2, 3});
    is(state.template h<"lstm">(), {4, 5});
    is(state.template c<"lstm">(), {6, 7});

    BatchState<Net, B> batch{2};
    load(model, batch, weights);
    std::vector<double> expected(2 * 7, 0.0); // three steps of two features, and the index of the oldest one
    expected.insert(expected.end(), {1, 2, 3, 1, 2, 3});
    expected.insert(expected.end(), 2 * 7, 0.0); // two steps of three features
    expected.insert(expected.end(), {4, 5, 4, 5, 6, 7, 6, 7});
    EXPECT_EQ(batch.values(), expected);
}

} // namespace assign_test
