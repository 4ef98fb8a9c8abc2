// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/gru_variant.hpp"
#include "../cell/lstm_variant.hpp"
#include "../cell/rnn_variant.hpp"
#include "recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Recurrent layers with other equations than the usual ones: LSTMVariant<10, 20, cell::Variant{.clip = Ratio{3}}>. See
/// Recurrent for shapes, cell::LSTMVariant, cell::GRUVariant, cell::GRUResetBeforeVariant and cell::RNNVariant for the
/// equations and their sources, cell::Variant for the options.
template <int In, int Hidden, cell::Variant variant, Stack stack = Stack{}>
struct LSTMVariant : Recurrent<cell::LSTMVariant<variant>, In, Hidden, stack> {
    static constexpr Label describe() { return LSTMVariant::Recurrent::describe("LSTMVariant"); }
};
template <int In, int Hidden, cell::Variant variant, Stack stack = Stack{}>
struct GRUVariant : Recurrent<cell::GRUVariant<variant>, In, Hidden, stack> {
    static constexpr Label describe() { return GRUVariant::Recurrent::describe("GRUVariant"); }
};
template <int In, int Hidden, cell::Variant variant, Stack stack = Stack{}>
struct GRUResetBeforeVariant : Recurrent<cell::GRUResetBeforeVariant<variant>, In, Hidden, stack> {
    static constexpr Label describe() { return GRUResetBeforeVariant::Recurrent::describe("GRUResetBeforeVariant"); }
};
template <int In, int Hidden, cell::Variant variant, Stack stack = Stack{}>
struct RNNVariant : Recurrent<cell::RNNVariant<variant>, In, Hidden, stack> {
    static constexpr Label describe() { return RNNVariant::Recurrent::describe("RNNVariant"); }
};

/// A long short-term memory layer with peepholes, whose tensor weight_own has the rows p_i, p_f, p_o. See
/// cell::LSTMVariant for the equations and their source.
template <int In, int Hidden, Stack stack = Stack{}>
struct PeepholeLSTM : Recurrent<cell::PeepholeLSTM, In, Hidden, stack> {
    static constexpr Label describe() { return PeepholeLSTM::Recurrent::describe("PeepholeLSTM"); }
};

} // namespace rondo
