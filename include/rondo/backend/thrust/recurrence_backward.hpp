// SPDX-License-Identifier: MIT
#pragma once

#include "recurrence.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// All steps of a cell, backward, by one group of threads that keep U^T where they are: a thread has its share of a
/// column of U, that of its unit.
///
/// Each turn: the owners turn their gradient into the gates' and hand these on, every thread adds its share of U^T da,
/// lanes are added, the owners add the sum to the gradient of h before. The gradients of steps past a sequence's end are
/// zero.
template <class C, int H, class S, Device D, int some>
struct Backward {
    using number = S;
    using Work = Task<C, H, S>;
    static constexpr Plan plan = gpu::plan(D::target, C::shape, H, sizeof(S), some, Direction::backward);
    static constexpr int gates = C::shape.gates, split = C::shape.split, plain = gates - split;
    static constexpr int states = C::shape.states, hidden = H, columns = some, tile = plan.tile;
    static constexpr int width = handed_width(C::shape, columns, Direction::backward), row = width / columns;
    static constexpr int sent_at_once = row < Vector<S>::size ? row : Vector<S>::size; // gradients of a unit's gates
    using Part = WeightPartition<plan, S, width>;
    static constexpr std::size_t handed = Part::handed, sent = std::size_t(H) * width; // of them all units'
    using N = Number<S>;
    using L = PackAccess<N, 1>;
    using Read = typename UnitBackward<C, H, S>::template Read<N>;

    struct Registers {
        S weight[weights_kept(plan)];
        S sum[columns * tile]; // of a column, of each unit
        S out[row];
        Read read;
        cell::State<C, N> carry;
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
            read(task, first + at.column(), all.reverse ? 0 : count - 1, at, r);
        });
        if (group.idle()) return;
        for (int turn = 0; turn < count; ++turn) {
            const int t = all.reverse ? turn : count - 1 - turn, following = all.reverse ? t + 1 : t - 1;
            group.each([&](int block, int thread, Registers& r) {
                const At at{block, thread};
                step(task, first + at.column(), t, at, r);
                read(task, first + at.column(), following, at, r);
                if (at.real())
                    RONDO_UNROLL
                    for (int k = 0; k < row; k += sent_at_once)
                        group.template send<sent_at_once>(turn % 2, Part::place(at.unit, at.column() * row + k),
                                                          r.out + k, at.replica(), plan.replicas());
            });
            group.meet(turn % 2);
            group.each([&](int block, int thread, Registers& r) {
                RONDO_UNROLL
                for (int k = 0; k < columns * tile; ++k) r.sum[k] = S(0);
                Part::read(group.handed(block, turn % 2), At(block, thread).lane, [&](auto kept, int k, const S* da) {
                    RONDO_UNROLL
                    for (int g = 0; g < gates; ++g)
                        RONDO_UNROLL
                        for (int u = 0; u < tile; ++u) {
                            const S w = weight<plan, kept>(group, block, thread, r, (k * gates + g) * tile + u);
                            RONDO_UNROLL
                            for (int c = 0; c < columns; ++c) r.sum[c * tile + u] += w * da[c * row + g];
                        }
                });
            });
            group.template reduce<columns * tile>(&Registers::sum);
            group.each([&](int, int, Registers& r) {
                if (t < r.length) r.carry[0] = r.carry[0] + N(r.sum[0]);
            });
        }
        group.each([&](int block, int thread, Registers& r) { end(task, first, count, At(block, thread), r); });
        group.leave();
    }

private:
    template <class Group>
    RONDO_HOST_DEVICE static void begin(Group& group, const Work& task, int first, const At& at, int block, int thread,
                                        Registers& r) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        Part::each([&](auto kept, int k) {
            RONDO_UNROLL
            for (int w = 0; w < gates * tile; ++w) {
                const int from = Part::unit(k, at.lane), g = w / tile, unit = at.first + w % tile;
                weight<plan, kept>(group, block, thread, r, k * gates * tile + w) =
                    unit < H && from < H ? all.U[std::size_t(g * H + from) * H + std::size_t(unit)] : S(0);
            }
        });
        RONDO_UNROLL
        for (int g = 0; g < row; ++g) r.out[g] = S(0); // that of no gate stays zero
        const int column = first + at.column();
        const bool real = at.real() && column < all.batch;
        r.length = real ? task.length(column) : 0;
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            r.carry[k] = N(real && all.final_gradient[k]
                               ? all.final_gradient[k][std::size_t(column) * H + std::size_t(at.unit)]
                               : S(0));
        if (real) r.per_unit = all.forward(0, 0).template parameters<L>(at.unit);
    }

    RONDO_HOST_DEVICE static void read(const Work& task, int column, int t, const At& at, Registers& r) {
        if (t < 0 || t >= r.length) return;
        r.read = task.steps.backward(t, std::size_t(column)).template read<L, N>(0, at.unit);
    }

    RONDO_HOST_DEVICE static void step(const Work& task, int column, int t, const At& at, Registers& r) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        if (!at.real() || column >= all.batch) return;
        if (t >= r.length) {
            RONDO_UNROLL
            for (int g = 0; g < gates; ++g) r.out[g] = S(0);
            return rest(all, column, t, at);
        }
        const cell::Gradient<C, N> d = UnitBackward<C, H, S>::gradients(r.read, r.per_unit, r.carry);
        r.carry = d.before;
        RONDO_UNROLL
        for (int g = 0; g < gates; ++g) // of the gates that keep U h apart, the gradient of that
            r.out[g] = S(d.pre[g < plain ? g : g + split]);
        if (at.replica() == 0) all.backward(t, std::size_t(column)).template write<L>(0, at.unit, d);
    }

    // The gradients of a step past a sequence's end.
    RONDO_HOST_DEVICE static void rest(const RecurrentSteps<C, H, S>& all, int column, int t, const At& at) {
        if (at.replica() == 0)
            all.backward(t, std::size_t(column)).template write<L>(0, at.unit, cell::Gradient<C, N>{});
    }

    RONDO_HOST_DEVICE static void end(const Work& task, int first, int count, const At& at, const Registers& r) {
        const RecurrentSteps<C, H, S>& all = task.steps;
        const int column = first + at.column();
        if (!at.writes() || column >= all.batch) return;
        for (int t = count; t < all.steps; ++t) rest(all, column, t, at);
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            if (all.initial_gradient[k]) {
                S& to = all.initial_gradient[k][std::size_t(column) * H + std::size_t(at.unit)];
                to = to + S(r.carry[k]);
            }
    }
};

} // namespace rondo::gpu
