// SPDX-License-Identifier: MIT
// LSTMs with a projection: those of the golden file "projections".
#include "recurrent.hpp"

#include <rondo/layer/lstm.hpp>
#include <rondo/layer/variant.hpp>

namespace cases {
inline namespace projected_cases { // named: a file that includes this one may derive from its types

using namespace rondo;

/// A kind of layer whose h is projected to so many units, as one of the usual layers.
template <template <int, int, Stack> class Layer, int projection>
struct Projected {
    template <Stack stack>
    static constexpr Stack with = [] {
        Stack all = stack;
        all.projection = projection;
        return all;
    }();
    template <int In, int Hidden, Stack stack> struct Of : Layer<In, Hidden, with<stack>> {};
};
template <int In, int Hidden, Stack stack>
struct All : LSTMVariant<In, Hidden,
                         cell::Variant{.gate{cell::Function::hardsigmoid, {3, 10}, {2, 5}},
                                       .candidate{cell::Function::elu, {1, 2}},
                                       .output{cell::Function::scaled_tanh, {3, 2}, {3, 4}},
                                       .clip = Ratio{3, 4},
                                       .coupled = true,
                                       .peepholes = true},
                         stack> {};

template <class S, template <int, int, Stack> class Layer, int projection, int In, int Hidden, Stack stack = Stack{}>
void add_projected(Cases& to, const std::string& kind) {
    using P = Projected<Layer, projection>;
    if constexpr (stack.layers == 2 && stack.bias) add_with_composed<P::template Of, S, In, Hidden, stack>(to, kind);
    else add<P::template Of, S, In, Hidden, stack>(to, kind);
}

constexpr Stack both{.bidirectional = true};

template <class S>
void add_scalar(Cases& to) {
    add_projected<S, LSTM, 5, 3, 20, Stack{.layers = 2, .dropout = rate}>(to, "lstm_projected");
    add_projected<S, LSTM, 20, 33, 33>(to, "lstm_projected");
    add_projected<S, PeepholeLSTM, 2, 5, 3, Stack{.layers = 2, .bidirectional = true}>(to, "peephole_projected");
}

} // namespace projected_cases

void add_projected(Cases& to) {
    constexpr Stack all{.layers = 3, .bidirectional = true, .dropout = rate};
    add_projected<double, LSTM, 1, 5, 3, all>(to, "lstm_projected");
    add_projected<double, All, 7, 3, 20, both>(to, "lstm_all_projected");
#ifndef RONDO_TEST_SANITIZED // above one of each kind
    add_projected<float, LSTM, 1, 5, 3, all>(to, "lstm_projected");
    add_scalar<double>(to);
    add_scalar<float>(to);
    add_projected<double, PeepholeLSTM, 5, 3, 20, Stack{.layers = 2}>(to, "peephole_projected");
    add_projected<float, LSTM, 4, 3, 5, both>(to, "lstm_projected");
    add_projected<float, LSTM, 16, 1, 33, both>(to, "lstm_projected");
    add_projected<double, LSTM, 3, 3, 16, Stack{.layers = 2, .bidirectional = true, .bias = false}>(
        to, "lstm_projected_no_bias");
#endif
    for (Case& c : to)
        if (c.kind.find("projected") != c.kind.npos && c.recurrent()) c.golden = "projections";
#ifndef RONDO_TEST_SANITIZED
    // In no golden file: the layer ahead of one above, and reversed.
    add_projected<float, LSTM, 4, 3, 5>(to, "lstm_projected");
    add_projected<float, LSTM, 4, 3, 5, Stack{.reversed = true}>(to, "lstm_projected");
    add_projected<double, LSTM, 4, 3, 5>(to, "lstm_projected");
    add_projected<double, LSTM, 4, 3, 5, Stack{.reversed = true}>(to, "lstm_projected");
#endif
}

} // namespace cases
