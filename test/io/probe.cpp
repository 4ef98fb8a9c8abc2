// SPDX-License-Identifier: MIT
#include <rondo/io/probe.hpp>

#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/sequential.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace probe_test {

using namespace rondo;
using B = EigenBackend<double>;

/// y = (x0 + 2 x1, 3 x1)
io::ModelWeights linear() {
    io::ModelWeights weights;
    weights.source = "file";
    weights.layers.push_back({"layer 0", {LayerKind::Linear, 2, 2, 1, false}, {{2, 2, {1, 2, 0, 3}}}, {}});
    return weights;
}

Error problem(const io::Probe& probe) {
    Model<LinearWithoutBias<2, 2>, B> model{Seed{1}};
    const auto before = model;
    Error error;
    load(model, linear(), probe, error);
    if (error) EXPECT_EQ(model, before);
    else EXPECT_EQ(model.tensor<"weight">()(1, 1), 3);
    EXPECT_EQ(failure_of([&] { load(model, linear(), probe); }), error);
    return error;
}

TEST(Probe, PassesWithinItsTolerance) {
    EXPECT_FALSE(problem({{1, 1, 0, 2}, {3, 3, 4, 6}, 0}));
    EXPECT_FALSE(problem({{1, 1, 0, 2}, {3, 3, 4, 6.25}, 0.25}));
}

TEST(Probe, NamesTheGreatestDifference) {
    const auto mismatch = [](const io::Probe& probe) {
        const Error error = problem(probe);
        EXPECT_EQ(error.kind, Error::Kind::mismatch);
        return error.message;
    };
    EXPECT_EQ(mismatch({{1, 1, 0, 2}, {3.125, 3, 4, 6.5}, 0.25}),
              "file: the probe: step 1, output 1: expected 6.5, got 6: apart by 0.5, allowed are 0.25");
    EXPECT_EQ(mismatch({{1, 1}, {std::numeric_limits<double>::quiet_NaN(), 3}, 1}),
              "file: the probe: step 0, output 0: expected nan, got 3: apart by nan, allowed are 1");
    EXPECT_EQ(mismatch({{1, 1, 1}, {3, 3}, 1}), "file: the probe: expected 2 numbers of input a step, got 3");
    EXPECT_EQ(mismatch({{}, {}, 1}), "file: the probe: expected 2 numbers of input a step, got 0");
    EXPECT_EQ(mismatch({{1, 1}, {3}, 1}), "file: the probe: expected 1 numbers of output, got 2");
}

TEST(Probe, MayBeOfTokens) {
    io::ModelWeights weights;
    weights.source = "file";
    weights.layers.push_back({"table", {LayerKind::Embedding, 3, 1}, {{3, 1, {5, 6, 7}}}, {}});
    Model<Sequential<Embedding<3, 1>>, B> model;
    load(model, weights, {{2, 0, 1}, {7, 5, 6}, 0});
    for (const double token : {-1.0, 3.0, std::numeric_limits<double>::quiet_NaN(), 1e300})
        EXPECT_EQ(failure_of([&] { load(model, weights, io::Probe{{token}, {1}, 0}); }).kind, Error::Kind::mismatch)
            << token;
}

TEST(Probe, NeedsNoStateOfALayerThatReadsFromTheEnd) {
    using Net = GRU<1, 1, Stack{.bidirectional = true}>;
    io::ModelWeights weights;
    weights.source = "file";
    weights.layers.push_back({"gru", {LayerKind::GRU, 1, 1, 2}, {}, {}});
    for (int k = 0; k < 8; ++k) weights.layers[0].arrays.push_back({3, 1, {0, 0, 0}});
    Model<Net, B> model;
    load(model, weights, {{1, 2}, {0, 0, 0, 0}, 0});
    weights.layers[0].first = {1, 0};
    State<Net, double> first;
    EXPECT_EQ(failure_of([&] { load(model, first, weights, io::Probe{{1, 2}, {0, 0, 0, 0}, 0}); }).message,
              "file: gru has a first state; give load a State for it, too");

    weights.layers[0] = {"gru", {LayerKind::GRU, 1, 1, 1, true, 0, true}, {}, {}};
    for (int k = 0; k < 4; ++k) weights.layers[0].arrays.push_back({3, 1, {0, 0, 0}});
    Model<GRU<1, 1, Stack{.reversed = true}>, B> reversed;
    load(reversed, weights, {{1, 2}, {0, 0}, 0});
}

} // namespace probe_test
