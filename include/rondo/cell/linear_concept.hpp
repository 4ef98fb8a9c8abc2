// SPDX-License-Identifier: MIT
#pragma once

#include "../core/values.hpp"
#include "../simd/functions.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace cell {

/// The number of values, per hidden unit, of a cell that is linear in its state.
struct LinearShape {
    int gates = 1;        // pre-activations, W x + b: there is no recurrent weight
    int states = 1;       // 2: the real and the imaginary part of a complex state
    int constants = 0;    // numbers that are functions of the per-unit parameters, and so the same in every step
    bool input = false;   // whether unit j reads feature j of the input
    bool output = false;  // whether the output is a function of the state; false: the output is the state
    bool bounded = false; // whether every element of the output stays in [-1, 1]
};

/// A per-unit parameter: its name in files, and its initial value as a function of a number from U(0, 1). Parameters
/// that depend on each other are drawn from the same numbers: `same` is the index of the first one; -1: its own.
struct UnitParameter {
    std::string_view name;
    double (*initial)(double) = nullptr;
    int same = -1;
};

/// Per-unit parameters of a cell; none unless it has the member `per_unit`.
template <class C>
constexpr auto unit_parameters = [] {
    if constexpr (requires { C::per_unit; }) return C::per_unit;
    else return std::array<UnitParameter, 0>{};
}();
template <class C> constexpr int unit_parameter_count = int(unit_parameters<C>.size());

template <class C, class S> using LinearPre = Values<S, C::shape.gates>;
template <class C, class S> using LinearState = Values<S, C::shape.states>;
template <class C, class S> using Constants = Values<S, C::shape.constants>;

/// One step of a recurrence that is linear in its state: s' = a s + b, complex if there are two components.
template <class C, class S>
struct LinearStep {
    LinearState<C, S> a, b;
};

/// Gradients dL/d(...) of one step; a cell adds to those that it depends on.
template <class C, class S>
struct LinearGradient {
    LinearPre<C, S> pre;
    S input;
    Constants<C, S> constants;
    LinearState<C, S> state; // of the state after the step, through the output
};

} // namespace cell

/// A cell that is linear in its state: the equations of one hidden unit, whose gates read the input only.
///
///   s' = a s + b    a, b = linear(pre-activations, input, constants)          (1)
///   y = output(pre-activations, input, s')                                    (2)
///
///   linear              pre-activations, input, constants -> a, b
///   linear_backward     the same, dL/da and dL/db: adds to the gradients
///   output              pre-activations, input, s' -> y; only if shape.output
///   output_backward     the same, dL/dy: adds to the gradients
///   constants           per-unit parameters -> constants; only if there are any, of scalars
///   constants_backward  per-unit parameters, dL/d(constants) -> dL/d(per-unit parameters)
///
/// A sequence of such steps is a scan: see LinearScan. S is a scalar or a Pack.
template <class C, class S = float>
concept LinearCell =
    C::shape.gates > 0 && (C::shape.states == 1 || C::shape.states == 2) && C::shape.constants >= 0 &&
    requires(const cell::LinearPre<C, S>& pre, const cell::LinearStep<C, S>& step,
             const cell::Constants<C, S>& constants, cell::LinearGradient<C, S>& gradient, S x) {
        { C::linear(pre, x, constants) } -> std::same_as<cell::LinearStep<C, S>>;
        { C::linear_backward(pre, x, constants, step, gradient) } -> std::same_as<void>;
    } &&
    (!C::shape.output ||
     requires(const cell::LinearPre<C, S>& pre, const cell::LinearState<C, S>& state,
              cell::LinearGradient<C, S>& gradient, S x) {
         { C::output(pre, x, state) } -> std::same_as<S>;
         { C::output_backward(pre, x, state, x, gradient) } -> std::same_as<void>;
     }) &&
    (cell::unit_parameter_count<C> == 0 ||
     requires(const Values<S, cell::unit_parameter_count<C>>& parameters, const cell::Constants<C, S>& constants) {
         { C::constants(parameters) } -> std::same_as<cell::Constants<C, S>>;
         { C::constants_backward(parameters, constants) } -> std::same_as<Values<S, cell::unit_parameter_count<C>>>;
     });

namespace cell {

/// log(1 + exp(x)) of a scalar or a pack, for any x.
template <class S>
RONDO_CELL S softplus(S x) {
    const S zero(0.f), magnitude = (math::max)(x, -x);
    return (math::max)(x, zero) + math::log1p(math::exp(-magnitude));
}

/// The candidate of log-space forms: g(x) = x + 1/2 for x > 0, else sigmoid(x); positive everywhere.
///
/// Source  Feng et al., "Were RNNs all we needed?" (2024), arXiv:2410.01201, appendix B.
template <class S>
RONDO_CELL S positive_candidate(S x) {
    return math::select(x > S(0.f), x + S(0.5f), math::sigmoid(x));
}
/// Its derivative, given g(x).
template <class S>
RONDO_CELL S positive_candidate_derivative(S x, S g) {
    return math::select(x > S(0.f), S(1.f), g * (S(1.f) - g));
}

} // namespace cell
} // namespace rondo
