// SPDX-License-Identifier: MIT
#pragma once

#include "default.hpp"

#include <cmath>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Xavier (Glorot) uniform initialization, one matrix per gate; biases are zero. It preserves the variance of values
/// and gradients from layer to layer.
///
///   U(-a, a), a = sqrt(6 / (inputs + outputs))                                (1)
///
/// Source  Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), eq.
///         (16).
struct Xavier {
    double forget_bias = 0;

    template <class S>
    void draw(const ParameterSpec& t, const RandomStream& numbers, S* to) const {
        if (t.role == ParameterSpec::Role::table) return Default::draw_table(t, numbers, to);
        const int both = t.rows / t.gates + t.columns; // inputs + outputs of one gate
        const double bound = t.role == ParameterSpec::Role::bias ? 0 : std::sqrt(6.0 / both);
        for (std::size_t k = 0; k < t.size(); ++k) to[k] = S((2 * uniform(numbers.wide(k)) - 1) * bound);
        Default::add_forget_bias(t, forget_bias, to);
    }
};

} // namespace rondo
