// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/linear_concept.hpp"
#include "../simd/tail.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The memory of a linear cell over time, and one step of some of its units.
///
/// Shapes  pre (pre_rows x T B), gates first; input (input_rows x T B); constants (constants x H); state (states H x T
///         B): after each step; output (H x T B). Backward overwrites pre with its gradient.
template <class C, class S>
struct LinearUnits {
    static constexpr int gates = C::shape.gates, states = C::shape.states, constant_count = C::shape.constants;
    template <class P> using State = cell::LinearState<C, P>;
    template <class P> using Constants = cell::Constants<C, P>;

    std::size_t units = 0, batch = 0;
    const S* pre = nullptr;
    std::size_t pre_rows = 0;
    S* pre_gradient = nullptr;  // null if not needed
    bool adds_gradient = false; // to pre_gradient; false: it is written
    const S* input = nullptr;
    std::size_t input_rows = 0;
    S* input_gradient = nullptr; // null if not needed
    bool owns_input = false;     // whether it is a part of pre, whose gradient is written and not added
    const S* constants = nullptr;
    S *state = nullptr, *output = nullptr; // output: null unless the cell has a function for it
    const S* output_gradient = nullptr;
    int steps = 0;
    bool reverse = false;
    const int* lengths = nullptr;
    Values<const S*, states> initial{}; // (H x B) each; null: zero

    RONDO_HOST_DEVICE int length(std::size_t b) const { return lengths ? lengths[b] : steps; }
    /// The k-th step of a sequence in forward's order.
    RONDO_HOST_DEVICE int step(int k, int length) const { return reverse ? length - 1 - k : k; }
    RONDO_HOST_DEVICE std::size_t column(int t, std::size_t b) const { return std::size_t(t) * batch + b; }

    template <class P>
    RONDO_HOST_DEVICE State<P> initial_state(PartialPack<P> part, std::size_t b, std::size_t unit) const {
        State<P> s;
        for (int k = 0; k < states; ++k) s[k] = initial[k] ? part.load(initial[k] + b * units + unit) : P(S(0));
        return s;
    }
    template <class P>
    RONDO_HOST_DEVICE State<P> state_at(PartialPack<P> part, std::size_t at, std::size_t unit) const {
        State<P> s;
        for (int k = 0; k < states; ++k) s[k] = part.load(state + (at * states + std::size_t(k)) * units + unit);
        return s;
    }
    template <class P>
    RONDO_HOST_DEVICE Constants<P> load_constants(PartialPack<P> part, std::size_t unit) const {
        Constants<P> all;
        if constexpr (constant_count > 0)
            for (int k = 0; k < constant_count; ++k) all[k] = part.load(constants + std::size_t(k) * units + unit);
        return all;
    }

    /// a s, of complex numbers if there are two components.
    template <class P>
    RONDO_HOST_DEVICE static State<P> product(const State<P>& a, const State<P>& s) {
        if constexpr (states == 1) return {{a[0] * s[0]}};
        else return {{a[0] * s[0] - a[1] * s[1], a[0] * s[1] + a[1] * s[0]}};
    }
    /// a s + b.
    template <class P>
    RONDO_HOST_DEVICE static State<P> next(const cell::LinearStep<C, P>& step, const State<P>& s) {
        if constexpr (states == 1) return {{math::fma(step.a[0], s[0], step.b[0])}};
        else
            return {{math::fma(step.a[0], s[0], step.b[0]) - step.a[1] * s[1],
                     math::fma(step.a[0], s[1], step.b[1]) + step.a[1] * s[0]}};
    }
    /// The complex conjugate.
    template <class P>
    RONDO_HOST_DEVICE static State<P> conjugate(const State<P>& a) {
        if constexpr (states == 1) return a;
        else return {{a[0], -a[1]}};
    }

    /// a and b of the step at a column.
    template <class P>
    RONDO_HOST_DEVICE cell::LinearStep<C, P> linear(PartialPack<P> part, std::size_t at, std::size_t unit) const {
        return C::linear(load_pre(part, at, unit), load_input(part, at, unit), load_constants(part, unit));
    }
    /// The state after the step at a column, which it writes with the output.
    template <class P>
    RONDO_HOST_DEVICE State<P> forward(PartialPack<P> part, std::size_t at, std::size_t unit,
                                       const State<P>& before) const {
        const auto values = load_pre(part, at, unit);
        const P x = load_input(part, at, unit);
        const State<P> after = next<P>(C::linear(values, x, load_constants(part, unit)), before);
        for (int k = 0; k < states; ++k) part.store(state + (at * states + std::size_t(k)) * units + unit, after[k]);
        if constexpr (C::shape.output) part.store(output + at * units + unit, C::output(values, x, after));
        return after;
    }
    /// dL/d(state before) from `carry`, dL/d(state after) without the output's. Writes the gradient of the
    /// pre-activations, adds to those of the input and of the constants.
    template <class P>
    RONDO_HOST_DEVICE State<P> backward(PartialPack<P> part, std::size_t at, std::size_t unit, const State<P>& before,
                                        State<P> carry, Constants<P>& constants_gradient) const {
        const auto values = load_pre(part, at, unit);
        const P x = load_input(part, at, unit), zero(S(0));
        const auto constant = load_constants(part, unit);
        cell::LinearGradient<C, P> to;
        for (int g = 0; g < gates; ++g) to.pre[g] = zero;
        to.input = zero;
        if constexpr (constant_count > 0) to.constants = constants_gradient;
        add_output_gradient(part, at, unit, values, x, carry, to);
        const auto step = C::linear(values, x, constant);
        C::linear_backward(values, x, constant, {.a = product<P>(conjugate<P>(before), carry), .b = carry}, to);
        for (int g = 0; g < gates && pre_gradient; ++g) {
            S* const d = pre_gradient + at * pre_rows + std::size_t(g) * units + unit;
            part.store(d, adds_gradient ? part.load(d) + to.pre[g] : to.pre[g]);
        }
        if constexpr (C::shape.input)
            if (input_gradient) {
                S* const dx = input_gradient + at * input_rows + unit;
                part.store(dx, owns_input ? to.input : part.load(dx) + to.input);
            }
        if constexpr (constant_count > 0) constants_gradient = to.constants;
        return product<P>(conjugate<P>(step.a), carry);
    }

    /// dL/d(state after), with the output's, from `carry`.
    template <class P>
    RONDO_HOST_DEVICE State<P> with_output_gradient(PartialPack<P> part, std::size_t at, std::size_t unit,
                                                    State<P> carry) const {
        cell::LinearGradient<C, P> unused{};
        add_output_gradient(part, at, unit, load_pre(part, at, unit), load_input(part, at, unit), carry, unused);
        return carry;
    }

private:
    template <class P>
    RONDO_HOST_DEVICE void add_output_gradient(PartialPack<P> part, std::size_t at, std::size_t unit,
                                               const cell::LinearPre<C, P>& values, P x, State<P>& carry,
                                               cell::LinearGradient<C, P>& to) const {
        if constexpr (C::shape.output) {
            for (int k = 0; k < states; ++k) to.state[k] = P(S(0));
            C::output_backward(values, x, state_at(part, at, unit), part.load(output_gradient + at * units + unit), to);
            for (int k = 0; k < states; ++k) carry[k] = carry[k] + to.state[k];
        } else {
            for (int k = 0; k < states; ++k)
                carry[k] = carry[k] + part.load(output_gradient + (at * states + std::size_t(k)) * units + unit);
        }
    }
    template <class P>
    RONDO_HOST_DEVICE cell::LinearPre<C, P> load_pre(PartialPack<P> part, std::size_t at, std::size_t unit) const {
        cell::LinearPre<C, P> values;
        for (int g = 0; g < gates; ++g) values[g] = part.load(pre + at * pre_rows + std::size_t(g) * units + unit);
        return values;
    }
    template <class P>
    RONDO_HOST_DEVICE P load_input(PartialPack<P> part, std::size_t at, std::size_t unit) const {
        if constexpr (C::shape.input) return part.load(input + at * input_rows + unit);
        else return P(S(0));
    }
};

namespace detail {

/// One step of consecutive sequences, each with all its units; for a backend that executes steps in order.
template <class C, class S>
struct LinearStepForward {
    LinearUnits<C, S> all;
    int t;
    std::size_t first;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        const std::size_t b = first + n, at = all.column(t, b);
        const bool begins = t == all.step(0, all.length(b));
        const std::size_t before = all.reverse ? at + all.batch : at - all.batch;
        for_each_pack<P>(all.units, [&](PartialPack<P> part, std::size_t unit) {
            all.forward(part, at, unit, begins ? all.initial_state(part, b, unit) : all.state_at(part, before, unit));
        });
    }
};
/// Its backward. carry (H x B) for each component, constants_gradient (constants H x B).
template <class C, class S>
struct LinearStepBackward {
    LinearUnits<C, S> all;
    int t;
    std::size_t first;
    Values<S*, C::shape.states> carry;
    S* constants_gradient;
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        constexpr int states = C::shape.states, constants = C::shape.constants;
        const std::size_t b = first + n, at = all.column(t, b), units = all.units;
        const bool begins = t == all.step(0, all.length(b));
        const std::size_t before = all.reverse ? at + all.batch : at - all.batch;
        for_each_pack<P>(units, [&](PartialPack<P> part, std::size_t unit) {
            cell::LinearState<C, P> d;
            for (int k = 0; k < states; ++k) d[k] = part.load(carry[k] + b * units + unit);
            cell::Constants<C, P> sums;
            const auto sum = [&](int k) {
                return constants_gradient + (b * std::size_t(constants) + std::size_t(k)) * units + unit;
            };
            if constexpr (constants > 0)
                for (int k = 0; k < constants; ++k) sums[k] = part.load(sum(k));
            d = all.backward(part, at, unit,
                             begins ? all.initial_state(part, b, unit) : all.state_at(part, before, unit), d, sums);
            for (int k = 0; k < states; ++k) part.store(carry[k] + b * units + unit, d[k]);
            if constexpr (constants > 0)
                for (int k = 0; k < constants; ++k) part.store(sum(k), sums[k]);
        });
    }
};

/// The final states of each sequence: those after its last step, or its initial ones if it has no steps.
template <class C, class S>
struct LinearFinalStates {
    LinearUnits<C, S> all;
    Values<S*, C::shape.states> final; // (H x B) each; null if not needed
    template <class P>
    RONDO_HOST_DEVICE void run(std::size_t b) const {
        const int length = all.length(b);
        for_each_pack<P>(all.units, [&](PartialPack<P> part, std::size_t unit) {
            const auto s = length > 0 ? all.state_at(part, all.column(all.step(length - 1, length), b), unit)
                                      : all.initial_state(part, b, unit);
            for (int k = 0; k < C::shape.states; ++k)
                if (final[k]) part.store(final[k] + b * all.units + unit, s[k]);
        });
    }
};

/// The constants of each unit; backward adds dL/d(per-unit parameters) for dL/d(constants).
template <class C, class S>
struct LinearConstants {
    static constexpr int parameters = cell::unit_parameter_count<C>;
    Values<const S*, parameters> from; // (H) each
    S* constants;                      // (constants x H)
    std::size_t units;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t unit) const {
        const auto all = C::constants(load(unit));
        for (int k = 0; k < C::shape.constants; ++k) constants[std::size_t(k) * units + unit] = all[k];
    }
    RONDO_HOST_DEVICE Values<S, parameters> load(std::size_t unit) const {
        Values<S, parameters> all;
        for (int k = 0; k < parameters; ++k) all[k] = from[k][unit];
        return all;
    }
};
template <class C, class S>
struct LinearConstantsBackward {
    LinearConstants<C, S> forward; // whose constants are the gradient
    Values<S*, cell::unit_parameter_count<C>> to;
    template <class>
    RONDO_HOST_DEVICE void run(std::size_t unit) const {
        cell::Constants<C, S> d;
        for (int k = 0; k < C::shape.constants; ++k) d[k] = forward.constants[std::size_t(k) * forward.units + unit];
        const auto gradient = C::constants_backward(forward.load(unit), d);
        for (int k = 0; k < forward.parameters; ++k) to[k][unit] += gradient[k];
    }
};

} // namespace detail
} // namespace rondo
