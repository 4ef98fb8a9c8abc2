// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/values.hpp"
#include "../simd/functions.hpp"

#include <concepts>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace cell {

/// The number of values of a cell, per hidden unit.
struct Shape {
    int gates = 1;         // pre-activations
    int split = 0;         // split gates: the last ones, if they receive W x + b and U h + c separately
    int after_reset = 0;   // gates after the reset: the last ones, if their product is U q, q = reset(...), not U h
    int states = 1;        // components of the state: h, c, ...
    int saved = 0;         // values saved for backward
    int per_unit = 0;      // per-unit parameters (peepholes)
    int forget = -1;       // index of the forget gate, whose bias may be initialized above zero; -1: none
    bool projects = false; // whether h may be projected: forward and backward do not read it, only products with U do
    bool bounded = false;  // whether every element of h stays in [-1, 1]: int8 then has a fixed range for it
};

/// Inputs and outputs of one hidden unit (S = float, double) or of a pack of units (S = Pack).
///
/// Pre      pre-activations: gate g is W x + b + U h + c. A split gate has W x + b there; its U h + c follows after the
///          last gate.
/// State    component 0 is h: the output, and the input of the recurrent product.
/// Saved    values that forward saves for backward.
/// PerUnit  per-unit parameters (peepholes).
template <class C, class S> using Pre = Values<S, C::shape.gates + C::shape.split>;
template <class C, class S> using State = Values<S, C::shape.states>;
template <class C, class S> using Saved = Values<S, C::shape.saved>;
template <class C, class S> using PerUnit = Values<S, C::shape.per_unit>;

template <class C, class S>
struct Step {
    State<C, S> state;
    Saved<C, S> saved;
};

/// Gradients dL/d(...). `before` is without the part that flows through the recurrent product.
template <class C, class S>
struct Gradient {
    Pre<C, S> pre;
    State<C, S> before;
    PerUnit<C, S> per_unit;
};

} // namespace cell

/// A cell: the equations of one hidden unit, without loops, memory or backend.
///
///   forward         pre-activations, old state, per-unit parameters -> new state, saved values
///   backward        saved values, old and new state, per-unit parameters, dL/d(new state) -> gradients
///   reset           for gates after the reset: the other pre-activations, old state -> q
///   reset_backward  saved values, old state, dL/dq: adds to the gradients
///
/// A cell whose first saved values are its gates may define their names, gate_names: the gates can then be traced.
template <class C, class S = float>
concept Cell =
    C::shape.gates > 0 && C::shape.split >= 0 && C::shape.after_reset >= 0 && C::shape.states > 0 &&
    C::shape.saved >= 0 && C::shape.per_unit >= 0 && C::shape.split + C::shape.after_reset <= C::shape.gates &&
    (C::shape.after_reset == 0 || (C::shape.split == 0 && !C::shape.projects)) && // not both
    requires(const cell::Pre<C, S>& pre, const cell::State<C, S>& state, const cell::Saved<C, S>& saved,
             const cell::PerUnit<C, S>& per_unit) {
        { C::forward(pre, state, per_unit) } -> std::same_as<cell::Step<C, S>>;
        { C::backward(saved, state, state, per_unit, state) } -> std::same_as<cell::Gradient<C, S>>;
    } &&
    (C::shape.after_reset == 0 || requires(const cell::Pre<C, S>& pre, const cell::State<C, S>& state,
                                           const cell::Saved<C, S>& saved, cell::Gradient<C, S>& gradient, S q) {
        { C::reset(pre, state) } -> std::same_as<S>;
        { C::reset_backward(saved, state, q, gradient) } -> std::same_as<void>;
    });

} // namespace rondo
