// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/rg_lru.hpp"
#include "linear_recurrent.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A layer of real-gated linear recurrent units: gates in the order r, i, and recurrent_param (Hidden), the L of the
/// equations. In is Hidden in the paper; if it is not, a further block of weights projects the input. See
/// LinearRecurrent for shapes, cell::RGLRU for the equations and their source.
template <int In, int Hidden, Stack stack = Stack{}>
struct RGLRU : LinearRecurrent<cell::RGLRU, In, Hidden, stack> {
    static constexpr Label describe() { return RGLRU::LinearRecurrent::describe("RGLRU"); }
};

} // namespace rondo
