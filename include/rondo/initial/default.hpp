// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"
#include "../core/random.hpp"

#include <cmath>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// PyTorch's default initialization.
///
///   weights, biases   U(-1/sqrt(fan), 1/sqrt(fan))
///   embeddings        N(0, 1), the padding row zero
///
/// fan is the hidden size in a recurrent layer, the input size in Linear.
///
/// `forget_bias` is added to the input bias of a forget gate: 1 makes an LSTM remember at the start of training.
///
/// Source  for the forget bias: Jozefowicz, Zaremba & Sutskever, "An empirical exploration of recurrent network
///         architectures" (2015), section 2.2.
struct Default {
    double forget_bias = 0;

    template <class S>
    void draw(const ParameterSpec& t, const RandomStream& numbers, S* to) const {
        if (t.role == ParameterSpec::Role::table) return draw_table(t, numbers, to);
        const double bound = 1 / std::sqrt(double(t.fan));
        for (std::size_t k = 0; k < t.size(); ++k) to[k] = S((2 * uniform(numbers.wide(k)) - 1) * bound);
        add_forget_bias(t, forget_bias, to);
    }

    template <class S>
    static void draw_table(const ParameterSpec& t, const RandomStream& numbers, S* to) {
        for (std::size_t k = 0; k < t.size(); ++k)
            to[k] = int(k / std::size_t(t.columns)) == t.padding ? S(0) : S(numbers.normal(k));
    }
    template <class S>
    static void add_forget_bias(const ParameterSpec& t, double value, S* to) {
        if (t.forget < 0) return;
        const int block = t.rows / t.gates;
        for (int k = 0; k < block; ++k) to[t.forget * block + k] += S(value);
    }
};

} // namespace rondo
