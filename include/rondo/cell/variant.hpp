// SPDX-License-Identifier: MIT
#pragma once

#include "../core/ratio.hpp"
#include "../version.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// A function of a cell's gates, candidate or output, as part of a type: Function{Function::elu, {1, 2}}. The functions
/// and their parameters are those of ONNX's RNN, GRU and LSTM.
///
///   relu               max(x, 0)                leaky_relu  x if x > 0, else alpha x
///   thresholded_relu   x if x > alpha, else 0   elu         x if x > 0, else alpha (exp(x) - 1)
///   hardsigmoid        min(max(alpha x + beta, 0), 1)
///   affine             alpha x + beta           scaled_tanh alpha tanh(beta x)
///   softsign           x / (1 + |x|)
struct Function {
    enum Kind { sigmoid, tanh, relu, leaky_relu, thresholded_relu, elu, hardsigmoid, affine, scaled_tanh, softsign };
    Kind kind = sigmoid;
    Ratio alpha{}, beta{};

    static constexpr bool has_alpha(Kind kind) { return kind >= leaky_relu && kind <= scaled_tanh; }
    static constexpr bool has_beta(Kind kind) { return kind >= hardsigmoid && kind <= scaled_tanh; }
    constexpr bool valid() const {
        const bool ratios = alpha.valid() && beta.valid() && (has_alpha(kind) || alpha == Ratio{}) &&
                            (has_beta(kind) || beta == Ratio{});
        return ratios && (kind < leaky_relu || kind > elu || alpha.numerator >= 0) &&
               (kind != scaled_tanh || alpha.numerator != 0);
    }
    bool operator==(const Function&) const = default;
};

/// The options of a recurrent layer's cell; the defaults are the usual equations.
///
/// gate, candidate  functions of the gates and of the candidate: sigmoid and tanh
/// output           function of an LSTM's c: tanh
/// clip             bound of the arguments of gate and candidate, [-clip, clip]; 0: none
/// coupled          an LSTM's forget gate is f = 1 - i, and has no weights
/// peepholes        an LSTM's gates read c, by weights of each unit
struct Variant {
    Function gate{Function::sigmoid}, candidate{Function::tanh}, output{Function::tanh};
    Ratio clip{};
    bool coupled = false, peepholes = false;

    constexpr bool valid() const {
        return gate.valid() && candidate.valid() && output.valid() && clip.valid() && clip.numerator >= 0;
    }
    /// Whether the options of an LSTM only have their defaults.
    constexpr bool without_memory() const { return output == Function{Function::tanh} && !coupled && !peepholes; }
    bool operator==(const Variant&) const = default;
};

} // namespace rondo::cell
