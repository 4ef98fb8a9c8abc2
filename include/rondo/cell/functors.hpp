// SPDX-License-Identifier: MIT
#pragma once

#include "../simd/tail.hpp"
#include "gate_layout.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The per-unit parameters of a unit, the k-th at per_unit + k * H.
template <class L, class C, int H, class S>
RONDO_HOST_DEVICE cell::PerUnit<C, typename L::P> unit_parameters(const S* per_unit, int unit) {
    cell::PerUnit<C, typename L::P> p{};
    if constexpr (C::shape.per_unit > 0)
        for (int k = 0; k < C::shape.per_unit; ++k) p[k] = L::load(per_unit + k * H + unit);
    return p;
}
}

/// A cell's forward for one step, as a functor of column and unit: it loads the operands, applies the cell and stores
/// the results. Called by host loops, Thrust's for_each and kernels.
///
/// Shapes  H units innermost, N columns outermost.
template <class C, int H, class S>
struct UnitForward {
    using Gates = GateLayout<C>;
    S* gates;                                 // (gates H x N): pre-activations
    const S* split;                           // (split H x N): U h + c of the split gates
    const S* per_unit;                        // (per_unit H)
    Values<const S*, C::shape.states> before; // (H x N) each
    Values<S*, C::shape.states> after;        // (H x N) each
    S* saved;                                 // (saved H x N); null if no backward follows

    template <class L>
    RONDO_HOST_DEVICE auto pre(std::size_t column, int unit) const {
        cell::Pre<C, typename L::P> a{};
        for (int g = 0; g < Gates::gates; ++g)
            a[g] = L::load(gates + (column * Gates::gates + std::size_t(g)) * H + unit);
        for (int g = 0; g < Gates::split; ++g)
            a[Gates::gates + g] = L::load(split + (column * Gates::split + std::size_t(g)) * H + unit);
        return a;
    }
    template <class L>
    RONDO_HOST_DEVICE auto state(std::size_t column, int unit) const {
        cell::State<C, typename L::P> s{};
        for (int k = 0; k < C::shape.states; ++k) s[k] = L::load(before[k] + column * H + unit);
        return s;
    }
    template <class L>
    RONDO_HOST_DEVICE auto parameters(int unit) const {
        return detail::unit_parameters<L, C, H>(per_unit, unit);
    }
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        const auto step = C::forward(pre<L>(column, unit), state<L>(column, unit), parameters<L>(unit));
        for (int k = 0; k < C::shape.states; ++k) L::store(after[k] + column * H + unit, step.state[k]);
        if constexpr (C::shape.saved > 0)
            if (saved)
                for (int k = 0; k < C::shape.saved; ++k)
                    L::store(saved + (column * C::shape.saved + std::size_t(k)) * H + unit, step.saved[k]);
    }
};

/// The reset of a cell with gates after the reset: computes q, the input of their recurrent product.
template <class C, int H, class S>
struct UnitReset {
    UnitForward<C, H, S> forward;
    S* q; // (H x N)

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        L::store(q + column * H + unit,
                 C::reset(forward.template pre<L>(column, unit), forward.template state<L>(column, unit)));
    }
};

/// A cell's backward for one step: from dL/d(state after) to the gradients of the gates and of the state before.
template <class C, int H, class S>
struct UnitBackward {
    using Gates = GateLayout<C>;
    const S* saved;                                  // (saved H x N)
    Values<const S*, C::shape.states> before, after; // (H x N) each
    const S* per_unit;                               // (per_unit H)
    const S* output_gradient;                        // (H x N): upstream gradient of the output h
    Values<S*, C::shape.states> carry;               // (H x N) each: dL/d(state after) in, dL/d(state before) out
    S* gate_gradient;                                // (gates H x N)
    S* split_gradient;                               // (split H x N)
    S* per_unit_gradient;                            // (per_unit H x N)

    template <class L>
    RONDO_HOST_DEVICE auto saved_of(std::size_t column, int unit) const {
        cell::Saved<C, typename L::P> v{};
        if constexpr (C::shape.saved > 0)
            for (int k = 0; k < C::shape.saved; ++k)
                v[k] = L::load(saved + (column * C::shape.saved + std::size_t(k)) * H + unit);
        return v;
    }
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        const std::size_t at = column * H + std::size_t(unit);
        cell::State<C, typename L::P> gradient{};
        for (int k = 0; k < C::shape.states; ++k) gradient[k] = L::load(carry[k] + at);
        const auto d =
            gradients(read<L, typename L::P>(column, unit), detail::unit_parameters<L, C, H>(per_unit, unit), gradient);
        write<L>(column, unit, d);
        for (int k = 0; k < C::shape.states; ++k) L::store(carry[k] + at, d.before[k]);
    }
    /// The same in three parts (load, compute, store), for kernels that keep operands in registers.
    template <class P>
    struct Read {
        cell::Saved<C, P> saved;
        cell::State<C, P> before, after;
        P output_gradient;
    };
    template <class L, class P>
    RONDO_HOST_DEVICE Read<P> read(std::size_t column, int unit) const {
        const std::size_t at = column * H + std::size_t(unit);
        Read<P> r{saved_of<L>(column, unit), {}, {}, L::load(output_gradient + at)};
        for (int k = 0; k < C::shape.states; ++k) {
            r.before[k] = L::load(before[k] + at);
            r.after[k] = L::load(after[k] + at);
        }
        return r;
    }
    template <class P>
    RONDO_HOST_DEVICE static cell::Gradient<C, P> gradients(const Read<P>& r, const cell::PerUnit<C, P>& p,
                                                            cell::State<C, P> gradient) {
        gradient[0] = gradient[0] + r.output_gradient;
        return C::backward(r.saved, r.before, r.after, p, gradient);
    }
    template <class L, class P>
    RONDO_HOST_DEVICE void write(std::size_t column, int unit, const cell::Gradient<C, P>& d) const {
        for (int g = 0; g < Gates::gates; ++g)
            L::store(gate_gradient + (column * Gates::gates + std::size_t(g)) * H + unit, d.pre[g]);
        for (int g = 0; g < Gates::split; ++g)
            L::store(split_gradient + (column * Gates::split + std::size_t(g)) * H + unit, d.pre[Gates::gates + g]);
        if constexpr (C::shape.per_unit > 0)
            for (int k = 0; k < C::shape.per_unit; ++k)
                L::store(per_unit_gradient + (column * C::shape.per_unit + std::size_t(k)) * H + unit, d.per_unit[k]);
    }
};

/// The backward of UnitReset: adds the gradients that follow from dL/dq.
template <class C, int H, class S>
struct UnitResetBackward {
    UnitBackward<C, H, S> backward;
    const S* q_gradient; // (H x N)

    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t column, int unit) const {
        using P = typename L::P;
        const std::size_t at = column * H + std::size_t(unit);
        S* gate_gradient = backward.gate_gradient + column * C::shape.gates * H + unit;
        cell::State<C, P> old{};
        cell::Gradient<C, P> d{};
        for (int g = 0; g < C::shape.gates; ++g) d.pre[g] = L::load(gate_gradient + g * H);
        for (int k = 0; k < C::shape.states; ++k) {
            old[k] = L::load(backward.before[k] + at);
            d.before[k] = L::load(backward.carry[k] + at);
        }
        C::reset_backward(backward.template saved_of<L>(column, unit), old, L::load(q_gradient + at), d);
        for (int g = 0; g < C::shape.gates; ++g) L::store(gate_gradient + g * H, d.pre[g]);
        for (int k = 0; k < C::shape.states; ++k) L::store(backward.carry[k] + at, d.before[k]);
    }
};

} // namespace rondo
