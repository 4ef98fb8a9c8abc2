// SPDX-License-Identifier: MIT
#pragma once

#include "recurrence.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The backward of Recurrence: the gates' gradients step by step, then those of x and of the parameters for all steps.
///
///   da(t) from dL/dh(t), dL/dc(t);   dL/dh(t-1) += U^T da(t)                  (1)
///   dx += W^T da;   dW += da x^T;   dU += da h^T, h of the slots before       (2)
///   dm(t) = V^T dL/dh(t);   dV += dL/dh m^T                                   with a projection (3)
template <class C, class P, bool projected>
struct RecurrenceBackward {
    using Forward = Recurrence<C, P, projected>;
    using S = typename P::scalar;
    static constexpr GatePanels gates = Forward::gates;
    static constexpr int pre = Forward::pre, states = Forward::states;
    static constexpr int kept = Forward::kept, per_unit = Forward::per_unit;
    static constexpr std::size_t lanes = Forward::lanes, height = Forward::height;
    using Sums = RecurrenceGradients<P>;
    static constexpr std::size_t features = Sums::features, depth = Sums::depth;
    static constexpr int first_in_blocks = projected ? 1 : 0; // component of the state

    const Forward& f;
    const typename Forward::BackwardScratch& room;
    const Shards& shards;
    const typename Sums::Use use; // the gates' gradients, which this writes
    const Values<S*, states>& carry = room.carry;
    S* const gradients = use.gradients;
    S *const per_unit_gradient = use.per_unit_sums, *const bias_gradient = room.biases;

    std::size_t all() const { return f.extent().columns(); }
    static constexpr std::size_t panels_of(std::size_t rows) { return (rows + height - 1) / height; }
    static constexpr std::size_t tiles_of(std::size_t rows) { return Sums::tiles_of(rows); }

    template <class B>
    static typename Forward::BackwardScratch layout(const Forward& f, Scratch<B>& scratch) {
        typename Forward::BackwardScratch room{};
        const std::size_t inner = f.product_panels() * height;
        room.carry[0] = scratch.take(projected ? f.projection * f.batch() : panels_of(f.hidden) * f.batch() * height);
        for (int k = 1; k < states; ++k) room.carry[k] = scratch.take(f.blocks() * f.batch() * lanes);
        const Shards& shards = scratch.shards();
        room.gradients = scratch.take(f.gates_size() + shards.size() * f.per_unit_size());
        room.biases = scratch.take(shards.size() * f.biases_size());
        room.peepholes = scratch.take(f.blocks() * per_unit * lanes);
        room.U = scratch.take(panels_of(f.rows(0)) * height * inner);
        room.W = scratch.take(f.x.gradient ? panels_of(f.x.rows) * height * inner : 0);
        room.right = scratch.take((tiles_of(f.x.rows) + tiles_of(f.rows(0))) * features * depth);
        if constexpr (projected) {
            room.projection = f.template take_projection<true>(scratch);
            room.dh = scratch.take(f.projection * f.extent().columns());
            room.dm = scratch.take(f.hidden * f.batch());
            scratch.product(f.hidden, f.projection, f.extent().columns());
        }
        room.left = scratch.take(shards.buffers() * f.sums_shape().sums_size());
        room.columns = scratch.take(shards.count == 1 ? 0 : height * depth);
        room.bounds = reinterpret_cast<int*>(scratch.take(shards.size() + 1));
        return room;
    }
    template <class Run>
    void operator()(Run& run) const {
        static_assert(sizeof(int) <= sizeof(S));
        set_bounds(f, room, shards);
        start();
        const PackedGates<P> packed{gates, f.hidden};
        packed.transposed(room.U, f.p.recurrent_weight.value, f.rows(0), gates.first_of_h());
        if (f.x.gradient) packed.transposed(room.W, f.p.input_weight.value, f.x.rows, 0);
        if constexpr (per_unit > 0) packed.per_unit(room.peepholes, f.p.per_unit.value, per_unit);
        std::fill_n(per_unit_gradient, shards.size() * f.per_unit_size(), S(0));
        std::fill_n(bias_gradient, shards.size() * f.biases_size(), S(0));
        back_through_time(run.backend());
        finish_carry();
        if (f.x.gradient) input_gradients(room.W);
        if (!run.gradient(f.p.input_weight) || run.deferred()) return;
        const auto at = [&](std::size_t) { return use; };
        Sums{room, shards, f.sums_shape()}(run, {1, at});
        if constexpr (projected) { // in a run of one shard
            std::size_t columns = 0;
            for (int t = 0; t < f.extent().steps; ++t) columns += f.active(t);
            run.backend().add_outer(f.projection_of(run.gradient(f.p.projection)),
                                    ColumnMajorView<const S>{room.dh, f.projection, columns},
                                    ColumnMajorView<const S>{f.m, f.hidden, columns});
        }
    }
    static void set_bounds(const Forward& f, const typename Forward::BackwardScratch& room, const Shards& shards) {
        for (std::size_t k = 0; k <= shards.size(); ++k)
            room.bounds[k] =
                shards.single() ? int(k) * f.extent().batch : shards.begin(shards.first + int(k)) - shards.begin();
    }

private:
    // Of a component in blocks: with a projection not of h, which is (P x B), column-major.
    S* carried(int k, std::size_t block, std::size_t b) const {
        return k == 0 ? carry[0] + (block / 2 * f.batch() + b) * height + block % 2 * lanes
                      : carry[k] + (block * f.batch() + b) * lanes;
    }

    void start() const {
        if constexpr (!projected) std::fill_n(carry[0], panels_of(f.hidden) * f.batch() * height, S(0));
        else if (f.final_gradient[0]) std::copy_n(f.final_gradient[0], f.projection * f.batch(), carry[0]);
        else std::fill_n(carry[0], f.projection * f.batch(), S(0));
        for (int k = first_in_blocks; k < states; ++k)
            for (std::size_t block = 0; block < f.blocks(); ++block)
                if (const std::size_t n = f.units(block); n > 0 || k > 0)
                    for (std::size_t b = 0; b < f.batch(); ++b)
                        (f.final_gradient[k] && n > 0
                             ? PartialPack<P>{n}.load(f.final_gradient[k] + b * f.hidden + block * lanes)
                             : P(S(0)))
                            .store(carried(k, block, b));
    }
    void finish_carry() const {
        if (projected && f.initial_gradient[0])
            for (std::size_t n = 0; n < f.projection * f.batch(); ++n) f.initial_gradient[0][n] += carry[0][n];
        for (int k = first_in_blocks; k < states; ++k)
            if (f.initial_gradient[k])
                for (std::size_t block = 0; block < f.blocks(); ++block)
                    if (const std::size_t n = f.units(block); n > 0)
                        for (std::size_t b = 0; b < f.batch(); ++b) {
                            S* const to = f.initial_gradient[k] + b * f.hidden + block * lanes;
                            PartialPack<P>{n}.store(to, PartialPack<P>{n}.load(to) + P::load(carried(k, block, b)));
                        }
    }

    template <class B>
    void back_through_time(B& backend) const {
        const S *const U = room.U, *const peepholes = room.peepholes;
        const auto V = StepProduct<B, true>::make(backend, f.projection_of(f.p.projection.value), room.projection,
                                                  shards.step_columns());
        const int steps = f.extent().steps;
        std::size_t column = 0;
        if (!f.state_slots.reverse)
            for (int t = 0; t < steps; ++t) column += f.active(t);
        for (int k = 0; k < steps; ++k) {
            const int t = f.state_slots.step(steps - 1 - k, steps);
            if (!f.state_slots.reverse) column -= f.active(t);
            std::size_t at = column;
            for_each_valid_range(f.extent(), t, [&](int from, int n) {
                const std::size_t first = std::size_t(from), count = std::size_t(n);
                if constexpr (projected) {
                    const std::size_t rows = f.projection;
                    S *const dh = room.dh + at * rows, *const carried_on = carry[0] + first * rows;
                    const S* const dy = f.output_gradient + (f.state_slots.column(t) + first) * rows;
                    for (std::size_t i = 0; i < rows * count; ++i) dh[i] = dy[i] + carried_on[i];
                    std::fill_n(carried_on, rows * count, S(0));
                    std::fill_n(room.dm, f.hidden * count, S(0));
                    V.add(backend, {room.dm, f.hidden, count}, {dh, rows, count});
                }
                for (std::size_t block = 0; block < f.blocks(); ++block)
                    if (f.units(block) == lanes) run_units<true>(t, block, first, count, at, peepholes);
                    else run_units<false>(t, block, first, count, at, peepholes);
                if constexpr (projected) {
                    add_panel_product<P>(carry[0] + first * f.projection, f.projection, U,
                                         gradients_from(at, gates.of_h()), count);
                } else {
                    S* const to = carry[0] + first * height;
                    panel_product<P>({to, f.batch() * height, to, f.batch() * height, height}, U,
                                     gradients_from(at, gates.of_h()), panels_of(f.hidden), count, t % 2 == 1);
                }
                at += count;
            });
            if (f.state_slots.reverse) column = at;
        }
    }

    // da from `column` on as a right factor, from the panels of W x or of U h.
    PanelRight<S> gradients_from(std::size_t column, PanelPlaces places) const {
        return {gradients + column * height, height, height, f.product_panels(), all() * height, places};
    }

    template <bool whole>
    [[gnu::flatten]] void run_units(int t, std::size_t block, std::size_t first, std::size_t count, std::size_t column,
                                    const S* peepholes) const {
        const std::size_t n = whole ? lanes : f.units(block);
        Values<S*, pre> to;
        Forward::packs_of(block, gradients + column * height, all(), to);
        if (n == 0) {
            for (std::size_t j = 0; j < count; ++j)
                for (int g = 0; g < pre; ++g) P(S(0)).store(to[g] + j * height);
            return;
        }
        cell::PerUnit<C, P> parameters{};
        if constexpr (per_unit > 0)
            for (int k = 0; k < per_unit; ++k)
                parameters[k] = P::load(peepholes + (block * per_unit + std::size_t(k)) * lanes);
        if (per_unit == 0) return add_units<whole>(t, block, first, 0, count, column, n, 0, parameters, to);
        std::size_t shard = 0;
        for (std::size_t begin = 0, end = 0; begin < count; begin = end) {
            while (std::size_t(room.bounds[shard + 1]) <= first + begin) ++shard;
            end = (std::min)(count, std::size_t(room.bounds[shard + 1]) - first);
            add_units<whole>(t, block, first, begin, end, column, n, shard, parameters, to);
        }
    }
    // The sequences [begin, end) of those from `first` on, of one shard.
    template <bool whole>
    [[gnu::always_inline]] void add_units(int t, std::size_t block, std::size_t first, std::size_t begin,
                                          std::size_t end, std::size_t column, std::size_t units, std::size_t shard,
                                          const cell::PerUnit<C, P>& parameters, const Values<S*, pre>& to) const {
        const std::size_t n = whole ? lanes : units, h = f.hidden;
        S* const per_unit_sums = per_unit_gradient + (shard * f.blocks() + block) * per_unit * lanes;
        Values<S*, pre> sums;
        Forward::packs_of(block, bias_gradient + shard * f.panels() * height, 1, sums);
        cell::PerUnit<C, P> per_unit_sum{};
        cell::Pre<C, P> sum;
        if constexpr (per_unit > 0)
            for (int k = 0; k < per_unit; ++k) per_unit_sum[k] = P::load(per_unit_sums + std::size_t(k) * lanes);
        for (int g = 0; g < pre; ++g) sum[g] = P::load(sums[g]);
        for (std::size_t j = begin; j < end; ++j) {
            const std::size_t b = first + j, old_at = f.state_slots.before(t) + b, now_at = f.state_slots.after(t) + b;
            cell::Saved<C, P> saved{};
            if constexpr (kept > 0)
                for (int k = 0; k < kept; ++k)
                    saved[k] = P::load(f.saved_at(block, column + j) + std::size_t(k) * lanes);
            cell::State<C, P> old, now, gradient;
            if constexpr (projected) {
                old[0] = P(S(0)); // not read
                now[0] = PartialPack<P>{n}.load(f.m_at(column + j) + block * lanes);
            } else {
                old[0] = PartialPack<P>{n}.load(f.state[0] + old_at * h + block * lanes);
                now[0] = PartialPack<P>{n}.load(f.state[0] + now_at * h + block * lanes);
            }
            for (int k = 1; k < states; ++k) {
                old[k] = P::load(f.others(k, block, old_at));
                now[k] = P::load(f.others(k, block, now_at));
            }
            for (int k = first_in_blocks; k < states; ++k) gradient[k] = P::load(carried(k, block, b));
            if constexpr (projected) gradient[0] = PartialPack<P>{n}.load(room.dm + j * h + block * lanes);
            else
                gradient[0] = gradient[0] + PartialPack<P>{n}.load(f.output_gradient +
                                                                   (f.state_slots.column(t) + b) * h + block * lanes);
            const cell::Gradient<C, P> d = C::backward(saved, old, now, parameters, gradient);
            for (int g = 0; g < pre; ++g) {
                // The following products multiply lanes past the last unit by zero: a NaN there would spread.
                const P da = PartialPack<P>{n}.zero_rest(d.pre[g]);
                da.store(to[g] + j * height);
                sum[g] = sum[g] + da;
            }
            for (int k = first_in_blocks; k < states; ++k) d.before[k].store(carried(k, block, b));
            if constexpr (per_unit > 0)
                for (int k = 0; k < per_unit; ++k) per_unit_sum[k] = per_unit_sum[k] + d.per_unit[k];
        }
        for (int g = 0; g < pre; ++g) sum[g].store(sums[g]);
        if constexpr (per_unit > 0)
            for (int k = 0; k < per_unit; ++k) per_unit_sum[k].store(per_unit_sums + std::size_t(k) * lanes);
    }

    void input_gradients(const S* W) const {
        std::size_t column = 0;
        for_each_valid_range(f.extent(), [&](std::size_t first, std::size_t count) {
            add_panel_product<P>(f.x.gradient + first * f.x.rows, f.x.rows, W, gradients_from(column, gates.of_x()),
                                 count);
            column += count;
        });
    }
};

template <class C, class P, bool projected>
template <class Run>
void Recurrence<C, P, projected>::backward(Run& run) const {
    auto scratch = run.scratch();
    const Shards shards = run.shards();
    const BackwardScratch room = backward_scratch(scratch);
    S* const gradients = run.deferred() ? run.kept() : room.gradients;
    RecurrenceBackward<C, P, projected>{*this, room, shards, use(gradients)}(run);
}
template <class C, class P, bool projected>
template <class Run, class Kept>
void Recurrence<C, P, projected>::add_gradients(Run& run, const Kept& all) {
    auto scratch = run.scratch();
    const Shards shards = run.shards();
    const BackwardScratch room = all[0].backward_scratch(scratch);
    RecurrenceBackward<C, P, projected>::set_bounds(all[0], room, shards);
    const auto at = [&](std::size_t k) { return all[k].use(all.kept(k)); };
    Sums{room, shards, all[0].sums_shape()}(run, {all.size(), at});
}
template <class C, class P, bool projected>
template <class B>
auto Recurrence<C, P, projected>::backward_scratch(Scratch<B>& scratch) const -> BackwardScratch {
    return RecurrenceBackward<C, P, projected>::layout(*this, scratch);
}

} // namespace rondo::eigen
