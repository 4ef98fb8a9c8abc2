// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../cell/functors.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The steps of a cell over time, in one direction: where each finds what it reads and writes. Scan goes through them
/// one by one; a backend may go through all of them at once.
///
/// States lie in slots, the first before the first step: slot t + 1 is the state after step t. In reverse, slot t is
/// the state after step t.
///
/// Shapes  U (gates H x H), states (H x (T + 1) B), gate (gates H x T B): W x + b of every step, apart (apart H x T
///         B): c of the gates that keep U h + c apart. Backward leaves the gradients of the gates in both.
template <class C, int H, class S>
struct RecurrentSteps {
    static constexpr int states = C::shape.states;
    static constexpr std::size_t rows = std::size_t(C::shape.gates) * H, split_rows = std::size_t(C::shape.split) * H,
                                 per_unit_rows = std::size_t(C::shape.per_unit) * H,
                                 saved_rows = std::size_t(C::shape.saved) * H;

    int steps = 0, batch = 0;
    bool reverse = false;
    const S *U = nullptr, *per_unit = nullptr;
    Values<S*, states> state{};
    S *gate = nullptr, *split = nullptr, *saved = nullptr; // saved: null where no backward follows
    const S* output_gradient = nullptr;
    S* per_unit_gradient = nullptr;

    // Step by step.
    Values<S*, states> carry{}; // H x B: dL/d(state after) in, dL/d(state before) out

    // All at once: `gate` holds W x alone; H x B each, null where there is none.
    const S *input_bias = nullptr, *recurrent_bias = nullptr;
    Values<const S*, states> initial{};
    Values<S*, states> final{}, initial_gradient{}, final_gradient{};

    RONDO_HOST_DEVICE std::size_t slot(int t) const { return std::size_t(t) * std::size_t(batch) * H; }
    RONDO_HOST_DEVICE std::size_t before(int t) const { return slot(reverse ? t + 1 : t); }
    RONDO_HOST_DEVICE std::size_t after(int t) const { return slot(reverse ? t : t + 1); }

    /// What step t does to the sequences from `first` on.
    RONDO_HOST_DEVICE UnitForward<C, H, S> forward(int t, std::size_t first) const {
        const std::size_t column = std::size_t(t) * std::size_t(batch) + first;
        UnitForward<C, H, S> u{gate + column * rows, split + column * split_rows, per_unit, {}, {},
                               saved ? saved + column * saved_rows : nullptr};
        for (int k = 0; k < states; ++k) {
            u.before[k] = state[k] + before(t) + first * H;
            u.after[k] = state[k] + after(t) + first * H;
        }
        return u;
    }
    RONDO_HOST_DEVICE UnitBackward<C, H, S> backward(int t, std::size_t first) const {
        const std::size_t column = std::size_t(t) * std::size_t(batch) + first;
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
            u.before[k] = state[k] + before(t) + first * H;
            u.after[k] = state[k] + after(t) + first * H;
            if (carry[k]) u.carry[k] = carry[k] + first * H;
        }
        return u;
    }
};

/// A backend that can go through all steps of such a cell at once, and does where runs_forward<C, H>(extent) and
/// runs_backward say so. `lengths` lie where its memory is; null: all are of full length.
///
///   multiply(gate, W, x), then run_forward(steps, lengths, memory): states, final states and what is saved; slots past
///   a sequence's end are zero.
///   run_backward(steps, lengths, memory): gradients of the gates, zero past a sequence's end; adds to initial_gradient.
///   steps_memory<C, H>(extent): numbers of memory that they need besides.
template <class B, class C, int H>
concept RunsSteps = requires { requires B::template runs_steps<C, H>; };

} // namespace rondo
