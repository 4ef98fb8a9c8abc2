// SPDX-License-Identifier: MIT
#pragma once

#include "pass.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The backward of all steps of a cell: see Pass. Owners compute the gates' gradients da from dL/d(state) and send
/// them; the sums are U^T da; owners then add them to dL/dh of the step before. The gradients of padding are zero.
template <class C, int H, class S, Device D, int some>
struct Backward : Pass<Backward<C, H, S, D, some>, C, H, S, D, some, Direction::backward> {
    using Base = Pass<Backward, C, H, S, D, some, Direction::backward>;
    using Base::plan, Base::gates, Base::states, Base::columns, Base::rows, Base::row;
    using typename Base::At, typename Base::N, typename Base::L, typename Base::Steps, typename Base::Gates;
    using typename Base::Part;
    static constexpr int sent_at_once = row < Vector<S>::size ? row : Vector<S>::size; // of the gates of a unit
    using Read = typename UnitBackward<C, H, S>::template Read<N>;

    struct Registers {
        S weight[weights_kept(plan)];
        S sum[columns * rows]; // (columns, tile)
        S out[row];
        Read read;
        cell::State<C, N> carry;
        cell::PerUnit<C, N> per_unit;
        int length; // valid steps of the sequence
    };

    RONDO_HOST_DEVICE static void begin(const Steps& steps, const At& at, Registers& r) {
        const RecurrentSteps<C, H, S>& all = steps.all;
        RONDO_UNROLL
        for (int g = 0; g < row; ++g) r.out[g] = S(0); // padding of the row stays zero
        const bool real = steps.has(at);
        r.length = real ? steps.task.length(steps.column(at)) : 0;
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            r.carry[k] = N(real && all.final_gradient[k] ? all.final_gradient[k][steps.index(at)] : S(0));
        if (real) r.per_unit = all.forward(0, 0).template parameters<L>(at.unit);
    }

    RONDO_HOST_DEVICE static void fetch(const Steps& steps, int t, const At& at, Registers& r) {
        if (t < 0 || t >= r.length) return;
        r.read = steps.all.backward(t, std::size_t(steps.column(at))).template read<L, N>(0, at.unit);
    }
    template <class Group>
    RONDO_HOST_DEVICE static void before_steps(Group&, int) {}
    template <class Group>
    RONDO_HOST_DEVICE static void before_barrier(Group& group, const Steps& steps, int t, int following,
                                                 int iteration) {
        group.each([&](const At& at, Registers& r) {
            step(steps, t, at, r);
            fetch(steps, following, at, r);
            if (at.real()) RONDO_UNROLL
            for (int k = 0; k < row; k += sent_at_once)
                group.template send<sent_at_once>(iteration % 2, Part::place(at.unit, at.column() * row + k), r.out + k,
                                                  at.replica(), plan.replicas());
        });
    }
    template <class Group>
    RONDO_HOST_DEVICE static void after_barrier(Group& group, const Steps&, int t, int) {
        group.each([&](const At&, Registers& r) {
            if (t < r.length) r.carry[0] = r.carry[0] + N(r.sum[0]);
        });
    }
    // Writes zero gradients for a step of padding.
    RONDO_HOST_DEVICE static void rest(const Steps& steps, int t, const At& at) {
        if (at.replica() == 0) write(steps, t, at, cell::Gradient<C, N>{});
    }
    RONDO_HOST_DEVICE static void end(const Steps& steps, const At& at, const Registers& r) {
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            if (steps.all.initial_gradient[k]) {
                S& to = steps.all.initial_gradient[k][steps.index(at)];
                to = to + S(r.carry[k]);
            }
    }

private:
    RONDO_HOST_DEVICE static void step(const Steps& steps, int t, const At& at, Registers& r) {
        if (!steps.has(at)) return;
        if (t >= r.length) {
            RONDO_UNROLL
            for (int g = 0; g < gates; ++g) r.out[g] = S(0);
            return rest(steps, t, at);
        }
        const cell::Gradient<C, N> d = UnitBackward<C, H, S>::gradients(r.read, r.per_unit, r.carry);
        r.carry = d.before;
        RONDO_UNROLL
        for (int g = 0; g < gates; ++g) r.out[g] = S(d.pre[Gates::of_h(g)]);
        if (at.replica() == 0) write(steps, t, at, d);
    }
    RONDO_HOST_DEVICE static void write(const Steps& steps, int t, const At& at, const cell::Gradient<C, N>& d) {
        steps.all.backward(t, std::size_t(steps.column(at))).template write<L>(0, at.unit, d);
    }
};

} // namespace rondo::gpu
