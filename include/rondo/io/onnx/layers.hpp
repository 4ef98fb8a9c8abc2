// SPDX-License-Identifier: MIT
#pragma once

#include "affine.hpp"
#include "results.hpp"
#include "walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Each function interprets one node and records its outputs; it returns an error message, empty on success.

/// The output of the layer `id`, of `size` features; they are the last axis of x.
inline OnnxFlow onnx_next(OnnxFlow x, std::uint32_t id, std::size_t size) {
    x.axes[x.rank - 1] = {};
    --x.rank;
    x.add_axis({OnnxFlow::features});
    x.sizes[OnnxFlow::features] = {std::int64_t(size)};
    x.list = {OnnxPart{id}};
    x.settle();
    return x;
}

/// y = W x, the weights read as (in, out) or (out, in) and multiplied by `scale`; y has `bias` if it is not empty.
inline std::string onnx_linear(OnnxWalk& walk, const OnnxNode& node, bool out_first, double scale,
                               const std::vector<double>& bias, const OnnxFlow& x) {
    OnnxTensor tensor;
    if (std::string problem = walk.tensor(node.input(1), tensor); !problem.empty()) return problem;
    const std::size_t in = static_cast<std::size_t>(x.feature_count()), out = tensor.dims[out_first ? 0 : 1];
    constexpr std::size_t most = onnx_most_extent;
    if (tensor.rank != 2 || tensor.dims[out_first ? 1 : 0] != in || out == 0 || out > most || in > most)
        return "its weights have the shape " + tensor.shape() + "; expected " + std::to_string(in) +
               (out_first ? " columns" : " rows");
    if (!bias.empty() && bias.size() != out)
        return "its bias has " + std::to_string(bias.size()) + " numbers; expected " + std::to_string(out);
    std::vector<double> numbers;
    if (std::string problem = walk.numbers(tensor, numbers); !problem.empty()) return problem;
    Array weight{out, in, std::move(numbers)};
    if (!out_first) {
        std::vector<double> turned(weight.values.size());
        for (std::size_t k = 0; k < turned.size(); ++k) turned[k] = weight.values[k % in * out + k / in];
        weight.values = std::move(turned);
    }
    for (double& number : weight.values) number *= scale;
    std::vector<Array> arrays{std::move(weight)};
    if (!bias.empty()) arrays.push_back({out, 1, bias});
    const auto id = walk.append(node, x.list[0].layer, {LayerKind::Linear, int(in), int(out), 1, !bias.empty()}, 1,
                                std::move(arrays));
    return onnx_result(walk, node, onnx_next(x, id, out)), "";
}

/// The elements of a bias, which is a vector or has a single row.
inline std::string onnx_bias(OnnxWalk& walk, std::string_view name, double scale, std::vector<double>& result) {
    OnnxTensor tensor;
    if (std::string problem = walk.tensor(name, tensor); !problem.empty()) return problem;
    if (tensor.size == 0 || (tensor.rank > 0 && tensor.size != tensor.dims[tensor.rank - 1]))
        return "its bias has the shape " + tensor.shape();
    if (std::string problem = walk.numbers(tensor, result); !problem.empty()) return problem;
    for (double& number : result) number *= scale;
    return {};
}

/// The input of a product; an error for a product of tensors of the file, as in the first step of an unrolled cell.
inline std::string onnx_product_input(OnnxWalk& walk, const OnnxNode& node, OnnxFlow& x) {
    if (walk.find_as<OnnxConstant>(node.input(0)) || walk.find_as<OnnxFill>(node.input(0)))
        return onnx_not_data(node.input(0)) + std::string{unrolled};
    return walk.features(node, node.input(0), x);
}

inline std::string onnx_matmul(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = onnx_product_input(walk, node, x); !problem.empty()) return problem;
    return onnx_linear(walk, node, false, 1, {}, x);
}

inline std::string onnx_gemm(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = onnx_product_input(walk, node, x); !problem.empty()) return problem;
    if (x.rank != 2 || node.whole("transA", 0) != 0) return "it multiplies something else than rows of features";
    const auto alpha = node.find("alpha"), beta = node.find("beta");
    std::vector<double> bias;
    if (!node.input(2).empty())
        if (std::string problem = onnx_bias(walk, node.input(2), beta ? beta->real : 1, bias); !problem.empty())
            return problem;
    return onnx_linear(walk, node, node.whole("transB", 0) != 0, alpha ? alpha->real : 1, bias, x);
}

/// Add: numbers, as the bias of a preceding MatMul; or the input of an earlier layer, which is a Skip.
inline std::string onnx_add(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x, earlier;
    for (const std::size_t k : {0u, 1u}) { // tokens, of which negative ones count from the vocabulary's end
        const auto tokens = walk.find_as<OnnxFlow>(node.input(k));
        const auto none = walk.find_as<OnnxFill>(node.input(1 - k));
        if (!tokens || !tokens->tokens) continue;
        if (none && none->condition && none->number == 0) return onnx_result(walk, node, *tokens), "";
        return onnx_given(walk, node, "it adds to tokens"), "";
    }
    const bool first = walk.find_as<OnnxFlow>(node.input(0)).has_value(),
               second = walk.find_as<OnnxFlow>(node.input(1)).has_value();
    if (!first || !second) return onnx_affine(walk, node);
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    if (std::string problem = walk.data(node, node.input(1), earlier); !problem.empty()) return problem;
    if (earlier.list[0].layer > x.list[0].layer) std::swap(x, earlier);
    int span = 0; // layers between the two
    std::uint32_t at = x.list[0].layer;
    for (; at > earlier.list[0].layer; at = walk.layer(at).before) ++span;
    bool alike = at == earlier.list[0].layer && span > 0 && earlier.rank == x.rank && earlier.input == x.input &&
                 !earlier.tokens && earlier.flipped == x.flipped && earlier.feature_count() == x.feature_count() &&
                 earlier.several == x.several;
    for (std::size_t k = 0; alike && k < x.rank; ++k)
        alike = (earlier.axes[k] == x.axes[k] && earlier.extent(earlier.axes[k]) == x.extent(x.axes[k])) ||
                (earlier.is_features(earlier.axes[k]) && x.is_features(x.axes[k]));
    if (!alike) { // W x + U h of a cell's step, if they are of two inputs
        const auto is_linear = [&](const OnnxFlow& flow) {
            const std::uint32_t id = flow.list[0].layer;
            return id > 0 && walk.layer(id).weights.facts.kind == LayerKind::Linear;
        };
        const bool cell = x.input != earlier.input && is_linear(x) && is_linear(earlier);
        return "it adds what no earlier layer was given" + std::string{cell ? unrolled : ""};
    }
    const int size = static_cast<int>(x.feature_count());
    walk.pass(x, walk.append(node, x.list[0].layer, {LayerKind::Skip, size, size, 1, true, span},
                             std::uint8_t(x.list.size())));
    return onnx_result(walk, node, x), "";
}

inline std::string onnx_embedding(OnnxWalk& walk, const OnnxNode& node, OnnxFlow tokens) {
    if (!tokens.tokens || !tokens.is_input() || tokens.cut || tokens.list[0].what != OnnxPart::steps ||
        tokens.rank == OnnxFlow::most_axes)
        return "it looks up what are no tokens of the graph's input";
    OnnxTensor table;
    if (std::string problem = walk.tensor(node.input(0), table); !problem.empty()) return problem;
    constexpr std::size_t most = onnx_most_extent;
    if (table.rank != 2 || table.size == 0 || (std::max)(table.dims[0], table.dims[1]) > most ||
        node.whole("axis", 0) != 0)
        return "its table has the shape " + table.shape() + ", or its axis is not 0";
    std::vector<double> numbers;
    if (std::string problem = walk.numbers(table, numbers); !problem.empty()) return problem;
    const auto id = walk.append(node, 0, {LayerKind::Embedding, int(table.dims[0]), int(table.dims[1])}, 1,
                                {Array{table.dims[0], table.dims[1], std::move(numbers)}});
    tokens.tokens = false;
    tokens.add_axis({});
    return onnx_result(walk, node, onnx_next(tokens, id, table.dims[1])), "";
}

} // namespace rondo::io::detail
