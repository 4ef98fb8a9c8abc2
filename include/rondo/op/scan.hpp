// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/recurrent_steps.hpp"
#include "../core/memory.hpp"
#include "../core/view.hpp"
#include "recurrent_products.hpp"
#include "scan_gradients.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The operation of one cell over time, in one direction.
///
///   a(t) = W x(t) + b + U h + c           with h of the slot before t         (1)
///   h(t) = V m(t)                         with a projection; m is the h of the cell's equations   (2)
///
/// Shapes  x (In x T B) -> h (P x (T + 1) B), state (H x (T + 1) B: see StateSlots), saved (saved H x T B); W (gates H
///         x In), U (gates H x P), b and c (gates H), V (P x H), without it P = H; gate (gates H x T B) is a(t), and
///         dL/da(t) after backward.
template <class C, int H, int P, class S>
struct Scan {
    using Steps = RecurrentSteps<C, H, S>;
    using Rows = GateRows<C, H, P>;
    static constexpr int states = Steps::states;
    static constexpr bool projected = P < H;
    static_assert(!projected || C::shape.projects);
    static constexpr std::size_t rows(int k) { return std::size_t(k == 0 ? P : H); } // of a component of the state

    DynamicSequenceView<const S> x; // (In x T B)
    StateSlots state_slots;
    CellParameters<S> p;
    Values<const S*, states> initial{};                               // (rows(k) x B) each; null: zero
    Values<S*, states> final{}, initial_gradient{}, final_gradient{}; // (rows(k) x B) each; null if not needed
    Values<S*, states> state{};   // (H x (T + 1) B) each; with a projection state[0] is m
    S* h = nullptr;               // (P x (T + 1) B); without a projection state[0]
    S* output_gradient = nullptr; // (P x T B)
    // (gates H x T B), (split H x T B), (saved H x T B), (H x T B)
    S *gate = nullptr, *split = nullptr, *saved = nullptr, *q = nullptr;

    const Extent& extent() const { return x.extent; }
    // With a projection a network is run one shard at a time.
    std::array<ParameterTensor, 5> parameters() const
        requires (!projected)
    {
        return tensors();
    }
    std::array<ParameterTensor, 5> tensors() const { return GateLayout<C>::tensors(p, x.rows, P, H); }
    std::size_t batch() const { return std::size_t(extent().batch); }

    /// Allocates what forward writes; with `keep`, also the saved values for backward and traces.
    template <class Run>
    static Scan make(Run& run, const DynamicSequenceView<const S>& x, bool reverse, bool keep,
                     const CellParameters<S>& p, const Values<const S*, states>& initial) {
        Scan s{.x = x, .state_slots = {x.extent.batch, reverse}, .p = p, .initial = initial};
        const std::size_t n = x.extent.columns();
        s.gate = run.take(Rows::all * n);
        s.split = run.take(Rows::split * n);
        s.saved = keep ? run.take(Steps::saved_rows * n) : nullptr;
        s.q = run.take(Rows::after_reset > 0 ? H * n : 0);
        for (int k = 0; k < states; ++k) s.state[k] = run.take(H * (n + s.batch()));
        s.h = projected ? run.take(P * (n + s.batch())) : s.state[0];
        return s;
    }

    /// The output (P x T B): h of the slot after each step.
    S* output() const { return h + state_slots.after(0) * P; }

    /// `together`: all steps in one kernel, which uses `memory`. Else step by step, with the bias b + c and packed U.
    struct ForwardScratch {
        S *bias, *memory;
        RecurrentMemory<S> U;
        int* lengths;
        bool together;
    };
    template <class B>
    ForwardScratch forward_scratch(Scratch<B>& scratch) const {
        if constexpr (can_run_at_once<B>)
            if (B::template runs_forward<C, H>(extent())) return at_once(scratch);
        ForwardScratch all{};
        all.bias = scratch.take(Rows::all);
        scratch.product(Rows::all, extent().columns(), x.rows);
        all.U = take_products<false>(scratch);
        return all;
    }
    struct BackwardScratch : ForwardScratch {
        Values<S*, states> carry; // with a projection carry[0] is zero
        S *per_unit_gradient, *q_gradient, *x;
        S *h_carry, *dh, *dm; // dL/dh to be carried on (P x B); with a projection dL/dh (P x T B), dL/dm (H x T B)
        typename ScanGradients<C, H, P, S>::Room of_shards;
    };
    template <class B>
    BackwardScratch backward_scratch(Scratch<B>& scratch) const {
        BackwardScratch all{};
        const std::size_t n = extent().columns();
        if constexpr (can_run_at_once<B>)
            if (B::template runs_backward<C, H>(extent())) static_cast<ForwardScratch&>(all) = at_once(scratch);
        if (!all.together) {
            for (int k = 0; k < states; ++k) all.carry[k] = scratch.take(H * batch());
            all.q_gradient = scratch.take(Rows::after_reset > 0 ? H * batch() : 0);
            all.U = take_products<true>(scratch);
            all.h_carry = projected ? scratch.take(P * batch()) : all.carry[0];
            all.dm = scratch.take(projected ? H * n : 0);
            all.dh = scratch.take(projected ? P * n : 0);
            if constexpr (Asynchronous<B>) all.lengths = scratch.take_lengths(extent());
        }
        all.per_unit_gradient = scratch.take(Steps::per_unit_rows * n);
        if constexpr (Asynchronous<B>)
            if (extent().lengths) all.x = scratch.take(x.rows * n);
        if constexpr (!Asynchronous<B>) all.of_shards = ScanGradients<C, H, P, S>::room(scratch, x, tensors());
        scratch.product(x.rows, n, Rows::all);
        scratch.product(x.rows, Rows::all, n);
        scratch.product(P, Rows::all, n);
        if (projected) scratch.product(H, P, n);
        return all;
    }

    template <class Run>
    void forward(Run& run) const {
        auto scratch = run.scratch();
        const ForwardScratch room = forward_scratch(scratch);
        if constexpr (can_run_at_once<typename Run::backend_type>)
            if (room.together) return forward_at_once(run, room);
        auto& backend = run.backend();
        begin<P>(run, h, initial[0]);
        for (int k = projected ? 0 : 1; k < states; ++k) begin<H>(run, state[k], k == 0 ? nullptr : initial[k]);
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
            run.multiply_add(extent(), a, RowMajorView<const S>{p.input_weight.value, Rows::all, x.rows},
                             x.matrix(first, count));
            if constexpr (Rows::split > 0)
                backend.fill_columns({split + first * Rows::split, Rows::split, count},
                                     (p.recurrent_bias.value ? p.recurrent_bias.value : bias) + Rows::merged);
        };
        if constexpr (Run::whole) inputs(0, extent().columns());
        else for_each_valid_range(extent(), inputs);
        const auto products = Products<Run, false>::make(backend, p, room.U, run.shards().step_columns());
        for (int k = 0; k < extent().steps; ++k) step(run, state_slots.step(k, extent().steps), products);
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
        if constexpr (can_run_at_once<typename Run::backend_type>)
            if (room.together) return backward_at_once(run, room);
        auto& backend = run.backend();
        Steps all = steps();
        all.carry = room.carry;
        all.per_unit_gradient = room.per_unit_gradient;
        const auto carry = [&](int k) {
            return ColumnMajorView<S>{k == 0 ? room.h_carry : room.carry[k], rows(k), batch()};
        };
        for (int k = 0; k < states; ++k)
            if (final_gradient[k]) backend.copy(carry(k).data, final_gradient[k], rows(k) * batch());
            else backend.fill(carry(k).data, rows(k) * batch(), S(0));
        if constexpr (projected) {
            all.output_gradient = room.dm;
            backend.fill(room.dm, H * extent().columns(), S(0));
            backend.fill(room.carry[0], H * batch(), S(0));
        }
        const auto products = Products<Run, true>::make(backend, p, room.U, run.shards().step_columns());
        for (int k = extent().steps - 1; k >= 0; --k)
            step_back(run, state_slots.step(k, extent().steps), products, all, room);
        for (int k = 0; k < states; ++k)
            if (initial_gradient[k])
                backend.add_to_columns({initial_gradient[k], rows(k), batch()}, ColumnMajorView<const S>(carry(k)));
        const auto gradients = gradients_of(room);
        if constexpr (Run::whole) {
            const int* until = run.lengths(extent(), room.lengths);
            gradients.clear_padding(run, until);
            gradients.add_all(run, until, room.x);
        } else {
            gradients.add(run, tensors(), room.of_shards);
        }
    }

private:
    template <class Run, bool transposed>
    using Products = RecurrentProducts<typename Run::backend_type, C, H, P, transposed>;

    template <bool transposed, class B>
    RecurrentMemory<S> take_products(Scratch<B>& scratch) const {
        // Not the steps, so that padding does not change the bits; with several shards, not the longest sequence of
        // those that happen to be here.
        const int longest = scratch.shards().count > 1 ? extent().steps : extent().longest();
        return RecurrentProducts<B, C, H, P, transposed>::take(scratch, p, longest, batch());
    }
    ScanGradients<C, H, P, S> gradients_of(const BackwardScratch& room) const {
        return {.x = x,
                .p = p,
                .h = h + state_slots.before(0) * P,
                .m = state[0] + state_slots.after(0) * H,
                .dh = room.dh,
                .da = gate,
                .du = split,
                .q = q,
                .per_unit_gradient = room.per_unit_gradient};
    }

    // Whether the backend may execute all steps in one kernel.
    template <class B>
    static constexpr bool can_run_at_once = !projected && RunsSteps<B, C, H>;

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
    template <int Height, class Run>
    void begin(Run& run, S* to, const S* from) const {
        auto& backend = run.backend();
        const auto set = [&](std::size_t column, const S* value, std::size_t count) {
            if (value) backend.copy(to + column * Height, value, Height * count);
            else backend.fill(to + column * Height, Height * count, S(0));
        };
        if (!extent().lengths) return set(state_slots.column(state_slots.first(extent().steps)), from, batch());
        backend.fill(to, Height * (extent().columns() + batch()), S(0));
        for (int b = 0; b < extent().batch; ++b)
            if (from)
                set(state_slots.column(state_slots.first(extent().length(b))) + std::size_t(b),
                    from + std::size_t(b) * Height, 1);
    }
    // Copies each sequence's state after its last valid step to `final`.
    template <class Run>
    void finish(Run& run) const {
        const auto copy = [&](int k, int b, int slot, std::size_t count) {
            run.backend().copy(final[k] + std::size_t(b) * rows(k),
                               (k == 0 ? h : state[k]) + (state_slots.column(slot) + std::size_t(b)) * rows(k),
                               rows(k) * count);
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
            const ColumnMajorView<const S> before{h + (state_slots.before(t) + first) * P, P, count};
            const auto forward = steps().forward(t, first);
            if constexpr (Rows::before_reset > 0)
                products.before_reset.add(backend, a.from_row(0, Rows::before_reset), before);
            if constexpr (Rows::split > 0)
                products.split.add(backend, {split + column * Rows::split, Rows::split, count}, before);
            if constexpr (Rows::after_reset > 0) {
                backend.template units<H>(UnitReset<C, H, S>{forward, q + column * H}, count);
                products.after_reset.add(backend, a.from_row(Rows::before_reset, Rows::after_reset),
                                         {q + column * H, H, count});
            }
            backend.template units<H>(forward, count);
            if constexpr (projected) {
                S* const after = h + (state_slots.after(t) + first) * P;
                backend.fill(after, P * count, S(0));
                products.projection.add(backend, {after, P, count}, {forward.after[0], H, count});
            }
        });
    }

    template <class Run, class U>
    void step_back(Run& run, int t, const U& products, const Steps& all, const BackwardScratch& room) const {
        auto& backend = run.backend();
        for_each_valid_range(extent(), t, [&](int from, int n) {
            const std::size_t first = std::size_t(from), count = std::size_t(n), column = state_slots.column(t) + first;
            const auto u = all.backward(t, first);
            const ColumnMajorView<S> dh{room.h_carry + first * P, P, count},
                a{gate + column * Rows::all, Rows::all, count};
            if constexpr (projected) {
                const ColumnMajorView<S> now{room.dh + column * P, P, count};
                backend.copy(now.data, output_gradient + column * P, P * count);
                backend.add_to_columns(now, ColumnMajorView<const S>(dh));
                backend.fill(dh.data, P * count, S(0));
                products.projection.add(backend, {room.dm + column * H, H, count}, now);
            }
            backend.template units<H>(u, count);
            if constexpr (Rows::after_reset > 0) {
                const ColumnMajorView<S> dq{room.q_gradient + first * H, H, count};
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
