// SPDX-License-Identifier: MIT
#pragma once

#include "onnx_recurrent.hpp"
#include "onnx_walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::inline v0_1::io::detail {

// Each runs one node, whose outputs are then known; returns what is wrong, or nothing.

inline void onnx_result(OnnxWalk& walk, const OnnxNode& node, OnnxValue value) {
    walk.values.emplace(node.outputs[0], std::move(value));
}

/// What a layer of so many features hands on; its last axis is they.
inline OnnxFlow onnx_next(OnnxFlow x, std::size_t after, std::size_t size) {
    x.axes[x.rank - 1] = {};
    --x.rank;
    x.add_axis({OnnxFlow::features});
    x.sizes[OnnxFlow::features] = {std::int64_t(size)};
    x.after = after;
    return x;
}

/// y = W x, the weights read as (in, out) or (out, in) and multiplied by `scale`; y has `bias` if it is not empty.
inline std::string onnx_linear(OnnxWalk& walk, const OnnxNode& node, bool out_first, double scale,
                               const std::vector<double>& bias, const OnnxFlow& x) {
    const auto constant = walk.find_as<OnnxConstant>(node.input(1));
    if (!constant || !constant->whole()) return quoted(node.input(1)) + " is no tensor of the file";
    OnnxTensor tensor;
    if (std::string problem = walk.tensor(constant->tensor, tensor); !problem.empty()) return problem;
    out_first = out_first != constant->transposed;
    const std::size_t in = static_cast<std::size_t>(x.feature_count()), out = tensor.dims[out_first ? 0 : 1];
    constexpr std::size_t most = std::numeric_limits<int>::max();
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
    walk.append(node, {LayerKind::Linear, int(in), int(out), 1, !bias.empty()}, std::move(arrays));
    onnx_result(walk, node, onnx_next(x, walk.layers.size(), out));
    return {};
}

/// The numbers of a bias: a vector, or one of a single row.
inline std::string onnx_bias(OnnxWalk& walk, std::string_view name, double scale, std::vector<double>& result) {
    OnnxTensor tensor;
    if (std::string problem = walk.tensor(name, tensor); !problem.empty()) return problem;
    if (tensor.rank == 0 || tensor.size != tensor.dims[tensor.rank - 1] || tensor.size == 0)
        return "its bias has the shape " + tensor.shape();
    if (std::string problem = walk.numbers(tensor, result); !problem.empty()) return problem;
    for (double& number : result) number *= scale;
    return {};
}

inline std::string onnx_matmul(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.features(node, node.input(0), x); !problem.empty()) return problem;
    return onnx_linear(walk, node, false, 1, {}, x);
}

inline std::string onnx_gemm(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.features(node, node.input(0), x); !problem.empty()) return problem;
    if (x.rank != 2 || node.whole("transA", 0) != 0) return "it multiplies something else than rows of features";
    const auto alpha = node.find("alpha"), beta = node.find("beta");
    std::vector<double> bias;
    if (!node.input(2).empty())
        if (std::string problem = onnx_bias(walk, node.input(2), beta ? beta->real : 1, bias); !problem.empty())
            return problem;
    return onnx_linear(walk, node, node.whole("transB", 0) != 0, alpha ? alpha->real : 1, bias, x);
}

/// The bias of a MatMul before it, or what an earlier layer was given: a Skip.
inline std::string onnx_add(OnnxWalk& walk, const OnnxNode& node) {
    const auto a = walk.find_as<OnnxFlow>(node.input(0)), b = walk.find_as<OnnxFlow>(node.input(1));
    const bool second_later = b && (!a || b->after > a->after);
    OnnxFlow x;
    if (std::string problem = walk.features(node, node.input(second_later ? 1 : 0), x); !problem.empty())
        return problem;
    if (!a || !b) {
        if (walk.layers.empty() || walk.layers.back().facts.kind != LayerKind::Linear || walk.layers.back().facts.bias)
            return "it adds numbers to what is not a MatMul's";
        LayerWeights& linear = walk.layers.back();
        std::vector<double> bias;
        if (std::string problem = onnx_bias(walk, node.input(second_later ? 0 : 1), 1, bias); !problem.empty())
            return problem;
        if (bias.size() != linear.arrays[0].rows)
            return "it adds " + std::to_string(bias.size()) + " numbers to " + std::to_string(linear.arrays[0].rows);
        linear.facts.bias = true;
        linear.arrays.push_back({bias.size(), 1, std::move(bias)});
        onnx_result(walk, node, x);
        return {};
    }
    const OnnxFlow& earlier = second_later ? *a : *b;
    bool alike = earlier.rank == x.rank && earlier.input == x.input && !earlier.tokens && earlier.after < x.after &&
                 earlier.feature_count() == x.feature_count() && earlier.is_features(earlier.axes[x.rank - 1]);
    for (std::size_t k = 0; alike && k + 1 < x.rank; ++k) alike = earlier.axes[k] == x.axes[k];
    if (!alike) return "it adds what no earlier layer was given";
    const int size = static_cast<int>(x.feature_count());
    walk.append(node, {LayerKind::Skip, size, size, 1, true, int(x.after - earlier.after)});
    onnx_result(walk, node, onnx_next(x, walk.layers.size(), std::size_t(size)));
    return {};
}

inline std::string onnx_embedding(OnnxWalk& walk, const OnnxNode& node, OnnxFlow tokens) {
    if (!tokens.tokens || tokens.after != 0 || tokens.rank == OnnxFlow::most_axes)
        return "it looks up what are no tokens of the graph's input";
    if (!walk.layers.empty()) return "it is not the first layer";
    OnnxTensor table;
    if (std::string problem = walk.tensor(node.input(0), table); !problem.empty()) return problem;
    constexpr std::size_t most = std::numeric_limits<int>::max();
    if (table.rank != 2 || table.size == 0 || std::max(table.dims[0], table.dims[1]) > most ||
        node.whole("axis", 0) != 0)
        return "its table has the shape " + table.shape() + ", or its axis is not 0";
    std::vector<double> numbers;
    if (std::string problem = walk.numbers(table, numbers); !problem.empty()) return problem;
    walk.data = tokens.input;
    walk.append(node, {LayerKind::Embedding, int(table.dims[0]), int(table.dims[1])},
                {Array{table.dims[0], table.dims[1], std::move(numbers)}});
    tokens.tokens = false;
    tokens.add_axis({});
    onnx_result(walk, node, onnx_next(tokens, 1, table.dims[1]));
    return {};
}

/// Relu, Tanh, Sigmoid.
inline std::string onnx_activation(OnnxWalk& walk, const OnnxNode& node, LayerKind kind) {
    OnnxFlow x;
    if (std::string problem = walk.tip(node, node.input(0), x); !problem.empty()) return problem;
    if (!x.has(OnnxFlow::features)) return "it does not read features";
    const int size = static_cast<int>(x.feature_count());
    walk.append(node, {kind, size, size});
    x.after = walk.layers.size();
    onnx_result(walk, node, x);
    return {};
}

inline std::string onnx_softmax(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.features(node, node.input(0), x); !problem.empty()) return problem;
    const auto axis = x.axis(node.whole("axis", walk.graph.opset < 13 ? 1 : -1), x.rank);
    if (!axis || *axis + 1 != x.rank) return "its axis is not that of the features";
    const int size = static_cast<int>(x.feature_count());
    walk.append(node, {LayerKind::Softmax, size, size});
    x.after = walk.layers.size();
    onnx_result(walk, node, x);
    return {};
}

/// One step of the data: LastStep or FirstStep.
inline std::string onnx_step(OnnxWalk& walk, const OnnxNode& node, LayerKind kind, OnnxFlow x, std::size_t axis,
                             bool keep_axis) {
    if (kind == LayerKind::LastStep && walk.lengths.value_or(false))
        return "it picks the last of all steps; where sequence_lens is given, Y_h is the last of each sequence";
    if (!walk.time) walk.time = x.axes[axis].atoms[0];
    const int size = static_cast<int>(x.feature_count());
    walk.append(node, {kind, size, size});
    x.axes[axis] = {};
    x.after = walk.layers.size();
    if (!keep_axis)
        if (std::string problem = x.drop(axis); !problem.empty()) return problem;
    onnx_result(walk, node, x);
    return {};
}

} // namespace rondo::io::detail
