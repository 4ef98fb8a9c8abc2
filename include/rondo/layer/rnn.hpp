// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/rnn.hpp"
#include "recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

// Classes, not alias templates: nvcc cannot print an alias with a Stack argument inside other template arguments, and
// compilers' messages say RNN<10, 20>.

/// An Elman recurrent layer, h' = tanh(W x + b + U h + c). See Recurrent for shapes, cell::RNN for its source.
template <int In, int Hidden, Stack stack = Stack{}>
struct RNN : Recurrent<cell::RNN, In, Hidden, stack> {
    static constexpr Label describe() { return RNN::Recurrent::describe("RNN"); }
};

/// An Elman recurrent layer with ReLU, h' = max(W x + b + U h + c, 0). See cell::ReluRNN.
template <int In, int Hidden, Stack stack = Stack{}>
struct ReluRNN : Recurrent<cell::ReluRNN, In, Hidden, stack> {
    static constexpr Label describe() { return ReluRNN::Recurrent::describe("ReluRNN"); }
};

} // namespace rondo
