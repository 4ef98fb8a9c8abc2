// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/extent.hpp"
#include "../../core/memory.hpp"
#include "../../core/view.hpp"
#include "../../simd/tail.hpp"
#include "../scratch.hpp"
#include "../state_slots.hpp"
#include "../step_product.hpp"
#include "gate_panels.hpp"
#include "packed_gates.hpp"
#include "panel_product.hpp"
#include "recurrence_gradients.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The operation of one cell over time, in one direction: an optimized Scan. Weights are packed once per call, one pass
/// applies the cell to all gates of a block of units, and the gates' gradients are written in the layout that the
/// following products read. The hidden size is known at run time only, so each cell is compiled once.
///
///   a(t) = W x(t) + b + U h + c           with h of the slot before t         (1)
///   h(t) = V m(t)                         with a projection; m is the h of the cell's equations   (2)
///
/// Saved values and the gates' gradients have columns for valid steps only, numbered consecutively in order of steps.
///
/// Shapes  h (H x (T + 1) B), with a projection (rows of V x (T + 1) B); other states, per block of lanes, (lanes x
///         (T + 1) B), or (lanes x B) in place if no backward follows; m (H x T B), or (H x B) then; saved, per block,
///         (saved lanes x T B); gates in panels: see GatePanels.
template <class C, class P, bool projected = false>
struct Recurrence {
    static_assert(!projected || C::shape.projects);
    using S = typename P::scalar;
    using Gates = GateLayout<C>;
    using Sums = RecurrenceGradients<P>;
    static constexpr GatePanels gates = GatePanels::of<C, P>();
    static constexpr int pre = Gates::pre, states = Gates::states;
    static constexpr int kept = Gates::saved, per_unit = Gates::per_unit;
    static constexpr std::size_t lanes = P::size, height = panel_height<P>;

    DynamicSequenceView<const S> x; // (In x T B)
    CellParameters<S> p;
    Values<const S*, states> initial{};                               // (rows(k) x B) each; null: zero
    Values<S*, states> final{}, initial_gradient{}, final_gradient{}; // (rows(k) x B) each; null if not needed
    Values<S*, states> state{};                                       // h, and the others in blocks
    S *output_gradient = nullptr, *saved = nullptr, *m = nullptr;
    std::size_t hidden = 0, projection = 0;
    StateSlots state_slots{};
    bool keep = false;

    const Extent& extent() const { return x.extent; }
    // With a projection a network is run one shard at a time.
    std::array<ParameterTensor, 5> parameters() const
        requires (!projected)
    {
        return tensors();
    }
    std::array<ParameterTensor, 5> tensors() const { return Gates::tensors(p, x.rows, rows(0), hidden); }
    typename Sums::Shape sums_shape() const {
        return {gates, hidden, x.rows, rows(0), std::size_t(per_unit), p.input_bias.value != nullptr, tensors()};
    }
    /// What the parameters' gradients are computed from, where kept_size elements are at `at`.
    typename Sums::Use use(S* at) const { return {x, state_slots, state[0], at, at + gates_size()}; }
    // The gates' gradients, and each shard's sums of those of the peepholes.
    std::size_t kept_size(const Shards& shards) const
        requires (!projected)
    {
        return gates_size() + shards.size() * per_unit_size();
    }
    template <class Run, class Kept>
    static void add_gradients(Run& run, const Kept& all); // in recurrence_backward.hpp
    std::size_t gates_size() const { return panels() * extent().columns() * height; }
    std::size_t biases_size() const { return panels() * height; }
    std::size_t per_unit_size() const { return blocks() * per_unit * lanes; }
    std::size_t batch() const { return std::size_t(extent().batch); }
    std::size_t rows(int k) const { return projected && k == 0 ? projection : hidden; } // of a component of the state
    std::size_t blocks() const { return gates.blocks(hidden); }
    std::size_t panels() const { return gates.panels(hidden); }
    std::size_t product_panels() const { return gates.product_panels(hidden); }
    std::size_t units(std::size_t block) const { return gates.units(block, hidden); }
    // States other than h are updated in place if no backward follows.
    std::size_t slot_count() const { return state_slots.column(keep ? extent().steps + 1 : 1); }
    S* others(int k, std::size_t block, std::size_t at) const {
        return state[k] + (block * slot_count() + (keep ? at : at % std::max<std::size_t>(batch(), 1))) * lanes;
    }
    S* saved_at(std::size_t block, std::size_t column) const {
        return saved + (block * extent().columns() + column) * kept * lanes;
    }
    std::size_t active(int t) const {
        std::size_t n = 0;
        for_each_valid_range(extent(), t, [&](int, int count) { n += std::size_t(count); });
        return n;
    }

    template <class Run>
    static Recurrence make(Run& run, int units, int h_units, const DynamicSequenceView<const S>& x, bool reverse,
                           bool keep, const CellParameters<S>& p, const Values<const S*, states>& initial) {
        Recurrence s{
            .x = x, .p = p, .initial = initial, .hidden = std::size_t(units), .projection = std::size_t(h_units)};
        s.state_slots = {x.extent.batch, reverse};
        s.keep = keep;
        s.state[0] = run.take(s.rows(0) * (x.extent.columns() + s.batch()));
        s.m = run.take(projected ? s.hidden * (keep ? x.extent.columns() : s.batch()) : 0);
        for (int k = 1; k < states; ++k) s.state[k] = run.take(s.blocks() * s.slot_count() * lanes);
        s.saved = run.take(keep ? s.blocks() * x.extent.columns() * kept * lanes : 0);
        return s;
    }

    /// The output (rows(0) x T B): h of the slot after each step.
    S* output() const { return state[0] + state_slots.after(0) * rows(0); }
    /// m of the step whose valid columns are numbered from `column` on.
    S* m_at(std::size_t column) const { return m + (keep ? column : 0) * hidden; }

    template <class Run>
    void forward(Run& run) const;
    template <class Run>
    void backward(Run& run) const; // in recurrence_backward.hpp

    /// The saved values (saved H x T B); padding is not written.
    template <class Run>
    S* trace(Run& run) const {
        S* const all = run.take(std::size_t(kept) * hidden * extent().columns());
        run.execute(Trace{*this, all});
        return all;
    }
    /// The operation that copies saved values; it has no backward.
    struct Trace {
        Recurrence of;
        S* all;
        template <class Run>
        void forward(Run&) const {
            of.copy_trace(all);
        }
    };
    void copy_trace(S* all) const {
        std::size_t column = 0;
        for_each_valid_range(extent(), [&](std::size_t first, std::size_t count) {
            for (std::size_t n = first; n < first + count; ++n, ++column)
                for (std::size_t block = 0; block < blocks(); ++block)
                    for (int k = 0; k < kept; ++k)
                        std::copy_n(saved_at(block, column) + std::size_t(k) * lanes, units(block),
                                    all + (n * kept + std::size_t(k)) * hidden + block * lanes);
        });
    }

    struct ForwardScratch {
        S *W, *U, *bias, *peepholes, *projection, *pre;
    };
    std::size_t steps_at_once() const {
        return std::max<std::size_t>(1, some_columns / std::max<std::size_t>(batch(), 1));
    }
    template <class B>
    ForwardScratch forward_scratch(Scratch<B>& scratch) const {
        S* const W = scratch.take(product_panels() * height * x.rows);
        S* const U = scratch.take(product_panels() * height * rows(0));
        S* const bias = scratch.take(panels() * height);
        S* const peepholes = scratch.take(blocks() * per_unit * lanes);
        S* const V = take_projection<false>(scratch);
        return {W, U, bias, peepholes, V, scratch.take(panels() * steps_at_once() * batch() * height)};
    }
    struct BackwardScratch : Sums::Memory {
        Values<S*, states> carry; // dL/d(state): of h in panels, of the others in blocks
        S* gradients;             // da, in panels like the pre-activations, and each shard's sums for the peepholes
        S *peepholes, *U, *W;     // packed; U and W transposed
        S *projection, *dh, *dm;  // with a projection: packed V^T; dL/dh of all valid steps; dL/dm of a step
    };
    template <class B>
    BackwardScratch backward_scratch(Scratch<B>& scratch) const; // in recurrence_backward.hpp

private:
    template <class, class, bool> friend struct RecurrenceBackward;
    static constexpr std::size_t some_columns = 48; // about so many columns of x in one product with W

    // Copies each sequence's state after its last valid step to `final`.
    void finish() const {
        if (final[0])
            for (int b = 0; b < extent().batch; ++b) {
                const std::size_t at = state_slots.column(state_slots.last(extent().length(b))) + std::size_t(b);
                std::copy_n(state[0] + at * rows(0), rows(0), final[0] + std::size_t(b) * rows(0));
                for (int k = 1; k < states; ++k)
                    for (std::size_t block = 0; block < blocks(); ++block)
                        std::copy_n(others(k, block, at), units(block),
                                    final[k] + std::size_t(b) * hidden + block * lanes);
            }
    }
    // Writes each sequence's initial state, and zeros in the slots of padding.
    void begin() const {
        if (extent().lengths) std::fill_n(state[0], rows(0) * (extent().columns() + batch()), S(0));
        for (int b = 0; b < extent().batch; ++b) {
            const std::size_t at = state_slots.column(state_slots.first(extent().length(b))) + std::size_t(b),
                              from = std::size_t(b) * hidden;
            if constexpr (projected) {
                S* const to = state[0] + at * projection;
                if (initial[0]) std::copy_n(initial[0] + std::size_t(b) * projection, projection, to);
                else std::fill_n(to, projection, S(0));
            }
            for (std::size_t block = 0; block < blocks(); ++block) {
                const std::size_t j = block * lanes, n = units(block);
                if (!projected && n > 0)
                    PartialPack<P>{n}.store(state[0] + at * hidden + j,
                                            initial[0] ? PartialPack<P>{n}.load(initial[0] + from + j) : P(S(0)));
                for (int k = 1; k < states; ++k)
                    (initial[k] && n > 0 ? PartialPack<P>{n}.load(initial[k] + from + j) : P(S(0)))
                        .store(others(k, block, at));
            }
        }
    }

    void pack(const ForwardScratch& room) const {
        const PackedGates<P> packed{gates, hidden};
        packed.weights(room.W, p.input_weight.value, x.rows, 0);
        packed.weights(room.U, p.recurrent_weight.value, rows(0), gates.first_of_h());
        packed.biases(room.bias, p.input_bias.value, p.recurrent_bias.value);
        if constexpr (per_unit > 0) packed.per_unit(room.peepholes, p.per_unit.value, per_unit);
    }

    // pre = W x + b for `count` steps; split gates' U h + c starts from c.
    void read_inputs(const ForwardScratch& room, std::size_t columns, int first, int count) const {
        for_each_valid_range(extent(), first, first + count, [&](std::size_t at, std::size_t n) {
            S* const to = room.pre + (at - state_slots.column(first)) * height;
            panel_product<P>({to, columns * height, room.bias, height, 0, gates.of_x()}, room.W,
                             {x.value + at * x.rows, x.rows, x.rows}, product_panels(), n);
            if constexpr (Gates::split > 0)
                for (std::size_t r = 0; r < panels(); ++r)
                    if (r % std::size_t(gates.count()) >= std::size_t(gates.of_product()))
                        for (std::size_t j = 0; j < n; ++j)
                            std::copy_n(room.bias + r * height, height, to + (r * columns + j) * height);
        });
    }

    template <bool transposed, class B>
    S* take_projection(Scratch<B>& scratch) const {
        if constexpr (!projected) return nullptr;
        else
            return StepProduct<B, transposed>::take(scratch, projection_of(p.projection.value),
                                                    scratch.shards().count > 1 ? extent().steps : extent().longest(),
                                                    batch());
    }
    template <class T> RowMajorView<T> projection_of(T* V) const { return {V, projection, hidden}; }

    template <class B>
    void step(B& backend, [[maybe_unused]] const StepProduct<B, false>& V, int t, S* panels_of_step,
              std::size_t columns, std::size_t column, const S* U, const S* peepholes) const {
        for_each_valid_range(extent(), t, [&](int from, int n) {
            const std::size_t first = std::size_t(from), count = std::size_t(n);
            const S* const h = state[0] + (state_slots.before(t) + first) * rows(0);
            S* const a = panels_of_step + first * height;
            panel_product<P>({a, columns * height, a, columns * height, height, gates.of_h()}, U, {h, rows(0), rows(0)},
                             product_panels(), count, t % 2 == 1);
            for (std::size_t block = 0; block < blocks(); ++block)
                if (units(block) == lanes) run_units<true>(t, block, first, count, a, columns, column, peepholes);
                else if (units(block) > 0) run_units<false>(t, block, first, count, a, columns, column, peepholes);
            if constexpr (projected) {
                S* const after = state[0] + (state_slots.after(t) + first) * projection;
                std::fill_n(after, projection * count, S(0));
                V.add(backend, {after, projection, count}, {m_at(column), hidden, count});
            }
            column += count;
        });
    }

    // The address of each pre-activation of a block, or of its gradient, in panels.
    template <class T>
    static void packs_of(std::size_t block, T* panels, std::size_t columns, Values<T*, pre>& to) {
        for (int k = 0; k < pre; ++k) {
            constexpr std::size_t group = std::size_t(gates.blocks()), count = std::size_t(gates.count());
            const auto at = std::size_t(gates.pack(k, int(block % group)));
            to[k] = panels + (block / group * count + at / 2) * columns * height + at % 2 * lanes;
        }
    }

    template <bool whole>
    [[gnu::flatten]] void run_units(int t, std::size_t block, std::size_t first, std::size_t count, const S* panels,
                                    std::size_t columns, std::size_t column, const S* peepholes) const {
        const std::size_t n = whole ? lanes : units(block);
        Values<const S*, pre> from;
        packs_of(block, panels, columns, from);
        cell::PerUnit<C, P> parameters{};
        if constexpr (per_unit > 0)
            for (int k = 0; k < per_unit; ++k)
                parameters[k] = P::load(peepholes + (block * per_unit + std::size_t(k)) * lanes);
        Values<const S*, states> old{};
        Values<S*, states> now{};
        if constexpr (projected) {
            now[0] = m_at(column) + block * lanes;
        } else {
            old[0] = state[0] + (state_slots.before(t) + first) * hidden + block * lanes;
            now[0] = state[0] + (state_slots.after(t) + first) * hidden + block * lanes;
        }
        for (int k = 1; k < states; ++k) {
            old[k] = others(k, block, state_slots.before(t) + first);
            now[k] = others(k, block, state_slots.after(t) + first);
        }
        S* const kept_at = keep ? saved_at(block, column) : nullptr;
        for (std::size_t j = 0; j < count; ++j) {
            cell::Pre<C, P> a;
            for (int g = 0; g < pre; ++g) a[g] = P::load(from[g] + j * height);
            cell::State<C, P> s;
            if constexpr (projected) s[0] = P(S(0)); // not read
            else s[0] = PartialPack<P>{n}.load(old[0] + j * hidden);
            for (int k = 1; k < states; ++k) s[k] = P::load(old[k] + j * lanes);
            const auto result = C::forward(a, s, parameters);
            PartialPack<P>{n}.store(now[0] + j * hidden, result.state[0]);
            for (int k = 1; k < states; ++k) result.state[k].store(now[k] + j * lanes);
            if constexpr (kept > 0)
                if (kept_at)
                    for (int k = 0; k < kept; ++k) result.saved[k].store(kept_at + (j * kept + std::size_t(k)) * lanes);
        }
    }
};

template <class C, class P, bool projected>
template <class Run>
void Recurrence<C, P, projected>::forward(Run& run) const {
    auto scratch = run.scratch();
    const ForwardScratch room = forward_scratch(scratch);
    auto& backend = run.backend();
    const auto V = StepProduct<typename Run::backend_type, false>::make(backend, projection_of(p.projection.value),
                                                                        room.projection, run.shards().step_columns());
    const std::size_t at_once = steps_at_once(), columns = at_once * batch();
    begin();
    pack(room);
    std::size_t column = 0;
    if (state_slots.reverse)
        for (int t = 0; t < extent().steps; ++t) column += active(t);
    const EvenParts parts{std::size_t(extent().steps), at_once};
    for (std::size_t part = 0; part < parts.count; ++part) {
        const int done = int(parts.first(part)), count = int(parts.size(part)),
                  first = state_slots.reverse ? extent().steps - done - count : done;
        read_inputs(room, columns, first, count);
        for (int k = 0; k < count; ++k) {
            const int t = first + state_slots.step(k, count);
            if (state_slots.reverse) column -= active(t);
            step(backend, V, t, room.pre + state_slots.column(t - first) * height, columns, column, room.U,
                 room.peepholes);
            if (!state_slots.reverse) column += active(t);
        }
    }
    finish();
}

} // namespace rondo::eigen
