// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../core/view.hpp"
#include "concept.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The pre-activations of a cell's gates (as cell::Pre indexes them), and the rows of its tensors that they depend on.
/// W, U, b and c have a block of rows per gate.
///
///   a[k] = W x + b + U h + c      k < merged                                  (1)
///   a[k] = W x + b                merged <= k < gates: the split gates        (2)
///   a[k] = U h + c                gates <= k: the split gates again           (3)
///
/// For gates after the reset, the last of (1), U multiplies q, not h.
template <class C>
struct GateLayout {
    static constexpr int gates = C::shape.gates, split = C::shape.split, after_reset = C::shape.after_reset;
    static constexpr int merged = gates - split, before_reset = merged - after_reset;
    static constexpr int pre = gates + split; // pre-activations
    static constexpr int states = C::shape.states, saved = C::shape.saved, per_unit = C::shape.per_unit;

    /// The gate of a pre-activation.
    RONDO_HOST_DEVICE static constexpr int gate(int k) { return k < gates ? k : k - split; }
    /// The pre-activation that U h of a gate is added to; W x is added to the one with the gate's index.
    RONDO_HOST_DEVICE static constexpr int of_h(int gate) { return gate < merged ? gate : gate + split; }
    /// Whether a pre-activation includes W x + b, and U h + c.
    RONDO_HOST_DEVICE static constexpr bool has_x(int k) { return k < gates; }
    RONDO_HOST_DEVICE static constexpr bool has_h(int k) { return k < merged || k >= gates; }
    /// Calls f with each bias, b or c, that a pre-activation includes.
    template <class Vector, class F>
    static constexpr void each_bias(int k, const Vector& b, const Vector& c, F&& f) {
        if (has_x(k)) f(b);
        if (has_h(k)) f(c);
    }

    /// The cell's tensors in PyTorch's order: W, U, the biases if there are any, the per-unit parameters if there are
    /// any, the projection if there is one.
    enum : std::size_t { W, U, b, c };
    static constexpr std::size_t parameters(bool bias) { return bias ? 4 : 2; }
    static constexpr std::size_t projection(bool bias) { return parameters(bias) + (per_unit > 0 ? 1 : 0); }
    static constexpr std::size_t tensors(bool bias, bool projected) { return projection(bias) + (projected ? 1 : 0); }
    /// W, U, b, c and the per-unit parameters of a cell over `hidden` units, of which h has `h_units`.
    template <class S>
    static std::array<ParameterTensor, 5> tensors(const CellParameters<S>& p, std::size_t inputs, std::size_t h_units,
                                                  std::size_t hidden) {
        const std::size_t rows = std::size_t(gates) * hidden, biases = p.input_bias.value ? rows : 0;
        return {ParameterTensor{p.input_weight.offset, rows * inputs},
                {p.recurrent_weight.offset, rows * h_units},
                {p.input_bias.offset, biases},
                {p.recurrent_bias.offset, biases},
                {p.per_unit.offset, std::size_t(per_unit) * hidden}};
    }
};

} // namespace rondo
