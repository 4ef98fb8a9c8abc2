// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/lstm.hpp"
#include "recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A long short-term memory layer; gates in PyTorch's order i, f, g, o. See Recurrent for shapes, cell::LSTM for the
/// equations and their source.
template <int In, int Hidden, Stack stack = Stack{}>
struct LSTM : Recurrent<cell::LSTM, In, Hidden, stack> {
    static constexpr Label describe() { return LSTM::Recurrent::describe("LSTM"); }
};

} // namespace rondo
