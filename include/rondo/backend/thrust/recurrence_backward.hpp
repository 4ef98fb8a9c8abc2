// SPDX-License-Identifier: MIT
#pragma once

#include "recurrence.hpp"

namespace rondo::inline v0_1::gpu {

/// All steps of a cell, backward, by one group of threads that keep U^T where they are: a thread has its share of a
/// column of U, that of its unit.
///
/// Each turn: each owner turns its slope into the gates' and hands these on, all meet, every thread adds its share of
/// U^T da, lanes are added, each owner adds the sum to the slope of h before.
template <class C, int H, class S, Device D, int some>
struct Backward {
    using number = S;
    using Work = Task<C, H, S>;
    static constexpr Plan plan = gpu::plan(D::target, C::shape, H, sizeof(S), some);
    static constexpr int gates = C::shape.gates, apart = C::shape.apart, plain = gates - apart;
    static constexpr int hidden = H, columns = some, share = (H + plan.lanes - 1) / plan.lanes;
    static constexpr std::size_t handed = std::size_t(columns) * gates * H;

    struct Registers {
        S weight[plan.in_registers];
        S sum[columns];
        cell::State<C, S> carry;
    };
    using At = Place<plan, H>;
    using L = Lanes<S, 1>;

    template <class Group>
    RONDO_HOST_DEVICE static void run(Group& group, const Task<C, H, S>& task, int slice) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        const int first = slice * columns, count = task.longest(first, columns);
        group.each([&](int block, int thread, Registers& r) {
            const At at{block, thread};
            each_weight<Backward>(group, block, thread, r, [&](int g, int from, S& w) {
                w = at.real() ? all.U[std::size_t(g * H + from) * H + std::size_t(at.unit)] : S(0);
            });
            if (at.owner() && first + at.lane < all.batch)
                RONDO_UNROLL
                for (int k = 0; k < C::shape.states; ++k) r.carry[k] = all.carry[k][carried(first, at)];
        });
        for (int turn = 0; turn < count; ++turn) {
            const int t = all.reverse ? turn : count - 1 - turn, buffer = turn % 2;
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                if (!at.owner()) return;
                const bool active = task.active(t, first + at.lane);
                cell::Slope<C, S> d{};
                if (active) {
                    d = all.backward(t, std::size_t(first + at.lane)).template run<L>(0, at.unit, r.carry);
                    r.carry = d.before;
                }
                RONDO_UNROLL
                for (int g = 0; g < gates; ++g) // of the gates that keep U h apart, the slope of that
                    group.hand(buffer, std::size_t((at.lane * gates + g) * H + at.unit),
                               active ? d.pre[g < plain ? g : g + apart] : S(0));
            });
            group.meet(buffer);
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                const S* const da = group.handed(block, buffer);
                RONDO_UNROLL
                for (int c = 0; c < columns; ++c) r.sum[c] = S(0);
                each_weight<Backward>(group, block, thread, r, [&](int g, int from, S w) {
                    RONDO_UNROLL
                    for (int c = 0; c < columns; ++c) r.sum[c] += w * da[(c * gates + g) * H + from];
                });
            });
            group.add_lanes(&Registers::sum);
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                if (!at.owner() || !task.active(t, first + at.lane)) return;
                RONDO_UNROLL
                for (int c = 0; c < columns; ++c)
                    if (c == at.lane) r.carry[0] = r.carry[0] + r.sum[c];
            });
        }
        group.each([&](int block, int thread, Registers& r) {
            const At at{block, thread};
            if (at.owner() && first + at.lane < all.batch)
                RONDO_UNROLL
                for (int k = 0; k < C::shape.states; ++k) all.carry[k][carried(first, at)] = r.carry[k];
        });
    }

private:
    RONDO_HOST_DEVICE static std::size_t carried(int first, const At& at) {
        return std::size_t(first + at.lane) * H + std::size_t(at.unit);
    }
};

} // namespace rondo::gpu
