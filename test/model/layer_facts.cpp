// SPDX-License-Identifier: MIT
#include <rondo/model/layer_facts.hpp>

#include <rondo/layer/attention_pooling.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/softmax.hpp>
#include <rondo/layer/variant.hpp>

#include <support/compositions.hpp>
#include <support/training.hpp>

#include <gtest/gtest.h>

#include <string>

namespace layer_facts_test {

using namespace rondo;

/// Each layer's name, facts and tensors.
template <class Net>
std::string told() {
    std::string text;
    for (const NetworkLayer& layer : network_layers<Net>)
        text += std::string{layer.name.view()} + ": " + describe(layer.facts) + " @" + std::to_string(layer.tensor) +
                "+" + std::to_string(layer.count) + "\n";
    return text;
}

TEST(LayerFacts, TellStacksLayerByLayerAndNoDropout) {
    EXPECT_EQ(told<Letters>(), "in: Embedding 7 -> 5 @0+1\n"
                               "lstm, layer 0: LSTM 5 -> 20 @1+4\n"
                               "lstm, layer 1: LSTM 20 -> 20 @5+4\n"
                               "out: Linear 20 -> 7 @9+2\n");
    EXPECT_EQ((told<GRUResetBefore<3, 5, Stack{.layers = 2, .bidirectional = true}>>()),
              ", layer 0: GRUResetBefore 3 -> 2 x 5, bidirectional @0+8\n"
              ", layer 1: GRUResetBefore 10 -> 2 x 5, bidirectional @8+8\n");
    EXPECT_EQ((told<Sequential<LSTM<3, 5, Stack{.layers = 2, .reversed = true}>, FirstStep<5>>>()),
              "0, layer 0: LSTM 3 -> 5, reversed @0+4\n"
              "0, layer 1: LSTM 5 -> 5, reversed @4+4\n"
              "1: FirstStep 5 @8+0\n");
    EXPECT_EQ((told<Sequential<RNN<3, 5>, ReluRNN<5, 5>, LastStep<5>, Softmax<5>, LinearWithoutBias<5, 1>>>()),
              "0: RNN 3 -> 5 @0+4\n"
              "1: ReluRNN 5 -> 5 @4+4\n"
              "2: LastStep 5 @8+0\n"
              "3: Softmax 5 @8+0\n"
              "4: Linear 5 -> 1, no bias @8+1\n");
}

TEST(LayerFacts, TellNetworksInsideNetworksAndWhatSkipsThem) {
    using Inner = Sequential<Linear<3, 5>, ReLU<5>, Named<"back", Linear<5, 3>>>;
    EXPECT_EQ((told<Sequential<Named<"body", Residual<Inner>>, Sigmoid<3>, Residual<GRU<3, 3>>>>()),
              "body.0: Linear 3 -> 5 @0+2\n"
              "body.1: ReLU 5 @2+0\n"
              "body.back: Linear 5 -> 3 @2+2\n"
              "body: Skip of 3 over 3 layers @0+0\n"
              "1: Sigmoid 3 @4+0\n"
              "2: GRU 3 -> 3 @4+4\n"
              "2: Skip of 3 over 1 layers @0+0\n");
    EXPECT_EQ((told<ResidualOfFirst<Sequential<LSTM<2, 3>, Linear<3, 1>>>>()), "0: LSTM 2 -> 3 @0+4\n"
                                                                               "1: Linear 3 -> 1 @4+2\n"
                                                                               ": Skip of 1 over 2 layers @0+0\n");
}

/// One that says how its layers run, and one that does not.
struct InOrder : Network<Named<"a", Linear<3, 5>>, Named<"b", Tanh<5>>> {
    static constexpr bool layers_in_order = true;
};

TEST(LayerFacts, TellOnlyWhatFilesCan) {
    EXPECT_EQ(told<InOrder>(), "a: Linear 3 -> 5 @0+2\nb: Tanh 5 @2+0\n");
    EXPECT_EQ(told<Branch>(), ": a layer that files cannot tell @0+8\n");
    EXPECT_EQ((told<Sequential<Linear<3, 5>, AttentionPooling<5>>>()),
              "0: Linear 3 -> 5 @0+2\n1: a layer that files cannot tell @2+2\n");
}

TEST(LayerFacts, TellVariantsOfCells) {
    using cell::Function, cell::Variant;
    EXPECT_EQ((told<PeepholeLSTM<3, 5, Stack{.layers = 2}>>()), ", layer 0: LSTM 3 -> 5, peepholes @0+5\n"
                                                                ", layer 1: LSTM 5 -> 5, peepholes @5+5\n");
    EXPECT_EQ((told<GRU<3, 5, Stack{.bidirectional = true, .bias = false}>>()),
              ": GRU 3 -> 2 x 5, bidirectional, no bias @0+4\n");
    EXPECT_EQ(
        (told<Sequential<LSTM<3, 5, Stack{.layers = 2, .bidirectional = true, .projection = 2}>, Linear<4, 1>>>()),
        "0, layer 0: LSTM 3 -> 2 x 5, bidirectional, projection 2 @0+10\n"
        "0, layer 1: LSTM 4 -> 2 x 5, bidirectional, projection 2 @10+10\n"
        "1: Linear 4 -> 1 @20+2\n");
    EXPECT_EQ((told<LSTMVariant<3, 5,
                                Variant{.gate{Function::hardsigmoid, {2, 10}, {1, 2}},
                                        .output{Function::softsign},
                                        .clip = Ratio{3, 4},
                                        .coupled = true},
                                Stack{.bias = false}>>()),
              ": LSTM 3 -> 5, no bias, coupled, clip 0.75, gates hardsigmoid(0.2, 0.5), output softsign @0+2\n");
    EXPECT_EQ((told<Sequential<RNNVariant<3, 5, Variant{.candidate{Function::relu}}>, RNNVariant<5, 5, Variant{}>,
                               GRUVariant<5, 5, Variant{.clip = Ratio{40}}>>>()),
              "0: ReluRNN 3 -> 5 @0+4\n1: RNN 5 -> 5 @4+4\n2: GRU 5 -> 5 @8+4\n");
    constexpr auto facts = [](const auto& layers) { return layers[0].facts; };
    EXPECT_EQ(facts(network_layers<LSTMVariant<3, 5, Variant{.clip = Ratio{5, 10}}>>),
              facts(network_layers<LSTMVariant<3, 5, Variant{.clip = Ratio{1, 2}}>>));
    // No fraction is equal to these as a float.
    using Wide = Sequential<Hardtanh<4, Ratio{-2147483647}, Ratio{2147483647}>>;
    EXPECT_EQ(facts(network_layers<Wide>).options[0].value(), -2147483647);
    EXPECT_EQ(facts(network_layers<Sequential<LayerNorm<4, Norm{.eps = {1, 2147483647}}>>>).options[0],
              (Ratio{1, 2147483647}));
}

} // namespace layer_facts_test
