// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/min_gru.hpp"
#include "linear_recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A minimal GRU layer: gates in the order z, n, which read the input only. See LinearRecurrent for shapes,
/// cell::MinGRU for the equations and their source.
template <int In, int Hidden, Stack stack = Stack{}>
struct MinGRU : LinearRecurrent<cell::MinGRU, In, Hidden, stack> {
    static constexpr Label describe() { return MinGRU::LinearRecurrent::describe("MinGRU"); }
};

/// The same with a positive candidate, as the paper's log-space form has it: outputs from positive states are positive.
template <int In, int Hidden, Stack stack = Stack{}>
struct MinGRULogSpace : LinearRecurrent<cell::MinGRULogSpace, In, Hidden, stack> {
    static constexpr Label describe() { return MinGRULogSpace::LinearRecurrent::describe("MinGRULogSpace"); }
};

} // namespace rondo
