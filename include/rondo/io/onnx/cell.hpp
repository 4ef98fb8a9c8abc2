// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/number_text.hpp"
#include "../../core/range.hpp"
#include "../../core/ratio.hpp"
#include "../layer_weights.hpp"
#include "graph.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The index of each of PyTorch's gates in ONNX's order: i, f, g, o in i, o, f, c, without f if it is coupled; r, z, n
/// in z, r, h.
inline std::span<const std::size_t> onnx_gates(const LayerFacts& facts) {
    static constexpr std::size_t lstm[]{0, 2, 3, 1}, coupled[]{0, 3, 1}, gru[]{1, 0, 2}, rnn[]{0};
    if (facts.kind == LayerKind::LSTM && facts.variant.coupled) return coupled;
    if (facts.kind == LayerKind::LSTM) return lstm;
    return gates_of(facts.kind) == 3 ? std::span<const std::size_t>{gru} : std::span<const std::size_t>{rnn};
}
/// The same of peepholes: i, f, o in i, o, f.
inline std::span<const std::size_t> onnx_peepholes(const LayerFacts& facts) {
    static constexpr std::size_t all[]{0, 2, 1}, coupled[]{0, 1};
    return facts.variant.coupled ? std::span<const std::size_t>{coupled} : std::span<const std::size_t>{all};
}

/// The rows of one direction, with the gates in PyTorch's order.
inline Array gates_from_onnx(std::span<const double> rows, std::span<const std::size_t> gates, std::size_t hidden,
                             std::size_t columns) {
    Array result{gates.size() * hidden, columns, {}};
    for (const std::size_t block : gates) {
        const auto part = rows.subspan(block * hidden * columns, hidden * columns);
        result.values.insert(result.values.end(), part.begin(), part.end());
    }
    return result;
}

inline bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; };
    return range::equal(a, b, {}, lower, lower);
}

/// ONNX's name of a function, and the alpha and beta that it has where the node does not say them. Specification and
/// runtimes disagree on those of the last three.
struct OnnxFunction {
    std::string_view name;
    cell::Function function;
    bool has_defaults = true;
};
inline constexpr OnnxFunction onnx_functions[]{
    {"Sigmoid", {cell::Function::sigmoid}},
    {"Tanh", {cell::Function::tanh}},
    {"Relu", {cell::Function::relu}},
    {"LeakyRelu", {cell::Function::leaky_relu, {1, 100}}},
    {"Elu", {cell::Function::elu, {1}}},
    {"HardSigmoid", {cell::Function::hardsigmoid, {1, 5}, {1, 2}}},
    {"Softsign", {cell::Function::softsign}},
    {"Softplus", {cell::Function::softplus}},
    {"ThresholdedRelu", {cell::Function::thresholded_relu}, false},
    {"Affine", {cell::Function::affine}, false},
    {"ScaledTanh", {cell::Function::scaled_tanh}, false},
};

/// The numbers of activation_alpha, or of activation_beta: each function that has one takes the next.
class OnnxActivationNumbers {
public:
    explicit OnnxActivationNumbers(const std::optional<OnnxAttribute>& attribute) {
        if (attribute) numbers_ = attribute->reals;
    }
    /// `number` is unchanged where there is none left.
    std::string take(std::string_view what, Ratio& number, bool has_default) {
        if (next_ == numbers_.size()) return has_default ? "" : "it does not say the " + std::string{what} + " of ";
        const double value = numbers_[next_++];
        number = Ratio::of(float(value));
        if (number.valid()) return {};
        return "it has " + std::string{what} + ' ' + rondo::detail::short_text(value) + ", which is out of range, for ";
    }

private:
    std::vector<double> numbers_;
    std::size_t next_ = 0;
};

/// Reads the functions of a direction from the names of its activations.
inline std::string onnx_functions_of(std::span<const std::string_view> names, OnnxActivationNumbers& alphas,
                                     OnnxActivationNumbers& betas, std::span<cell::Function* const> to) {
    for (std::size_t k = 0; k < to.size(); ++k) {
        const auto found =
            range::find_if(onnx_functions, [&](const auto& one) { return same_word(one.name, names[k]); });
        const std::string called = "its activation " + quoted(names[k]);
        if (found == std::end(onnx_functions)) return called + " is not one that layers of Rondo have";
        cell::Function& f = *to[k] = found->function;
        std::string problem;
        if (f.has_alpha(f.kind)) problem = alphas.take("activation_alpha", f.alpha, found->has_defaults);
        if (problem.empty() && f.has_beta(f.kind)) problem = betas.take("activation_beta", f.beta, found->has_defaults);
        if (!problem.empty()) return problem + called;
        if (!f.valid())
            return called + " has the activation_alpha " + rondo::detail::short_text(f.alpha.value()) + "; expected " +
                   (f.kind == cell::Function::scaled_tanh ? "another number than 0" : "0 or more");
    }
    return {};
}

/// Reads the attribute clip, unless it has no effect.
inline std::string onnx_clip(const OnnxNode& node, LayerKind kind, cell::Variant& variant) {
    const auto clip = node.find("clip");
    variant.clip = Ratio{40};
    const bool bounded = cell::canonical(kind, variant).clip == Ratio{};
    variant.clip = Ratio{};
    if (!clip || clip->real >= (bounded ? 40 : (std::numeric_limits<float>::max)())) return {};
    variant.clip = Ratio::of(clip->real);
    if (clip->real > 0 && variant.clip.valid()) return {};
    return "its clip is " + rondo::detail::short_text(clip->real) + "; expected a number above 0, below 2^31";
}

/// Reads the kind, the directions and the variant of a layer from a node's attributes.
inline std::string onnx_cell(const OnnxNode& node, LayerFacts& facts) {
    cell::Variant& variant = facts.variant;
    const std::int64_t coupled = node.whole("input_forget", 0);
    if (coupled != 0 && coupled != 1) return "its input_forget is " + std::to_string(coupled);
    variant.coupled = coupled == 1;
    const auto direction = node.find("direction");
    const std::string_view way = direction ? direction->text : "forward";
    if (way != "forward" && way != "reverse" && way != "bidirectional")
        return "its direction is " + quoted(way) + "; expected forward, reverse or bidirectional";
    facts.directions = way == "bidirectional" ? 2 : 1;
    facts.reversed = way == "reverse";

    LayerKind& kind = facts.kind;
    std::vector<cell::Function*> functions{&variant.gate, &variant.candidate, &variant.output};
    if (node.op == "LSTM") kind = LayerKind::LSTM;
    else if (node.op == "RNN") kind = LayerKind::RNN, functions = {&variant.candidate};
    else {
        const std::int64_t after = node.whole("linear_before_reset", 0);
        if (after != 0 && after != 1) return "its linear_before_reset is " + std::to_string(after);
        kind = after == 1 ? LayerKind::GRU : LayerKind::GRUResetBefore;
        functions.pop_back();
    }
    if (const auto told = node.find("activations")) {
        const std::size_t directions = static_cast<std::size_t>(facts.directions), count = functions.size();
        const std::vector<std::string_view> names(told->texts.begin(), told->texts.end());
        if (names.size() != count * directions)
            return "it has " + std::to_string(names.size()) + " activations; expected " +
                   std::to_string(count * directions);
        OnnxActivationNumbers alphas{node.find("activation_alpha")}, betas{node.find("activation_beta")};
        cell::Variant ahead;
        for (std::size_t d = 0; d < directions; ++d) {
            ahead = variant;
            std::string problem =
                onnx_functions_of(std::span{names}.subspan(d * count, count), alphas, betas, functions);
            if (!problem.empty()) return problem;
            if (d == 1 && variant != ahead)
                return "its activations in one direction are not those in the other; expected the same";
        }
    }
    if (kind == LayerKind::RNN && variant.candidate.kind == cell::Function::relu) kind = LayerKind::ReluRNN;
    if (std::string problem = onnx_clip(node, kind, variant); !problem.empty()) return problem;
    variant = cell::canonical(kind, variant);
    return {};
}

} // namespace rondo::io::detail
