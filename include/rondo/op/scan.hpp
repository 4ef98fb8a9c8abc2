// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/recurrent_steps.hpp"
#include "../core/memory.hpp"
#include "../core/view.hpp"
#include "recurrent_products.hpp"
#include "scan_gradients.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation of one cell over time, in one direction.
///
///   a(t) = W x(t) + b + U h + c           with h of the slot before t         (1)
///
/// Shapes  x (In x T B) -> state (H x (T + 1) B: see StateSlots), saved (saved H x T B); W (gates H x In), U (gates H x
///         H), b and c (gates H); gate (gates H x T B) is a(t), and dL/da(t) after backward.
template <class C, int H, class S>
struct Scan {
    using Steps = RecurrentSteps<C, H, S>;
    using Rows = GateRows<C, H>;
    static constexpr int states = Steps::states;

    DynamicSequenceView<const S> x; // (In x T B)
    StateSlots state_slots;
    CellParameters<S> p;
    Values<const S*, states> initial;                           // (H x B) each; null: zero
    Values<S*, states> final, initial_gradient, final_gradient; // (H x B) each; null if not needed
    Values<S*, states> state;                                   // (H x (T + 1) B) each
    S* output_gradient;                                         // (H x T B)
    S *gate, *split, *saved, *q; // (gates H x T B), (split H x T B), (saved H x T B), (H x T B)

    const Extent& extent() const { return x.extent; }
    std::size_t batch() const { return std::size_t(extent().batch); }

    /// Allocates what forward writes; with `keep`, also the saved values for backward and traces.
    template <class Run>
    static Scan make(Run& run, const DynamicSequenceView<const S>& x, bool reverse, bool keep,
                     const CellParameters<S>& p, const Values<const S*, states>& initial) {
        Scan s{x, {x.extent.batch, reverse}, p, initial, {}, {}, {}, {}, nullptr, nullptr, nullptr, nullptr, nullptr};
        const std::size_t n = x.extent.columns();
        s.gate = run.take(Rows::all * n);
        s.split = run.take(Rows::split * n);
        s.saved = keep ? run.take(Steps::saved_rows * n) : nullptr;
        s.q = run.take(Rows::after_reset > 0 ? H * n : 0);
        for (int k = 0; k < states; ++k) s.state[k] = run.take(H * (n + s.batch()));
        return s;
    }

    /// The output (H x T B): h of the slot after each step.
    S* output() const { return state[0] + state_slots.after(0) * H; }

    /// `together`: all steps in one kernel, which uses `memory`. Else step by step, with the bias b + c and packed U.
    struct ForwardScratch {
        S *bias, *memory;
        RecurrentMemory<S> U;
        int* lengths;
        bool together;
    };
    template <class B>
    ForwardScratch forward_scratch(Scratch<B>& scratch) const {
        if constexpr (RunsSteps<B, C, H>)
            if (B::template runs_forward<C, H>(extent())) return at_once(scratch);
        ForwardScratch all{};
        all.bias = scratch.take(Rows::all);
        scratch.product(Rows::all, extent().columns(), x.rows);
        all.U = take_products<false>(scratch);
        return all;
    }
    struct BackwardScratch : ForwardScratch {
        Values<S*, states> carry;
        S *per_unit_gradient, *q_gradient, *x;
    };
    template <class B>
    BackwardScratch backward_scratch(Scratch<B>& scratch) const {
        BackwardScratch all{};
        const std::size_t n = extent().columns();
        if constexpr (RunsSteps<B, C, H>)
            if (B::template runs_backward<C, H>(extent())) static_cast<ForwardScratch&>(all) = at_once(scratch);
        if (!all.together) {
            for (int k = 0; k < states; ++k) all.carry[k] = scratch.take(H * batch());
            all.q_gradient = scratch.take(Rows::after_reset > 0 ? H * batch() : 0);
            all.U = take_products<true>(scratch);
            if constexpr (Asynchronous<B>) all.lengths = scratch.take_lengths(extent());
        }
        all.per_unit_gradient = scratch.take(Steps::per_unit_rows * n);
        if constexpr (Asynchronous<B>)
            if (extent().lengths) all.x = scratch.take(x.rows * n);
        scratch.product(x.rows, n, Rows::all);
        scratch.product(x.rows, Rows::all, n);
        scratch.product(H, Rows::all, n);
        return all;
    }

    template <class Run>
    void forward(Run& run) const {
        auto scratch = run.scratch();
        const ForwardScratch room = forward_scratch(scratch);
        if constexpr (can_run_at_once<Run>)
            if (room.together) return forward_at_once(run, room);
        auto& backend = run.backend();
        for (int k = 0; k < states; ++k) begin(run, state[k], initial[k]);
        S* const bias = room.bias;
        if (p.input_bias.value) {
            backend.copy(bias, p.input_bias.value, Rows::all);
            backend.add_to_columns({bias, Rows::merged, 1},
                                   ColumnMajorView<const S>{p.recurrent_bias.value, Rows::merged, 1});
        } else {
            backend.fill(bias, Rows::all, S(0));
        }
        const auto inputs = [&](std::size_t first, std::size_t count) {
            const ColumnMajorView<S> a{gate + first * Rows::all, Rows::all, count};
            backend.fill_columns(a, bias);
            backend.multiply_add(a, RowMajorView<const S>{p.input_weight.value, Rows::all, x.rows},
                                 x.matrix(first, count));
            if constexpr (Rows::split > 0)
                backend.fill_columns({split + first * Rows::split, Rows::split, count},
                                     (p.recurrent_bias.value ? p.recurrent_bias.value : bias) + Rows::merged);
        };
        if constexpr (Run::whole) inputs(0, extent().columns());
        else for_each_valid_range(extent(), inputs);
        const auto U = Products<Run, false>::make(backend, p.recurrent_weight.value, room.U);
        for (int k = 0; k < extent().steps; ++k) step(run, state_slots.step(k, extent().steps), U);
        finish(run);
    }

    /// The saved values (saved H x T B).
    template <class Run>
    S* trace(Run&) const {
        return saved;
    }

    template <class Run>
    void backward(Run& run) const {
        auto scratch = run.scratch();
        const BackwardScratch room = backward_scratch(scratch);
        if constexpr (can_run_at_once<Run>)
            if (room.together) return backward_at_once(run, room);
        auto& backend = run.backend();
        Steps all = steps();
        all.carry = room.carry;
        all.per_unit_gradient = room.per_unit_gradient;
        for (int k = 0; k < states; ++k)
            if (final_gradient[k]) backend.copy(room.carry[k], final_gradient[k], H * batch());
            else backend.fill(room.carry[k], H * batch(), S(0));
        const auto U = Products<Run, true>::make(backend, p.recurrent_weight.value, room.U);
        for (int k = extent().steps - 1; k >= 0; --k)
            step_back(run, state_slots.step(k, extent().steps), U, all, room.q_gradient);
        for (int k = 0; k < states; ++k)
            if (initial_gradient[k])
                backend.add_to_columns({initial_gradient[k], H, batch()},
                                       ColumnMajorView<const S>{room.carry[k], H, batch()});
        const auto gradients = gradients_of(room);
        if constexpr (Run::whole) {
            const int* until = run.lengths(extent(), room.lengths);
            gradients.clear_padding(run, until);
            gradients.add_all(run, until, room.x);
        } else {
            gradients.add(run);
        }
    }

private:
    template <class Run, bool transposed>
    using Products = RecurrentProducts<typename Run::backend_type, C, H, transposed>;

    template <bool transposed, class B>
    RecurrentMemory<S> take_products(Scratch<B>& scratch) const {
        const int longest = extent().longest(); // not extent().steps, so that padding does not change the bits
        return RecurrentProducts<B, C, H, transposed>::take(scratch, p.recurrent_weight.value, longest, batch());
    }
    ScanGradients<C, H, S> gradients_of(const BackwardScratch& room) const {
        return {x, p, state[0] + state_slots.before(0) * H, gate, split, q, room.per_unit_gradient};
    }

    // Whether the backend may execute all steps in one kernel.
    template <class Run>
    static constexpr bool can_run_at_once = RunsSteps<typename Run::backend_type, C, H>;

    template <class B>
    ForwardScratch at_once(Scratch<B>& scratch) const {
        ForwardScratch all{};
        all.lengths = scratch.take_lengths(extent());
        all.memory = scratch.take(B::template steps_memory<C, H>(extent()));
        all.together = true;
        return all;
    }
    template <class Run>
    void forward_at_once(Run& run, const ForwardScratch& room) const {
        auto& backend = run.backend();
        const int* until = run.lengths(extent(), room.lengths);
        backend.multiply({gate, Rows::all, extent().columns()},
                         RowMajorView<const S>{p.input_weight.value, Rows::all, x.rows}, x.matrix());
        backend.run_forward(steps(), until, room.memory);
    }
    template <class Run>
    void backward_at_once(Run& run, const BackwardScratch& room) const {
        Steps all = steps();
        const int* until = run.lengths(extent(), room.lengths);
        all.per_unit_gradient = room.per_unit_gradient;
        run.backend().run_backward(all, until, room.memory);
        gradients_of(room).add_all(run, until, room.x);
    }

    // Writes each sequence's initial state, and zeros in the slots of padding.
    template <class Run>
    void begin(Run& run, S* to, const S* from) const {
        auto& backend = run.backend();
        const auto set = [&](std::size_t column, const S* value, std::size_t count) {
            if (value) backend.copy(to + column * H, value, H * count);
            else backend.fill(to + column * H, H * count, S(0));
        };
        if (!extent().lengths) return set(state_slots.column(state_slots.first(extent().steps)), from, batch());
        backend.fill(to, H * (extent().columns() + batch()), S(0));
        for (int b = 0; b < extent().batch; ++b)
            if (from)
                set(state_slots.column(state_slots.first(extent().length(b))) + std::size_t(b),
                    from + std::size_t(b) * H, 1);
    }
    // Copies each sequence's state after its last valid step to `final`.
    template <class Run>
    void finish(Run& run) const {
        const auto copy = [&](int k, int b, int slot, std::size_t count) {
            run.backend().copy(final[k] + std::size_t(b) * H,
                               state[k] + (state_slots.column(slot) + std::size_t(b)) * H, H * count);
        };
        for (int k = 0; k < states; ++k) {
            if (!final[k]) continue;
            if (!extent().lengths) copy(k, 0, state_slots.last(extent().steps), batch());
            else
                for (int b = 0; b < extent().batch; ++b) copy(k, b, state_slots.last(extent().length(b)), 1);
        }
    }

    Steps steps() const {
        return {.steps = extent().steps,
                .state_slots = state_slots,
                .U = p.recurrent_weight.value,
                .per_unit = p.per_unit.value,
                .state = state,
                .gate = gate,
                .split = split,
                .saved = saved,
                .output_gradient = output_gradient,
                .input_bias = p.input_bias.value,
                .recurrent_bias = p.recurrent_bias.value,
                .initial = initial,
                .final = final,
                .initial_gradient = initial_gradient,
                .final_gradient = final_gradient};
    }

    template <class Run, class U>
    void step(Run& run, int t, const U& products) const {
        auto& backend = run.backend();
        for_each_valid_range(extent(), t, [&](int from, int n) {
            const std::size_t first = std::size_t(from), count = std::size_t(n), column = state_slots.column(t) + first;
            const ColumnMajorView<S> a{gate + column * Rows::all, Rows::all, count};
            const ColumnMajorView<const S> h{state[0] + (state_slots.before(t) + first) * H, H, count};
            const auto forward = steps().forward(t, first);
            if constexpr (Rows::before_reset > 0)
                products.before_reset.add(backend, a.from_row(0, Rows::before_reset), h);
            if constexpr (Rows::split > 0)
                products.split.add(backend, {split + column * Rows::split, Rows::split, count}, h);
            if constexpr (Rows::after_reset > 0) {
                backend.template units<H>(UnitReset<C, H, S>{forward, q + column * H}, count);
                products.after_reset.add(backend, a.from_row(Rows::before_reset, Rows::after_reset),
                                         {q + column * H, H, count});
            }
            backend.template units<H>(forward, count);
        });
    }

    template <class Run, class U>
    void step_back(Run& run, int t, const U& products, const Steps& all, S* q_gradient) const {
        auto& backend = run.backend();
        for_each_valid_range(extent(), t, [&](int from, int n) {
            const std::size_t first = std::size_t(from), count = std::size_t(n), column = state_slots.column(t) + first;
            const auto u = all.backward(t, first);
            backend.template units<H>(u, count);
            const ColumnMajorView<S> dh{all.carry[0] + first * H, H, count},
                a{gate + column * Rows::all, Rows::all, count};
            if constexpr (Rows::after_reset > 0) {
                const ColumnMajorView<S> dq{q_gradient + first * H, H, count};
                backend.fill(dq.data, H * count, S(0));
                products.after_reset.add(backend, dq, a.from_row(Rows::before_reset, Rows::after_reset));
                backend.template units<H>(UnitResetBackward<C, H, S>{u, dq.data}, count);
            }
            if constexpr (Rows::before_reset > 0)
                products.before_reset.add(backend, dh, a.from_row(0, Rows::before_reset));
            if constexpr (Rows::split > 0)
                products.split.add(backend, dh, {split + column * Rows::split, Rows::split, count});
        });
    }
};

} // namespace rondo
