// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The layout of the states of a cell over time, and the order of its steps.
///
/// T + 1 slots of one column per sequence hold the states: slot 0 the initial state, slot t + 1 the state after step t.
/// In reverse, slot t holds the state after step t, and the slot of a sequence's length its initial state.
struct StateSlots {
    int batch = 0;
    bool reverse = false;

    /// The first column of a slot, or of a step.
    RONDO_HOST_DEVICE std::size_t column(int slot) const { return std::size_t(slot) * std::size_t(batch); }
    /// The first columns of the slots before and after step t.
    RONDO_HOST_DEVICE std::size_t before(int t) const { return column(reverse ? t + 1 : t); }
    RONDO_HOST_DEVICE std::size_t after(int t) const { return column(reverse ? t : t + 1); }
    /// The slots of the initial and of the final state of a sequence.
    RONDO_HOST_DEVICE int first(int length) const { return reverse ? length : 0; }
    RONDO_HOST_DEVICE int last(int length) const { return reverse ? 0 : length; }
    /// The k-th of `steps` steps in forward's order of execution.
    RONDO_HOST_DEVICE int step(int k, int steps) const { return reverse ? steps - 1 - k : k; }
};

} // namespace rondo
