// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/functors.hpp"
#include "../core/host_device.hpp"
#include "state_slots.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operands of a cell's steps over time, in one direction. Scan executes them step by step; a backend may execute
/// all steps in one kernel.
///
/// Shapes  U (gates H x H); state (H x (T + 1) B): see StateSlots; gate (gates H x T B): W x + b of every step; split
///         (split H x T B): c of the split gates. Backward overwrites gate and split with their gradients.
template <class C, int H, class S>
struct RecurrentSteps {
    using Gates = GateLayout<C>;
    static constexpr int states = Gates::states;
    static constexpr std::size_t rows = std::size_t(Gates::gates) * H, split_rows = std::size_t(Gates::split) * H,
                                 per_unit_rows = std::size_t(Gates::per_unit) * H,
                                 saved_rows = std::size_t(Gates::saved) * H;

    int steps = 0;
    StateSlots state_slots{};
    const S *U = nullptr, *per_unit = nullptr;
    Values<S*, states> state{};
    S *gate = nullptr, *split = nullptr, *saved = nullptr; // saved: null if no backward follows
    const S* output_gradient = nullptr;
    S* per_unit_gradient = nullptr;

    // For step by step only.
    Values<S*, states> carry{}; // (H x B): dL/d(state after) in, dL/d(state before) out

    // For all steps in one kernel only, where `gate` holds W x without b. Biases and states (H x B) are null if not
    // given.
    const S *input_bias = nullptr, *recurrent_bias = nullptr;
    Values<const S*, states> initial{};
    Values<S*, states> final{}, initial_gradient{}, final_gradient{};

    /// The functor of step t, for the sequences from `first` on.
    RONDO_HOST_DEVICE UnitForward<C, H, S> forward(int t, std::size_t first) const {
        const std::size_t column = state_slots.column(t) + first;
        UnitForward<C, H, S> u{gate + column * rows,
                               split + column * split_rows,
                               per_unit,
                               {},
                               {},
                               saved ? saved + column * saved_rows : nullptr};
        for (int k = 0; k < states; ++k) {
            u.before[k] = state[k] + (state_slots.before(t) + first) * H;
            u.after[k] = state[k] + (state_slots.after(t) + first) * H;
        }
        return u;
    }
    RONDO_HOST_DEVICE UnitBackward<C, H, S> backward(int t, std::size_t first) const {
        const std::size_t column = state_slots.column(t) + first;
        UnitBackward<C, H, S> u{.saved = saved + column * saved_rows,
                                .before = {},
                                .after = {},
                                .per_unit = per_unit,
                                .output_gradient = output_gradient + column * H,
                                .carry = {},
                                .gate_gradient = gate + column * rows,
                                .split_gradient = split + column * split_rows,
                                .per_unit_gradient = per_unit_gradient + column * per_unit_rows};
        for (int k = 0; k < states; ++k) {
            u.before[k] = state[k] + (state_slots.before(t) + first) * H;
            u.after[k] = state[k] + (state_slots.after(t) + first) * H;
            if (carry[k]) u.carry[k] = carry[k] + first * H;
        }
        return u;
    }
};

/// A backend that can execute all steps of such a cell in one kernel, and does if runs_forward<C, H>(extent) or
/// runs_backward<C, H>(extent) is true. `lengths` is in the backend's memory; null: no padding.
///
///   multiply(gate, W, x), then run_forward(steps, lengths, memory): writes states, final states and saved values;
///   slots of padding are zero.
///   run_backward(steps, lengths, memory): writes the gates' gradients, zero for padding; adds to initial_gradient.
///   steps_memory<C, H>(extent): the size of `memory` in elements.
template <class B, class C, int H>
concept RunsSteps = requires { requires B::template runs_steps<C, H>; };

} // namespace rondo
