// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/gru.hpp"
#include "recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A gated recurrent unit layer that applies the reset gate after the product, as PyTorch does; gates in PyTorch's
/// order r, z, n. See Recurrent for shapes, cell::GRU for the equations and their source.
template <int In, int Hidden, Stack stack = Stack{}>
struct GRU : Recurrent<cell::GRU, In, Hidden, stack> {
    static constexpr Label describe() { return GRU::Recurrent::describe("GRU"); }
};

/// A gated recurrent unit layer that applies the reset gate before the product, ONNX's default. See
/// cell::GRUResetBefore.
template <int In, int Hidden, Stack stack = Stack{}>
struct GRUResetBefore : Recurrent<cell::GRUResetBefore, In, Hidden, stack> {
    static constexpr Label describe() { return GRUResetBefore::Recurrent::describe("GRUResetBefore"); }
};

} // namespace rondo
