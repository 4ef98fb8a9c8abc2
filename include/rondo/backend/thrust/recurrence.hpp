// SPDX-License-Identifier: MIT
#pragma once

#include "pass.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The forward of all steps of a cell: see Pass. Owners send h; the sums are U h; owners then apply the cell. A step of
/// padding leaves h unchanged and writes zero to its slot.
template <class C, int H, class S, Device D, int some>
struct Forward : Pass<Forward<C, H, S, D, some>, C, H, S, D, some, Direction::forward> {
    using Base = Pass<Forward, C, H, S, D, some, Direction::forward>;
    using Base::plan, Base::gates, Base::states, Base::columns, Base::rows;
    using typename Base::At, typename Base::N, typename Base::L, typename Base::Steps, typename Base::Gates;
    using typename Base::Part;
    static constexpr int sent_at_once = columns < Vector<S>::size ? columns : Vector<S>::size; // h of a unit

    struct Registers {
        S weight[weights_kept(plan)];
        S sum[columns * rows]; // (columns, tile, gates)
        S out[sent_at_once];
        cell::Pre<C, N> pre, next;
        Values<N, Gates::pre> bias;
        cell::State<C, N> state;
        cell::PerUnit<C, N> per_unit;
        int length; // valid steps of the sequence
    };

    RONDO_HOST_DEVICE static void begin(const Steps& steps, const At& at, Registers& r) {
        const RecurrentSteps<C, H, S>& all = steps.all;
        RONDO_UNROLL
        for (int k = 0; k < states; ++k) r.state[k] = N(S(0));
        r.length = at.real() ? steps.task.length(steps.column(at)) : 0;
        if (!at.real()) return;
        RONDO_UNROLL
        for (int k = 0; k < Gates::pre; ++k) {
            const std::size_t row = std::size_t(Gates::gate(k) * H + at.unit);
            const S W = all.input_bias ? all.input_bias[row] : S(0),
                    U = all.recurrent_bias ? all.recurrent_bias[row] : S(0);
            r.bias[k] = N(!Gates::has_h(k) ? W : !Gates::has_x(k) ? U : W + U);
        }
        r.per_unit = all.forward(0, 0).template parameters<L>(at.unit);
        if (!steps.has(at)) return;
        RONDO_UNROLL
        for (int k = 0; k < states; ++k) {
            if (all.initial[k]) r.state[k] = N(all.initial[k][steps.index(at)]);
            if (at.replica() == 0)
                all.state[k][all.state_slots.column(all.state_slots.first(r.length)) * H + steps.index(at)] =
                    S(r.state[k]);
        }
    }

    // Prefetches W x of a step.
    RONDO_HOST_DEVICE static void fetch(const Steps& steps, int t, const At& at, Registers& r) {
        r.next = pre(steps, t, at, r);
        r.out[0] = S(r.state[0]);
    }
    template <class Group>
    RONDO_HOST_DEVICE static void before_steps(Group& group, int count) {
        if (count > 0) send(group, 0);
    }
    template <class Group>
    RONDO_HOST_DEVICE static void before_barrier(Group& group, const Steps& steps, int, int following, int) {
        group.each([&](const At& at, Registers& r) {
            r.pre = r.next;
            r.next = pre(steps, following, at, r);
        });
    }
    template <class Group>
    RONDO_HOST_DEVICE static void after_barrier(Group& group, const Steps& steps, int t, int iteration) {
        group.each([&](const At& at, Registers& r) {
            step(steps, t, at, r);
            r.out[0] = S(r.state[0]);
        });
        if (iteration + 1 < steps.count) send(group, (iteration + 1) % 2);
    }
    // Zeroes the slot of a step of padding.
    RONDO_HOST_DEVICE static void rest(const Steps& steps, int t, const At& at) {
        if (at.replica() != 0) return;
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            steps.all.state[k][steps.all.state_slots.column(t + 1) * H + steps.index(at)] = S(0);
    }
    RONDO_HOST_DEVICE static void end(const Steps& steps, const At& at, const Registers& r) {
        RONDO_UNROLL
        for (int k = 0; k < states; ++k)
            if (steps.all.final[k]) steps.all.final[k][steps.index(at)] = S(r.state[k]);
    }

private:
    // h of a unit in consecutive sequences is contiguous: the lanes that own them gather it, and each sends it to
    // different blocks.
    template <class Group>
    RONDO_HOST_DEVICE static void send(Group& group, int buffer) {
        group.template gather<sent_at_once>(&Registers::out);
        group.each([&](const At& at, Registers& r) {
            if (!at.real()) return;
            const int part = at.column() / sent_at_once, rank = at.column() % sent_at_once;
            group.template send<sent_at_once>(buffer, Part::place(at.unit, part * sent_at_once), r.out,
                                              rank * plan.replicas() + at.replica(), sent_at_once * plan.replicas());
        });
    }

    RONDO_HOST_DEVICE static cell::Pre<C, N> pre(const Steps& steps, int t, const At& at, const Registers& r) {
        cell::Pre<C, N> a{};
        if (t < 0 || t >= r.length) return a;
        const std::size_t column = steps.all.state_slots.column(t) + std::size_t(steps.column(at));
        const S* const gate = steps.all.gate + column * std::size_t(gates) * H;
        RONDO_UNROLL
        for (int g = 0; g < gates; ++g) a[g] = N(gate[g * H + at.unit]);
        return a;
    }

    RONDO_HOST_DEVICE static void step(const Steps& steps, int t, const At& at, Registers& r) {
        if (!steps.has(at)) return;
        if (t >= r.length) return rest(steps, t, at);
        RONDO_UNROLL
        for (int k = 0; k < Gates::pre; ++k) r.pre[k] = r.pre[k] + r.bias[k];
        RONDO_UNROLL
        for (int g = 0; g < gates; ++g) {
            N& to = r.pre[Gates::of_h(g)];
            to = to + N(r.sum[g]);
        }
        const auto now = C::forward(r.pre, r.state, r.per_unit);
        r.state = now.state;
        if (at.replica() != 0) return;
        const auto unit = steps.all.forward(t, std::size_t(steps.column(at)));
        RONDO_UNROLL
        for (int k = 0; k < states; ++k) unit.after[k][at.unit] = S(now.state[k]);
        if (steps.all.saved) RONDO_UNROLL
        for (int k = 0; k < Gates::saved; ++k) unit.saved[std::size_t(k) * H + std::size_t(at.unit)] = S(now.saved[k]);
    }
};

} // namespace rondo::gpu
