// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/min_lstm.hpp"
#include "linear_recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A minimal LSTM layer: gates in the order f, i, n, which read the input only. See LinearRecurrent for shapes,
/// cell::MinLSTM for the equations and their source.
template <int In, int Hidden, Stack stack = Stack{}>
struct MinLSTM : LinearRecurrent<cell::MinLSTM, In, Hidden, stack> {
    static constexpr Label describe() { return MinLSTM::LinearRecurrent::describe("MinLSTM"); }
};

/// The same with a positive candidate, as the paper's log-space form has it: outputs from positive states are positive.
template <int In, int Hidden, Stack stack = Stack{}>
struct MinLSTMLogSpace : LinearRecurrent<cell::MinLSTMLogSpace, In, Hidden, stack> {
    static constexpr Label describe() { return MinLSTMLogSpace::LinearRecurrent::describe("MinLSTMLogSpace"); }
};

} // namespace rondo
