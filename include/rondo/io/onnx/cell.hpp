// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/number_text.hpp"
#include "../../core/range.hpp"
#include "../layer_weights.hpp"
#include "graph.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The index of each of PyTorch's gates in ONNX's order: i, f, g, o in i, o, f, c; r, z, n in z, r, h.
inline std::span<const std::size_t> onnx_gates(LayerKind kind) {
    static constexpr std::size_t lstm[]{0, 2, 3, 1}, gru[]{1, 0, 2}, rnn[]{0};
    if (kind == LayerKind::LSTM) return lstm;
    return gates_of(kind) == 3 ? std::span<const std::size_t>{gru} : std::span<const std::size_t>{rnn};
}

/// The rows of one direction, with the gates in PyTorch's order.
inline Array gates_from_onnx(std::span<const double> rows, LayerKind kind, std::size_t hidden, std::size_t columns) {
    Array result{rows.size() / columns, columns, {}};
    for (const std::size_t block : onnx_gates(kind)) {
        const auto part = rows.subspan(block * hidden * columns, hidden * columns);
        result.values.insert(result.values.end(), part.begin(), part.end());
    }
    return result;
}

inline bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; };
    return range::equal(a, b, {}, lower, lower);
}

/// The attribute clip limits pre-activations to [-clip, clip]. Beyond 40, sigmoid and tanh change by less than 5e-18,
/// so a larger clip has no effect.
inline std::string onnx_clip(const OnnxNode& node, LayerKind kind) {
    const auto clip = node.find("clip");
    const float least = kind == LayerKind::ReluRNN ? (std::numeric_limits<float>::max)() : 40;
    if (!clip || clip->real >= least) return {};
    return "it clips what enters its activations, at " + rondo::detail::short_text(clip->real) + "; expected no clip" +
           (kind == LayerKind::ReluRNN ? "" : ", or one of 40 and above, which changes nothing");
}

/// Reads the kind and the directions of a layer from a node's attributes.
inline std::string onnx_cell(const OnnxNode& node, LayerFacts& facts) {
    if (node.whole("input_forget", 0) != 0)
        return "it couples its input and forget gates, which no layer of Rondo does";
    const auto direction = node.find("direction");
    const std::string_view way = direction ? direction->text : "forward";
    if (way != "forward" && way != "reverse" && way != "bidirectional")
        return "its direction is " + quoted(way) + "; expected forward, reverse or bidirectional";
    facts.directions = way == "bidirectional" ? 2 : 1;
    facts.reversed = way == "reverse";

    LayerKind& kind = facts.kind;
    const auto directions = static_cast<std::size_t>(facts.directions);
    std::vector<std::string_view> expected{"Tanh"};
    if (node.op == "LSTM") kind = LayerKind::LSTM, expected = {"Sigmoid", "Tanh", "Tanh"};
    else if (node.op == "RNN") kind = LayerKind::RNN;
    else {
        const std::int64_t after = node.whole("linear_before_reset", 0);
        if (after != 0 && after != 1) return "its linear_before_reset is " + std::to_string(after);
        kind = after == 1 ? LayerKind::GRU : LayerKind::GRUResetBefore, expected = {"Sigmoid", "Tanh"};
    }
    const auto told = node.find("activations");
    if (!told) return onnx_clip(node, kind);
    const auto& names = told->texts;
    if (node.op == "RNN" && !names.empty() && same_word(names[0], "Relu"))
        kind = LayerKind::ReluRNN, expected = {"Relu"};
    if (names.size() != expected.size() * directions)
        return "it has " + std::to_string(names.size()) + " activations; expected " +
               std::to_string(expected.size() * directions);
    for (std::size_t k = 0; k < names.size(); ++k)
        if (const auto wanted = expected[k % expected.size()]; !same_word(names[k], wanted))
            return "its activation " + std::to_string(k) + " is " + quoted(names[k]) + "; Rondo's is " +
                   std::string{wanted};
    return onnx_clip(node, kind);
}

} // namespace rondo::io::detail
