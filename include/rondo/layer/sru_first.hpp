// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/sru_first.hpp"
#include "linear_recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A layer of simple recurrent units, first version: W and gates in the order u, f, r. If In is not Hidden, a further
/// block of weights projects the input for the highway connection. See LinearRecurrent for shapes, cell::SRUFirst for
/// the equations and their source.
///
/// Shapes  the states are c.
template <int In, int Hidden, Stack stack = Stack{}>
struct SRUFirst : LinearRecurrent<cell::SRUFirst, In, Hidden, stack> {
    static constexpr Label describe() { return SRUFirst::LinearRecurrent::describe("SRUFirst"); }
};

} // namespace rondo
