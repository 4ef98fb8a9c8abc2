// SPDX-License-Identifier: MIT
#pragma once

#include "../../simd/tail.hpp"
#include "number.hpp"
#include "weight_partition.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// All steps of a cell, forward, by one group of threads that keep U where they are.
///
/// Each turn: every thread adds its share of U h, lanes are added, the owners of a unit and sequence apply the cell and
/// hand h on. What a turn reads of global memory was asked for a turn before. Sequences that have ended, or in reverse
/// not begun, hand on the h they have; their slots are zero.
template <class C, int H, class S, Device D, int some>
struct Forward {
    using number = S;
    using Work = Task<C, H, S>;
    static constexpr Plan plan = gpu::plan(D::target, C::shape, H, sizeof(S), some, Direction::forward);
    static constexpr int gates = C::shape.gates, split = C::shape.split, plain = gates - split;
    static constexpr int states = C::shape.states, hidden = H, columns = some, tile = plan.tile, rows = tile * gates;
    static constexpr int sent_at_once = columns < Vector<S>::size ? columns : Vector<S>::size; // h of a unit
    using Part = WeightPartition<plan, S, columns>;
    static constexpr std::size_t handed = Part::handed, sent = std::size_t(H) * columns; // of them all units'
    using N = Number<S>;
    using L = PackAccess<N, 1>;

    struct Registers {
        S weight[weights_kept(plan)];
        S sum[columns * rows]; // of a column, of each unit all gates
        S out[sent_at_once];
        cell::Pre<C, N> pre, next;
        Values<N, gates + split> bias;
        cell::State<C, N> state;
        cell::PerUnit<C, N> per_unit;
        int length; // of the sequence
    };
    using At = ThreadPosition<plan, H>;

    template <class Group>
    RONDO_HOST_DEVICE static void run(Group& group, const Work& task, int slice) {
        static_assert(Planned<C, H, S, D, some, plan>::checked);
        const RecurrentSteps<C, H, S>& all = task.steps;
        const int first = slice * columns, count = task.longest(first, columns);
        group.clear(handed);
        group.each([&](int block, int thread, Registers& r) {
            const At at{block, thread};
            begin(group, task, first, at, block, thread, r);
            r.next = pre(task, first, all.reverse ? count - 1 : 0, at, r);
            r.out[0] = S(r.state[0]);
        });
        if (group.idle()) return;
        if (count > 0) hand(group, 0);
        for (int turn = 0; turn < count; ++turn) {
            const int t = all.reverse ? count - 1 - turn : turn, following = all.reverse ? t - 1 : t + 1;
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                r.pre = r.next;
                r.next = pre(task, first, following, at, r);
            });
            group.meet(turn % 2);
            group.each([&](int block, int thread, Registers& r) {
                RONDO_UNROLL
                for (int k = 0; k < columns * rows; ++k) r.sum[k] = S(0);
                Part::read(group.handed(block, turn % 2), At(block, thread).lane, [&](auto kept, int k, const S* h) {
                    RONDO_UNROLL
                    for (int row = 0; row < rows; ++row) {
                        const S w = weight<plan, kept>(group, block, thread, r, k * rows + row);
                        RONDO_UNROLL
                        for (int c = 0; c < columns; ++c) r.sum[c * rows + row] += w * h[c];
                    }
                });
            });
            group.template reduce<columns * tile>(&Registers::sum);
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                step(task, first + at.column(), t, at, r);
                r.out[0] = S(r.state[0]);
            });
            if (turn + 1 < count) hand(group, (turn + 1) % 2);
        }
        group.each([&](int block, int thread, Registers& r) { end(task, first, count, At(block, thread), r); });
        group.leave();
    }

private:
    // h of a unit in some sequences lies in a row: the lanes that have them put it together, and each sends it to other
    // blocks.
    template <class Group>
    RONDO_HOST_DEVICE static void hand(Group& group, int buffer) {
        group.template gather<sent_at_once>(&Registers::out);
        group.each([&](int block, int thread, Registers& r) {
            const At at{block, thread};
            if (!at.real()) return;
            const int part = at.column() / sent_at_once, rank = at.column() % sent_at_once;
            group.template send<sent_at_once>(buffer, Part::place(at.unit, part * sent_at_once), r.out,
                                              rank * plan.replicas() + at.replica(), sent_at_once * plan.replicas());
        });
    }

    template <class Group>
    RONDO_HOST_DEVICE static void begin(Group& group, const Work& task, int first, const At& at, int block, int thread,
                                        Registers& r) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        Part::each([&](auto kept, int k) {
            RONDO_UNROLL
            for (int row = 0; row < rows; ++row) {
                const int from = Part::unit(k, at.lane), unit = at.first + row / gates, g = row % gates;
                weight<plan, kept>(group, block, thread, r, k * rows + row) =
                    unit < H && from < H ? all.U[std::size_t(g * H + unit) * H + std::size_t(from)] : S(0);
            }
        });
        RONDO_UNROLL
        for (int k = 0; k < states; ++k) r.state[k] = N(S(0));
        const int column = first + at.column();
        r.length = at.real() ? task.length(column) : 0;
        if (!at.real()) return;
        RONDO_UNROLL
        for (int g = 0; g < gates; ++g) {
            const std::size_t row = std::size_t(g * H + at.unit);
            const S W = all.input_bias[row], U = all.recurrent_bias[row];
            if (g < plain) {
                r.bias[g] = N(W + U);
            } else {
                r.bias[g] = N(W);
                r.bias[g + split] = N(U);
            }
        }
        r.per_unit = all.forward(0, 0).template parameters<L>(at.unit);
        if (column >= all.batch) return;
        const std::size_t here = std::size_t(column) * H + std::size_t(at.unit);
        const int slot = all.reverse ? r.length : 0;
        RONDO_UNROLL
        for (int k = 0; k < states; ++k) {
            if (all.initial[k]) r.state[k] = N(all.initial[k][here]);
            if (at.replica() == 0) all.state[k][all.slot(slot) + here] = S(r.state[k]);
        }
    }

    // W x + b of a step, before U h is added.
    RONDO_HOST_DEVICE static cell::Pre<C, N> pre(const Work& task, int first, int t, const At& at,
                                                 const Registers& r) {
        cell::Pre<C, N> a{};
        const int column = first + at.column();
        if (t < 0 || t >= r.length) return a;
        const std::size_t row = std::size_t(t) * std::size_t(task.steps.batch) + std::size_t(column);
        const S* const gate = task.steps.gate + row * std::size_t(gates) * H;
        RONDO_UNROLL
        for (int g = 0; g < gates; ++g) a[g] = N(gate[g * H + at.unit]);
        return a;
    }

    RONDO_HOST_DEVICE static void step(const Work& task, int column, int t, const At& at, Registers& r) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        if (!at.real() || column >= all.batch) return;
        if (t >= r.length) return rest(all, column, t, at);
        RONDO_UNROLL
        for (int g = 0; g < gates + split; ++g) r.pre[g] = r.pre[g] + r.bias[g];
        RONDO_UNROLL
        for (int g = 0; g < gates; ++g) {
            N& to = r.pre[g < plain ? g : g + split];
            to = to + N(r.sum[g]);
        }
        const auto now = C::forward(r.pre, r.state, r.per_unit);
        r.state = now.state;
        if (at.replica() != 0) return;
        const auto unit = all.forward(t, std::size_t(column));
        RONDO_UNROLL
        for (int k = 0; k < states; ++k) unit.after[k][at.unit] = S(now.state[k]);
        if (all.saved)
            RONDO_UNROLL
            for (int k = 0; k < C::shape.saved; ++k)
                unit.saved[std::size_t(k) * H + std::size_t(at.unit)] = S(now.saved[k]);
    }

    // A slot past a sequence's end.
    RONDO_HOST_DEVICE static void rest(const RecurrentSteps<C, H, S>& all, int column, int t, const At& at) {
        if (at.replica() != 0) return;
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            all.state[k][all.slot(t + 1) + std::size_t(column) * H + std::size_t(at.unit)] = S(0);
    }

    RONDO_HOST_DEVICE static void end(const Work& task, int first, int count, const At& at, const Registers& r) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        const int column = first + at.column();
        if (!at.writes() || column >= all.batch) return;
        for (int t = count; t < all.steps; ++t) rest(all, column, t, at);
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            if (all.final[k]) all.final[k][std::size_t(column) * H + std::size_t(at.unit)] = S(r.state[k]);
    }
};

} // namespace rondo::gpu
