// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/rnn.hpp"
#include "recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

// Classes, not alias templates: nvcc cannot print an alias with such an argument inside another template's arguments,
// and messages then say RNN<10, 20>.

/// Vanilla recurrent layer, h' = tanh(W x + b + U h + c). See Recurrent for shapes, cell::RNN for its source.
template <int In, int Hidden, Stack stack = Stack{}>
struct RNN : Recurrent<cell::RNN, In, Hidden, stack> {
    static constexpr Label describe() { return RNN::Recurrent::describe("RNN"); }
};

/// Vanilla recurrent layer with a rectifier, h' = max(W x + b + U h + c, 0).
template <int In, int Hidden, Stack stack = Stack{}>
struct ReluRNN : Recurrent<cell::ReluRNN, In, Hidden, stack> {
    static constexpr Label describe() { return ReluRNN::Recurrent::describe("ReluRNN"); }
};

} // namespace rondo
