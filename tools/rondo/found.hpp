// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>
#include <rondo/io/layer_weights.hpp>
#include <rondo/io/safetensors.hpp>
#include <rondo/model/layer_facts.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Layers of one name in a file: one, or the layers of a stack.
struct FoundPart {
    std::string name; // empty: the file is this part alone, or its format has no names
    std::vector<rondo::LayerFacts> layers;
    std::vector<const rondo::io::TensorInfo*> tensors; // of safetensors, in the order in which Rondo has them
    std::size_t averages = 0;                          // of `tensors` the last ones, which lie behind what is trained
    bool lacks_a_count = false;                        // of steps, after the averages: it is 0

    const rondo::LayerFacts& first() const { return layers.front(); }
    bool reads_tokens() const { return first().kind == rondo::LayerKind::Embedding; }
    int output() const { return layers.back().features() * layers.back().directions; }
};

/// What a file holds, as far as it says, and what it leaves open.
struct Found {
    std::vector<FoundPart> parts; // in the order in which they run
    std::vector<std::string> notes;
    std::string problem;      // why these are no network of Rondo's
    std::string reset_before; // names of tensors of a GRUResetBefore, with blanks around each
    std::string variants;     // options of recurrent layers, a line for each
};

/// "{1, 5}"
inline std::string ratio_of(const rondo::Ratio& ratio) {
    return '{' + std::to_string(ratio.numerator) +
           (ratio.denominator == 1 ? "" : ", " + std::to_string(ratio.denominator)) + '}';
}
/// "rondo::cell::Variant{.clip = {1, 2}}"
inline std::string variant_of(const rondo::LayerFacts& facts) {
    constexpr std::string_view names[]{".gate", ".candidate", ".output"};
    const auto functions = facts.functions(), usual = rondo::LayerFacts{}.functions();
    std::string text;
    const auto add = [&](bool is, const std::string& option) {
        if (is) (text += text.empty() ? "" : ", ") += option;
    };
    for (std::size_t k = 0; k < 3; ++k) {
        const rondo::cell::Function& f = functions[k];
        std::string kind = rondo::describe(f);
        kind = std::string{names[k]} + " = {rondo::cell::Function::" + kind.substr(0, kind.find('('));
        if (f.has_alpha(f.kind)) kind += ", " + ratio_of(f.alpha);
        if (f.has_beta(f.kind)) kind += ", " + ratio_of(f.beta);
        add(f != usual[k], kind + '}');
    }
    add(facts.variant.clip.numerator > 0, ".clip = " + ratio_of(facts.variant.clip));
    add(facts.variant.coupled, ".coupled = true");
    add(facts.variant.peepholes, ".peepholes = true");
    return "rondo::cell::Variant{" + text + '}';
}

/// "1, 16, 8, rondo::ConvOptions{.stride = 4}", "3, 2, rondo::PoolOptions{.stride = 1}"
inline std::string windows_of(const rondo::LayerFacts& facts) {
    const rondo::ConvolutionPlan& plan = facts.plan;
    const bool pool = facts.kind != rondo::LayerKind::Conv1d;
    const auto size = [](int n) { return std::to_string(n); };
    std::string options;
    const auto add = [&](bool is, const std::string& option) {
        if (is) (options += options.empty() ? "" : ", ") += option;
    };
    add(plan.stride != (pool ? plan.kernel : 1), ".stride = " + size(plan.stride));
    add(plan.dilation > 1, ".dilation = " + size(plan.dilation));
    add(plan.groups > 1, ".groups = " + size(plan.groups));
    const bool causal = plan.left > 0 && plan.left == plan.reach() - 1 && plan.right == 0 && !plan.reflect;
    add(causal, ".padding = rondo::causal_padding");
    add(!causal && (plan.left > 0 || plan.right > 0),
        ".padding = {" + size(plan.left) + ", " + size(plan.right) + (plan.reflect ? ", true}" : "}"));
    add(!facts.count_include_pad, ".count_include_pad = false");
    add(!facts.bias, ".bias = false");
    return size(facts.input) + ", " + (pool ? "" : size(facts.output) + ", ") + size(plan.kernel) +
           (options.empty() ? "" : (pool ? ", rondo::PoolOptions{" : ", rondo::ConvOptions{") + options + '}');
}
/// ", rondo::Norm{.eps = {1, 1000}}", where it is not the default.
inline std::string norm_of(const rondo::LayerFacts& facts) {
    const bool root = facts.kind == rondo::LayerKind::RMSNorm, batch = facts.kind == rondo::LayerKind::BatchNorm1d;
    const rondo::Ratio eps = facts.options[0], usual = root ? rondo::Ratio{} : rondo::Ratio{1, 100000};
    std::string options;
    const auto add = [&](bool is, const std::string& option) {
        if (is) (options += options.empty() ? "" : ", ") += option;
    };
    add(eps != usual || (root && (!facts.affine || !facts.bias)), ".eps = " + ratio_of(eps));
    add(!facts.affine, ".affine = false");
    add(!facts.bias && !root, ".bias = false");
    return options.empty() ? "" : (batch ? ", rondo::BatchNormOptions{" : ", rondo::Norm{") + options + '}';
}

/// "rondo::LSTM<3, 20, rondo::Stack{.layers = 2}>"
inline std::string type_of(const FoundPart& part) {
    using rondo::LayerKind;
    const rondo::LayerFacts& facts = part.first();
    const auto size = [](int n) { return std::to_string(n); };
    const bool peephole = facts.variant == rondo::cell::Variant{.peepholes = true},
               variant = facts.variant != rondo::cell::Variant{} && !peephole;
    std::string type = peephole ? "rondo::PeepholeLSTM" : "rondo::" + std::string{name_of(facts.kind)};
    if (variant && facts.kind == LayerKind::ReluRNN) type = "rondo::RNN";
    if (variant) type += "Variant";
    if (facts.kind == LayerKind::Linear && !facts.bias) type += "WithoutBias";
    type += '<';
    if (reads_windows(facts.kind)) return type + windows_of(facts) + '>';
    if (facts.kind == LayerKind::Flatten)
        return type + size(facts.input) + ", " + size(facts.count) +
               (facts.features_first ? ", rondo::FlattenOrder::features_first>" : ">");
    if (is_recurrent(facts.kind) || facts.kind == LayerKind::Linear || facts.kind == LayerKind::Embedding)
        type += size(facts.input) + ", ";
    type += size(facts.kind == LayerKind::FinalStates ? facts.output / 2 : facts.output); // it takes both ways'
    if (facts.kind == LayerKind::PReLU && facts.count > 1) type += ", " + size(facts.count);
    if (is_norm(facts.kind)) return type + norm_of(facts) + '>';
    for (int k = 0; k < options_of(facts.kind); ++k) {
        const rondo::Ratio& ratio = facts.options[std::size_t(k)];
        type += ", rondo::Ratio" + ratio_of(ratio);
    }
    if (variant) type += ", " + variant_of(facts);
    std::string stack;
    const auto add = [&](bool is, const std::string& option) {
        if (is) (stack += stack.empty() ? "" : ", ") += option;
    };
    add(part.layers.size() > 1, ".layers = " + size(int(part.layers.size())));
    add(facts.directions == 2, ".bidirectional = true");
    add(facts.reversed, ".reversed = true");
    add(!facts.bias && is_recurrent(facts.kind), ".bias = false");
    add(facts.projection > 0, ".projection = " + size(facts.projection));
    return type + (stack.empty() ? "" : ", rondo::Stack{" + stack + '}') + '>';
}

/// Parts as C++ says them, each from the second on in a line of its own.
inline std::string joined(const std::vector<std::string>& types) {
    if (types.size() == 1) return types.front();
    std::string text = "rondo::Sequential<";
    for (const std::string& type : types) text += (&type != &types.front() ? ",\n    " : "") + type;
    return text + '>';
}

/// The network as C++ says it.
///
/// Errors  mismatch: a Skip that begins within a stack.
inline std::string type_of(const Found& found) {
    std::vector<std::string> types;
    std::vector<std::size_t> counts, inputs; // of layers in each, and of features that each reads
    for (const FoundPart& part : found.parts) {
        const rondo::LayerFacts& facts = part.first();
        if (facts.kind == rondo::LayerKind::FinalCellState && !types.empty()) {
            types.back() = "rondo::FinalCellState<" + types.back() + '>';
            ++counts.back();
            continue;
        }
        if (facts.kind != rondo::LayerKind::Skip) {
            types.push_back(part.name.empty() ? type_of(part)
                                              : "rondo::Named<\"" + part.name + "\", " + type_of(part) + '>');
            counts.push_back(part.layers.size());
            inputs.push_back(std::size_t(facts.input));
            continue;
        }
        std::size_t first = types.size(), inside = 0;
        while (first > 0 && inside < std::size_t(facts.span)) inside += counts[--first];
        if (inside != std::size_t(facts.span) || inside == 0)
            rondo::fail(rondo::Error::Kind::mismatch, "a skip that does not begin between two layers");
        const auto at = std::ptrdiff_t(first);
        const std::string body = joined({types.begin() + at, types.end()});
        const bool all = inputs[first] == std::size_t(facts.input);
        types.resize(first);
        counts.resize(first);
        inputs.resize(first + 1);
        types.push_back(std::string{all ? "rondo::Residual<" : "rondo::ResidualOfFirst<"} + body + '>');
        counts.push_back(inside + 1);
    }
    if (types.size() == 1 && !types[0].starts_with("rondo::Named")) return types[0];
    return types.size() == 1 ? "rondo::Sequential<" + types[0] + '>' : joined(types);
}
