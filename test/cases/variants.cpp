// SPDX-License-Identifier: MIT
// Recurrent layers with other options than the usual ones: those of the golden file "variants".
#include "recurrent.hpp"

#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/variant.hpp>

namespace cases {
inline namespace variants_cases { // named: a file that includes this one may derive from its types

using namespace rondo;

using cell::Function, cell::Variant;

template <template <int, int, Stack> class Layer, class S, int In, int Hidden, Stack stack = Stack{}>
void add_variant(Cases& to, const std::string& kind) {
    add<Layer, S, In, Hidden, stack>(to, kind);
    to.back().golden = "variants";
}

// Under sanitizers one case of each kind.
void add_without_biases(Cases& to) {
    add_variant<LSTM, double, 3, 20, Stack{.layers = 2, .bias = false}>(to, "lstm_no_bias");
    add_variant<GRU, double, 5, 3, Stack{.layers = 3, .bidirectional = true, .bias = false}>(to, "gru_no_bias");
    add_variant<GRUResetBefore, double, 20, 1, Stack{.layers = 2, .bidirectional = true, .bias = false}>(
        to, "gru_reset_before_no_bias");
    add_variant<RNN, double, 5, 33, Stack{.bidirectional = true, .bias = false}>(to, "rnn_no_bias");
#ifndef RONDO_TEST_SANITIZED
    add_variant<LSTM, float, 5, 3, Stack{.layers = 3, .bidirectional = true, .bias = false}>(to, "lstm_no_bias");
    add_variant<GRU, float, 33, 5, Stack{.bias = false}>(to, "gru_no_bias");
    add_variant<RNN, float, 1, 5, Stack{.bias = false}>(to, "rnn_no_bias");
#endif
}

/// A kind of layer with a variant, as one of the usual layers.
template <template <int, int, Variant, Stack> class Layer, Variant variant>
struct With {
    template <int In, int Hidden, Stack stack> struct Of : Layer<In, Hidden, variant, stack> {};
};

constexpr Function hardsigmoid{Function::hardsigmoid, {1, 5}, {1, 2}};
constexpr Stack two{.layers = 2}, two_both{.layers = 2, .bidirectional = true}, both{.bidirectional = true};

void add_lstms(Cases& to) {
    using Coupled = With<LSTMVariant, Variant{.coupled = true}>;
    using Hard =
        With<LSTMVariant, Variant{.gate = hardsigmoid, .candidate{Function::softsign}, .output{Function::relu}}>;
    using All = With<LSTMVariant, Variant{.gate{Function::hardsigmoid, {3, 10}, {2, 5}},
                                          .candidate{Function::elu, {1, 2}},
                                          .output{Function::scaled_tanh, {3, 2}, {3, 4}},
                                          .clip = Ratio{3, 4},
                                          .coupled = true,
                                          .peepholes = true}>;
    using Clip = With<LSTMVariant, Variant{.clip = Ratio{1, 2}, .peepholes = true}>;
    add_variant<Coupled::Of, double, 3, 20>(to, "lstm_coupled");
    add_variant<Hard::Of, float, 3, 33>(to, "lstm_hard");
    add_variant<All::Of, double, 20, 1, two_both>(to, "lstm_all");
    add_variant<Clip::Of, double, 3, 5, two>(to, "lstm_clip");
#ifndef RONDO_TEST_SANITIZED
    using Plus = With<LSTMVariant, Variant{.gate{Function::softplus},
                                           .candidate{Function::softplus},
                                           .output{Function::softplus},
                                           .clip = Ratio{1, 2}}>;
    add_variant<Coupled::Of, float, 5, 3, two_both>(to, "lstm_coupled");
    add_variant<Hard::Of, double, 5, 3, two_both>(to, "lstm_hard");
    add_variant<Plus::Of, double, 3, 5>(to, "lstm_softplus");
    add_variant<All::Of, float, 1, 20>(to, "lstm_all");
#endif
}

void add_others(Cases& to) {
    using HardGRU = With<GRUVariant, Variant{.gate = hardsigmoid, .candidate{Function::leaky_relu, {1, 8}}}>;
    using ClipGRU = With<GRUVariant, Variant{.candidate{Function::affine, {3, 4}, {1, 4}}, .clip = Ratio{1, 4}}>;
    using Before =
        With<GRUResetBeforeVariant, Variant{.gate = hardsigmoid, .candidate{Function::elu, {1}}, .clip = Ratio{1, 2}}>;
    using ClipRNN = With<RNNVariant, Variant{.clip = Ratio{1, 2}}>;
    using Threshold = With<RNNVariant, Variant{.candidate{Function::thresholded_relu, {1, 4}}}>;
    add_variant<HardGRU::Of, double, 20, 5>(to, "gru_hard");
    add_variant<ClipGRU::Of, double, 5, 3, two_both>(to, "gru_clip");
    add_variant<Before::Of, double, 5, 3, two_both>(to, "gru_reset_before_hard");
#ifndef RONDO_TEST_SANITIZED
    add_variant<ClipGRU::Of, float, 1, 33>(to, "gru_clip");
    add_variant<Before::Of, float, 3, 20>(to, "gru_reset_before_hard");
#endif
    add_variant<ClipRNN::Of, double, 5, 20>(to, "rnn_clip");
    add_variant<Threshold::Of, double, 3, 5, both>(to, "rnn_threshold");
}

} // namespace variants_cases

void add_variants(Cases& to) {
    add_without_biases(to);
    add_lstms(to);
    add_others(to);
    for (Case& c : to)
        if (c.kind == "lstm_hard" || c.kind == "gru_hard" || c.kind == "rnn_threshold" || c.kind == "lstm_softplus")
            c.bounded = false;
}

} // namespace cases
