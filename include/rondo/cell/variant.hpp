// SPDX-License-Identifier: MIT
#pragma once

#include "../core/layer_kind.hpp"
#include "../core/ratio.hpp"
#include "../core/text.hpp"
#include "../version.hpp"

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// A function of a cell's gates, candidate or output, as part of a type: Function{Function::elu, {1, 2}}. The functions
/// and their parameters are those of ONNX's RNN, GRU and LSTM.
///
///   relu               max(x, 0)                leaky_relu  x if x > 0, else alpha x
///   thresholded_relu   x if x > alpha, else 0   elu         x if x > 0, else alpha (exp(x) - 1)
///   hardsigmoid        min(max(alpha x + beta, 0), 1)
///   affine             alpha x + beta           scaled_tanh alpha tanh(beta x)
///   softsign           x / (1 + |x|)            softplus    log(1 + exp(x))
struct Function {
    enum Kind {
        sigmoid,
        tanh,
        relu,
        leaky_relu,
        thresholded_relu,
        elu,
        hardsigmoid,
        affine,
        scaled_tanh,
        softsign,
        softplus
    };
    Kind kind = sigmoid;
    Ratio alpha{}, beta{};

    constexpr std::string_view name() const {
        constexpr std::string_view names[]{"sigmoid",          "tanh",     "relu",        "leaky_relu",
                                           "thresholded_relu", "elu",      "hardsigmoid", "affine",
                                           "scaled_tanh",      "softsign", "softplus"};
        return names[kind];
    }
    static constexpr bool has_alpha(Kind kind) { return kind >= leaky_relu && kind <= scaled_tanh; }
    static constexpr bool has_beta(Kind kind) { return kind >= hardsigmoid && kind <= scaled_tanh; }
    constexpr bool valid() const {
        const bool ratios = alpha.valid() && beta.valid() && (has_alpha(kind) || alpha == Ratio{}) &&
                            (has_beta(kind) || beta == Ratio{});
        return ratios && (kind < leaky_relu || kind > elu || alpha.numerator >= 0) &&
               (kind != scaled_tanh || alpha.numerator != 0);
    }
    /// Whether all values are in [-1, 1], and whether they are in [0, 1].
    constexpr bool bounded() const { return weights() || kind == tanh || kind == softsign; }
    constexpr bool weights() const { return kind == sigmoid || kind == hardsigmoid; }
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
    /// Whether a GRU's h, a mean of h and the candidate weighted by a gate, stays in [-1, 1].
    constexpr bool bounded() const { return gate.weights() && candidate.bounded(); }
    bool operator==(const Variant&) const = default;
};

/// A variant by which layers of equal results compare equal: fractions are those of Ratio::canonical, the function of a
/// ReluRNN is its kind's, and a clip of 40 or more is left out where sigmoid and tanh change by less than 5e-18 beyond.
constexpr Variant canonical(LayerKind kind, Variant v) {
    const auto bounded = [](const Function& f) { return f.kind == Function::sigmoid || f.kind == Function::tanh; };
    for (Function* f : {&v.gate, &v.candidate, &v.output}) {
        f->alpha = f->alpha.canonical();
        f->beta = f->beta.canonical();
    }
    v.clip = v.clip.canonical();
    if (kind == LayerKind::ReluRNN) v.candidate = Function{Function::tanh};
    else if (bounded(v.gate) && bounded(v.candidate) && v.clip.value() >= 40) v.clip = Ratio{};
    return v;
}

/// A cell of LayerKind with options; a member `options` of another type is the user's own.
template <class C>
concept HasVariant = HasKind<C> && requires { typename std::integral_constant<Variant, C::options>; };

/// The options that a cell's names and shapes of tensors do not show, as model files record them: "clip 1/2, candidate
/// elu(1/2)"; empty for the usual equations.
struct VariantText {
    char text[320]{};
    std::size_t size = 0;
    constexpr std::string_view view() const { return {text, size}; }

    constexpr void add(std::string_view part) {
        for (const char c : part) text[size++] = c;
    }
    constexpr void add_option(std::string_view option) {
        if (size > 0) add(", ");
        add(option);
    }
    constexpr void add(std::string_view option, const Function& f) {
        add_option(option);
        add(f.name());
        if (!f.has_alpha(f.kind)) return;
        Label numbers{"("};
        f.alpha.describe(numbers);
        if (f.has_beta(f.kind)) f.beta.describe(numbers.add(", "));
        add(numbers.add(")").view());
    }
};
template <class C>
constexpr VariantText variant_text() {
    VariantText text;
    Variant v;
    if constexpr (HasVariant<C>) v = canonical(C::kind, C::options);
    if constexpr (HasKind<C>)
        if (C::kind == LayerKind::ReluRNN) v.candidate = Function{Function::relu};
    if (v.coupled) text.add_option("coupled gates");
    if (v.clip != Ratio{}) {
        Label clip{"clip "};
        text.add_option(v.clip.describe(clip).view());
    }
    const Variant usual;
    if (v.gate != usual.gate) text.add("gates ", v.gate);
    if (v.candidate != usual.candidate) text.add("candidate ", v.candidate);
    if (v.output != usual.output) text.add("output ", v.output);
    return text;
}
template <class C>
inline constexpr VariantText text_of_variant = variant_text<C>();

} // namespace rondo::cell
