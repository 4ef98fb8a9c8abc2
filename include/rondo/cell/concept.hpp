// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/values.hpp"
#include "../simd/functions.hpp"

#include <concepts>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace cell {

/// A cell's counts, per hidden unit.
struct Shape {
    int gates = 1;   // pre-activations
    int split = 0;   // of them, the last ones that see W x + b and U h + c apart
    int after_reset = 0;  // of them, the last ones whose recurrent product reads q = reset(...), not h
    int states = 1;
    int saved = 0;   // values kept for backward
    int per_unit = 0;     // parameters of the unit itself
    int forget = -1; // the gate that forgets: its bias may start above zero
};

/// What one hidden unit sees and leaves, for one unit (S = float, double) or a pack of units (S = Pack).
///
/// Pre      gate pre-activations: gate g is W x + b + U h + c. The last `apart` gates keep both halves: W x + b stays
///          in its place and U h + c follows after the last gate.
/// State    component 0 is h: the output, and what the recurrent product reads.
/// Saved    what backward wants to know of the step.
/// Own      parameters of the unit itself (peepholes).
template <class C, class S> using Pre = Values<S, C::shape.gates + C::shape.split>;
template <class C, class S> using State = Values<S, C::shape.states>;
template <class C, class S> using Saved = Values<S, C::shape.saved>;
template <class C, class S> using PerUnit = Values<S, C::shape.per_unit>;

template <class C, class S>
struct Step {
    State<C, S> state;
    Saved<C, S> saved;
};

/// Gradients dL/d(...). `before` holds only what does not go through the recurrent product.
template <class C, class S>
struct Gradient {
    Pre<C, S> pre;
    State<C, S> before;
    PerUnit<C, S> per_unit;
};

} // namespace cell

/// A description of one unit's maths; no loops, no storage, no backend.
///
///   forward   pre-activations, old state, own parameters -> new state, values saved
///   backward  values saved, old and new state, own parameters, dL/d(new state) -> gradients
///   reset     where the last `second` gates read U q: q = reset(...), known only after the other gates; it has a
///             backward of its own
///
/// A cell whose first values saved are its gates may tell their names, gate_names: they can then be traced.
template <class C, class S = float>
concept Cell = C::shape.gates > 0 && C::shape.split >= 0 && C::shape.after_reset >= 0 && C::shape.states > 0 &&
    C::shape.saved >= 0 && C::shape.per_unit >= 0 && C::shape.split + C::shape.after_reset <= C::shape.gates &&
    (C::shape.split == 0 || C::shape.after_reset == 0) && // no gate is known to need both
    requires(const cell::Pre<C, S>& pre, const cell::State<C, S>& state, const cell::Saved<C, S>& saved,
             const cell::PerUnit<C, S>& per_unit) {
        { C::forward(pre, state, per_unit) } -> std::same_as<cell::Step<C, S>>;
        { C::backward(saved, state, state, per_unit, state) } -> std::same_as<cell::Gradient<C, S>>;
    } &&
    (C::shape.after_reset == 0 ||
     requires(const cell::Pre<C, S>& pre, const cell::State<C, S>& state, const cell::Saved<C, S>& saved,
              cell::Gradient<C, S>& gradient, S q) {
         { C::reset(pre, state) } -> std::same_as<S>;
         { C::reset_backward(saved, state, q, gradient) } -> std::same_as<void>;
     });

} // namespace rondo
