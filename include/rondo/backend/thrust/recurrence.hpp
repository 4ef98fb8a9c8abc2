// SPDX-License-Identifier: MIT
#pragma once

#include "../lanes.hpp"
#include "../recurrent_steps.hpp"
#include "plan.hpp"

#include <cstddef>

namespace rondo::inline v0_1::gpu {

/// What the groups of a kernel go through: group k has the sequences from k * plan.columns on.
template <class C, int H, class S>
struct Task {
    RecurrentSteps<C, H, S> steps;
    const int* lengths; // null: all of full length

    RONDO_HOST_DEVICE bool active(int t, int column) const {
        return column < steps.batch && (!lengths || t < lengths[column]);
    }
    RONDO_HOST_DEVICE int longest(int first, int columns) const {
        int most = 0;
        for (int b = first; b < first + columns && b < steps.batch; ++b) {
            const int length = lengths ? lengths[b] : steps.steps;
            most = length > most ? length : most;
        }
        return most;
    }
};

/// Numbers of global memory that a group of a grid hands on through: what is handed, twice, and a counter.
template <class S>
RONDO_HOST_DEVICE constexpr std::size_t grid_memory(std::size_t handed) {
    return 2 * handed + 64 / sizeof(S);
}

/// A thread's place: it has the weights of `unit` for the numbers lane, lane + lanes, ... of what is handed, and
/// carries the state of the unit in one sequence, the lane-th of the group, where there is one.
template <Plan plan, int H>
struct Place {
    int unit, lane;
    RONDO_HOST_DEVICE Place(int block, int thread)
        : unit{block * plan.units() + thread / plan.lanes}, lane{thread % plan.lanes} {}
    RONDO_HOST_DEVICE bool real() const { return unit < H; }
    RONDO_HOST_DEVICE bool owner() const { return real() && lane < plan.columns; }
};

/// Calls f(gate, number, weight) for the weights of a thread, the number-th of what is handed being what it meets.
template <class Pass, class Group, class F>
RONDO_HOST_DEVICE void each_weight(Group& group, int block, int thread, typename Pass::Registers& r, const F& f) {
    constexpr Plan plan = Pass::plan;
    constexpr int share = Pass::share, hidden = Pass::hidden;
    const int lane = thread % plan.lanes;
    const auto meet = [&](int g, int j, typename Pass::number& weight) {
        const int number = j * plan.lanes + lane;
        if (hidden % plan.lanes == 0 || number < hidden) f(g, number, weight);
    };
    RONDO_UNROLL
    for (int g = 0; g < Pass::gates; ++g) {
        const int kept = plan.in_registers - g * share; // of this gate's
        RONDO_UNROLL
        for (int j = 0; j < share; ++j)
            if (j < kept) meet(g, j, r.weight[g * share + j]);
        RONDO_UNROLL_SOME
        for (int j = kept < 0 ? 0 : kept; j < share; ++j)
            meet(g, j, group.weight(block, thread, g * share + j - plan.in_registers));
    }
}

/// All steps of a cell, forward, by one group of threads that keep U where they are.
///
/// Each turn: every thread adds its share of U h, lanes are added, each owner applies the cell to its unit and sequence
/// and hands h on, all meet. Sequences that have ended, or in reverse not begun, hand on the h they have.
template <class C, int H, class S, Device D, int some>
struct Forward {
    using number = S;
    using Work = Task<C, H, S>;
    static constexpr Plan plan = gpu::plan(D::target, C::shape, H, sizeof(S), some);
    static constexpr int gates = C::shape.gates, apart = C::shape.apart, plain = gates - apart;
    static constexpr int hidden = H, columns = some, share = (H + plan.lanes - 1) / plan.lanes; // weights of a gate
    static constexpr std::size_t handed = std::size_t(columns) * H;

    struct Registers {
        S weight[plan.in_registers];
        S sum[gates * columns];
        cell::Pre<C, S> pre;
        cell::State<C, S> state;
        cell::Own<C, S> own;
    };
    using At = Place<plan, H>;
    using L = Lanes<S, 1>;

    template <class Group>
    RONDO_HOST_DEVICE static void run(Group& group, const Task<C, H, S>& task, int slice) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        const int first = slice * columns, count = task.longest(first, columns);
        group.each([&](int block, int thread, Registers& r) {
            const At at{block, thread};
            each_weight<Forward>(group, block, thread, r, [&](int g, int from, S& w) {
                w = at.real() ? all.U[std::size_t(g * H + at.unit) * H + std::size_t(from)] : S(0);
            });
            const int column = first + at.lane;
            if (!at.owner()) return;
            RONDO_UNROLL
            for (int k = 0; k < C::shape.states; ++k) r.state[k] = S(0);
            if (column < all.batch) {
                const int begin = all.reverse ? (task.lengths ? task.lengths[column] : all.steps) : 0;
                RONDO_UNROLL
                for (int k = 0; k < C::shape.states; ++k)
                    r.state[k] = all.state[k][all.slot(begin) + std::size_t(column) * H + std::size_t(at.unit)];
                r.own = all.forward(0, 0).template parameters<L>(at.unit);
            }
            group.hand(0, std::size_t(at.lane * H + at.unit), r.state[0]);
        });
        group.meet(0);
        for (int turn = 0; turn < count; ++turn) {
            const int t = all.reverse ? count - 1 - turn : turn, buffer = turn % 2;
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                if (at.owner() && task.active(t, first + at.lane))
                    r.pre = all.forward(t, std::size_t(first + at.lane)).template pre<L>(0, at.unit);
                const S* const h = group.handed(block, buffer);
                RONDO_UNROLL
                for (int k = 0; k < gates * columns; ++k) r.sum[k] = S(0);
                each_weight<Forward>(group, block, thread, r, [&](int g, int from, S w) {
                    RONDO_UNROLL
                    for (int c = 0; c < columns; ++c) r.sum[g * columns + c] += w * h[c * H + from];
                });
            });
            group.add_lanes(&Registers::sum);
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                if (!at.owner()) return;
                if (task.active(t, first + at.lane)) {
                    RONDO_UNROLL
                    for (int g = 0; g < gates; ++g)
                        RONDO_UNROLL
                        for (int c = 0; c < columns; ++c) // of registers only known places can be asked for
                            if (c == at.lane) {
                                S& to = r.pre[g < plain ? g : g + apart];
                                to = to + r.sum[g * columns + c];
                            }
                    const auto unit = all.forward(t, std::size_t(first + at.lane));
                    r.state = unit.template run<L>(0, at.unit, r.pre, r.state, r.own);
                }
                group.hand(1 - buffer, std::size_t(at.lane * H + at.unit), r.state[0]);
            });
            group.meet(1 - buffer);
        }
    }
};

} // namespace rondo::gpu
