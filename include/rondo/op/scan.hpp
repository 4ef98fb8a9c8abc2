// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/recurrent_steps.hpp"
#include "../core/memory.hpp"
#include "../core/view.hpp"
#include "step_product.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// One cell over time, in one direction: an operation of a program.
///
/// States lie in slots, the first before the first step: slot t + 1 is the state after step t. In reverse, slot t is
/// the state after step t, and a sequence starts at the slot of its own length.
///
///   a(t) = W x(t) + b + U h + c           with h of the slot before           (1)
///
/// Shapes  x (In x T B) -> states (H x (T + 1) B), saved (saved H x T B); gates (gates H x T B) holds a(t), and after
///         backward dL/da(t).
template <class C, int H, class S>
struct Scan {
    static constexpr int gates = C::shape.gates, states = C::shape.states;
    // Rows of U whose product with h is added to the gates at once; the last ones go apart, or read q.
    static constexpr std::size_t rows = std::size_t(gates) * H,
                                 plain_rows = std::size_t(gates - C::shape.split - C::shape.after_reset) * H,
                                 split_rows = std::size_t(C::shape.split) * H,
                                 second_rows = std::size_t(C::shape.after_reset) * H,
                                 per_unit_rows = std::size_t(C::shape.per_unit) * H;

    DynamicSequenceView<const S> x;
    bool reverse;
    CellParameters<S> p;
    Values<const S*, states> initial;              // H x B; null: zero
    Values<S*, states> final, initial_gradient, final_gradient; // H x B; null where there is none
    Values<S*, states> state;
    S* output_gradient;
    S *gate, *split, *saved, *q;

    const Extent& extent() const { return x.extent; }
    std::size_t batch() const { return std::size_t(extent().batch); }
    std::size_t slot(int t) const { return std::size_t(t) * batch() * H; }
    std::size_t before(int t) const { return slot(reverse ? t + 1 : t); }
    std::size_t after(int t) const { return slot(reverse ? t : t + 1); }
    int first_slot(int b) const { return reverse ? extent().length(b) : 0; }
    int last_slot(int b) const { return reverse ? 0 : extent().length(b); }

    /// Takes what forward writes; with `keep` also what backward will read, and traces show.
    template <class Run>
    static Scan make(Run& run, const DynamicSequenceView<const S>& x, bool reverse, bool keep, const CellParameters<S>& p,
                     const Values<const S*, states>& initial) {
        Scan s{x, reverse, p, initial, {}, {}, {}, {}, nullptr, nullptr, nullptr, nullptr, nullptr};
        const std::size_t n = x.extent.columns();
        s.gate = run.take(rows * n);
        s.split = run.take(split_rows * n);
        s.saved = keep ? run.take(std::size_t(C::shape.saved) * H * n) : nullptr;
        s.q = run.take(second_rows > 0 ? H * n : 0);
        for (int k = 0; k < states; ++k) s.state[k] = run.take(H * (n + s.batch()));
        return s;
    }

    /// Output of step t: h of the slot after it.
    S* output() const { return state[0] + after(0); }

    /// Step by step: the bias of eq. (1) and what products with U are prepared in. All at once: `memory`.
    struct ForwardScratch {
        S *bias, *plain, *split, *second, *memory;
        int* lengths;
        bool together;
    };
    template <class B>
    ForwardScratch forward_scratch(Scratch<B>& scratch) const {
        if constexpr (RunsSteps<B, C, H>)
            if (B::template runs_forward<C, H>(extent())) return at_once(scratch);
        ForwardScratch all{};
        all.bias = scratch.take(rows);
        scratch.product(rows, extent().columns(), x.rows);
        take_products<false>(scratch, all);
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
            all.q_gradient = scratch.take(second_rows > 0 ? H * batch() : 0);
            take_products<true>(scratch, all);
            if constexpr (Asynchronous<B>) all.lengths = scratch.take_lengths(extent());
        }
        all.per_unit_gradient = scratch.take(per_unit_rows * n);
        if constexpr (Asynchronous<B>)
            if (extent().lengths) all.x = scratch.take(x.rows * n);
        scratch.product(x.rows, n, rows);
        scratch.product(x.rows, rows, n);
        scratch.product(H, rows, n);
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
        backend.copy(bias, p.input_bias.value, rows);
        backend.add_to_columns({bias, plain_rows + second_rows, 1},
                               ColumnMajorView<const S>{p.recurrent_bias.value, plain_rows + second_rows, 1});
        const auto inputs = [&](std::size_t first, std::size_t count) {
            const ColumnMajorView<S> a{gate + first * rows, rows, count};
            backend.fill_columns(a, bias);
            backend.multiply_add(a, RowMajorView<const S>{p.input_weight.value, rows, x.rows}, x.matrix(first, count));
            if constexpr (split_rows > 0)
                backend.fill_columns({split + first * split_rows, split_rows, count},
                                     p.recurrent_bias.value + plain_rows);
        };
        if constexpr (Run::whole) inputs(0, extent().columns());
        else for_each_valid_range(extent(), inputs);
        const auto U = products<false>(run, room);
        for (int k = 0; k < extent().steps; ++k) step(run, reverse ? extent().steps - 1 - k : k, U);
        finish(run);
    }

    /// What was saved, as a sequence of saved x H numbers a column.
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
        RecurrentSteps<C, H, S> all = steps();
        auto& carry = all.carry;
        for (int k = 0; k < states; ++k) {
            carry[k] = room.carry[k];
            if (final_gradient[k]) backend.copy(carry[k], final_gradient[k], H * batch());
            else backend.fill(carry[k], H * batch(), S(0));
        }
        all.per_unit_gradient = room.per_unit_gradient;
        S* const q_gradient = room.q_gradient;
        const auto U = products<true>(run, room);
        for (int k = extent().steps - 1; k >= 0; --k)
            step_back(run, reverse ? extent().steps - 1 - k : k, U, all, q_gradient);
        for (int k = 0; k < states; ++k)
            if (initial_gradient[k])
                backend.add_to_columns({initial_gradient[k], H, batch()}, ColumnMajorView<const S>{carry[k], H, batch()});
        if constexpr (Run::whole) {
            const int* until = run.lengths(extent(), room.lengths);
            clear_padding(run, gate, rows, until);
            clear_padding(run, split, split_rows, until);
            clear_padding(run, q, second_rows > 0 ? H : 0, until);
            clear_padding(run, all.per_unit_gradient, per_unit_rows, until);
            add_all_gradients(run, until, all.per_unit_gradient, room.x);
        } else {
            for_each_valid_range(extent(), [&](std::size_t first, std::size_t count) {
                add_gradients(run, first, count, x.matrix(first, count), all.per_unit_gradient);
            });
        }
    }

private:
    // Copies each sequence's state after its own last step to where it is wanted.
    template <class Run>
    void finish(Run& run) const {
        for (int k = 0; k < states; ++k) {
            if (!final[k]) continue;
            if (!extent().lengths) run.backend().copy(final[k], state[k] + slot(last_slot(0)), H * batch());
            else
                for (int b = 0; b < extent().batch; ++b)
                    run.backend().copy(final[k] + std::size_t(b) * H,
                                       state[k] + slot(last_slot(b)) + std::size_t(b) * H, H);
        }
    }

    // Whether the backend can go through all steps at once.
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
    template <bool transposed, class B>
    void take_products(Scratch<B>& scratch, ForwardScratch& all) const {
        const RowMajorView<const S> U{p.recurrent_weight.value, rows, H};
        const int longest = extent().longest(); // not steps: padding is to change no bit
        const auto part = [&](std::size_t first, std::size_t count) {
            return StepProduct<B, transposed>::take(scratch, U.from_row(first, count), longest, batch());
        };
        all.plain = part(0, plain_rows), all.split = part(plain_rows, split_rows);
        all.second = part(plain_rows, second_rows);
    }
    template <class Run>
    void forward_at_once(Run& run, const ForwardScratch& room) const {
        auto& backend = run.backend();
        const int* until = run.lengths(extent(), room.lengths);
        S* const memory = room.memory;
        backend.multiply({gate, rows, extent().columns()}, RowMajorView<const S>{p.input_weight.value, rows, x.rows},
                         x.matrix());
        backend.run_forward(steps(), until, memory);
    }
    template <class Run>
    void backward_at_once(Run& run, const BackwardScratch& room) const {
        auto& backend = run.backend();
        RecurrentSteps<C, H, S> all = steps();
        const int* until = run.lengths(extent(), room.lengths);
        all.per_unit_gradient = room.per_unit_gradient;
        backend.run_backward(all, until, room.memory);
        add_all_gradients(run, until, all.per_unit_gradient, room.x);
    }

    template <bool transposed, class Run>
    auto products(Run& run, const ForwardScratch& room) const {
        using P = StepProduct<typename Run::backend_type, transposed>;
        const RowMajorView<const S> U{p.recurrent_weight.value, rows, H};
        const auto part = [&](std::size_t first, std::size_t count, S* memory) {
            return P::make(run.backend(), U.from_row(first, count), memory);
        };
        return Products<P>{part(0, plain_rows, room.plain), part(plain_rows, split_rows, room.split),
                           part(plain_rows, second_rows, room.second)};
    }
    // The parts of U that meet h at once, that meet it apart, and that meet q.
    template <class P>
    struct Products {
        P plain, split, second;
    };

    // The slot each sequence starts from, and zero in the slots past its end that its output is read from.
    template <class Run>
    void begin(Run& run, S* to, const S* from) const {
        auto& backend = run.backend();
        const auto set = [&](std::size_t at, const S* value, std::size_t count) {
            if (value) backend.copy(to + at, value, count);
            else backend.fill(to + at, count, S(0));
        };
        if (!extent().lengths) return set(slot(first_slot(0)), from, H * batch());
        backend.fill(to, H * (extent().columns() + batch()), S(0));
        for (int b = 0; b < extent().batch; ++b)
            if (from) set(slot(first_slot(b)) + std::size_t(b) * H, from + std::size_t(b) * H, H);
    }

    RecurrentSteps<C, H, S> steps() const {
        RecurrentSteps<C, H, S> all{.steps = extent().steps,
                                    .batch = extent().batch,
                                    .reverse = reverse,
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
        return all;
    }

    template <class Run, class P>
    void step(Run& run, int t, const Products<P>& U) const {
        auto& backend = run.backend();
        for_each_valid_range(extent(), t, [&](int from, int n) {
            const std::size_t first = std::size_t(from), count = std::size_t(n),
                              column = std::size_t(t) * batch() + first;
            const ColumnMajorView<S> a{gate + column * rows, rows, count};
            const ColumnMajorView<const S> h{state[0] + before(t) + first * H, H, count};
            const auto forward = steps().forward(t, first);
            if constexpr (plain_rows > 0) U.plain.add(backend, a.from_row(0, plain_rows), h);
            if constexpr (split_rows > 0)
                U.split.add(backend, {split + column * split_rows, split_rows, count}, h);
            if constexpr (second_rows > 0) {
                backend.template units<H>(UnitReset<C, H, S>{forward, q + column * H}, count);
                U.second.add(backend, a.from_row(plain_rows, second_rows), {q + column * H, H, count});
            }
            backend.template units<H>(forward, count);
        });
    }

    template <class Run, class P>
    void step_back(Run& run, int t, const Products<P>& U, const RecurrentSteps<C, H, S>& all, S* q_gradient) const {
        auto& backend = run.backend();
        for_each_valid_range(extent(), t, [&](int from, int n) {
            const std::size_t first = std::size_t(from), count = std::size_t(n),
                              column = std::size_t(t) * batch() + first;
            const auto u = all.backward(t, first);
            backend.template units<H>(u, count);
            const ColumnMajorView<S> dh{all.carry[0] + first * H, H, count}, a{gate + column * rows, rows, count};
            if constexpr (second_rows > 0) {
                const ColumnMajorView<S> dq{q_gradient + first * H, H, count};
                backend.fill(dq.data, H * count, S(0));
                U.second.add(backend, dq, a.from_row(plain_rows, second_rows));
                backend.template units<H>(UnitResetBackward<C, H, S>{u, dq.data}, count);
            }
            if constexpr (plain_rows > 0) U.plain.add(backend, dh, a.from_row(0, plain_rows));
            if constexpr (split_rows > 0)
                U.split.add(backend, dh, {split + column * split_rows, split_rows, count});
        });
    }

    template <class Run>
    void clear_padding(Run& run, S* values, std::size_t height, const int* until) const {
        const ColumnMajorView<S> all{values, height, extent().columns()};
        if (until && height > 0) run.backend().copy_active(all, all, until, extent().batch);
    }
    // Where padding has no gradients.
    template <class Run>
    void add_all_gradients(Run& run, const int* until, const S* per_unit_gradient, S* room) const {
        add_gradients(run, 0, extent().columns(), run.active(x.matrix(), extent(), until, room), per_unit_gradient);
    }
    // Gradients of all steps at once, from the gradients that the steps left in `gate` and `apart`.
    template <class Run>
    void add_gradients(Run& run, std::size_t first, std::size_t count, ColumnMajorView<const S> in, const S* per_unit_gradient) const {
        auto& backend = run.backend();
        const ColumnMajorView<const S> da{gate + first * rows, rows, count}, du{split + first * split_rows, split_rows, count};
        const ColumnMajorView<const S> h{state[0] + before(0) + first * H, H, count};
        if (x.gradient)
            backend.multiply_transposed_add(x.gradients(first, count),
                                            RowMajorView<const S>{p.input_weight.value, rows, x.rows}, da);
        S* dW = run.gradient(p.input_weight);
        if (!dW) return;
        const RowMajorView<S> dU{run.gradient(p.recurrent_weight), rows, H};
        backend.add_outer({dW, rows, x.rows}, da, in);
        S* db = run.gradient(p.input_bias);
        S* dc = run.gradient(p.recurrent_bias);
        if constexpr (requires { backend.add_columns(db, dc, rows, da); }) {
            backend.add_columns(db, dc, plain_rows + second_rows, da);
        } else {
            backend.add_columns(db, da);
            backend.add_columns(dc, da.from_row(0, plain_rows + second_rows));
        }
        if constexpr (plain_rows > 0) backend.add_outer(dU.from_row(0, plain_rows), da.from_row(0, plain_rows), h);
        if constexpr (second_rows > 0)
            backend.add_outer(dU.from_row(plain_rows, second_rows), da.from_row(plain_rows, second_rows),
                              ColumnMajorView<const S>{q + first * H, H, count});
        if constexpr (split_rows > 0) {
            backend.add_outer(dU.from_row(plain_rows, split_rows), du, h);
            backend.add_columns(dc + plain_rows, du);
        }
        if constexpr (per_unit_rows > 0)
            backend.add_columns(run.gradient(p.per_unit), ColumnMajorView<const S>{per_unit_gradient + first * per_unit_rows, per_unit_rows, count});
    }
};

} // namespace rondo
