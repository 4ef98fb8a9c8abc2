// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/range.hpp"
#include "assign.hpp"
#include "file.hpp"
#include "layer_weights.hpp"
#include "onnx/check.hpp"
#include "onnx/external.hpp"
#include "onnx/inputs.hpp"
#include "onnx/operators.hpp"
#include "onnx/results.hpp"
#include "onnx/walk.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {

/// Selects the output among those of the graph; returns its name in `result`.
inline std::string onnx_output(const OnnxGraph& graph, std::string_view wanted, std::string_view& result) {
    std::string names;
    for (const Message& output : graph.outputs) {
        OnnxValueInfo info;
        if (std::string problem = read_onnx_value_info(output, info); !problem.empty()) return problem;
        if (names.size() < 200) names += (names.empty() ? "" : ", ") + quoted(info.name);
        if (info.name == wanted || (wanted.empty() && graph.outputs.size() == 1)) return result = info.name, "";
    }
    return "expected one output" + (wanted.empty() ? std::string{} : " " + quoted(wanted)) + ", got " +
           (names.empty() ? "none" : names) + (wanted.empty() && !names.empty() ? "; name one of them" : "");
}

/// Checks that every output of a node has a name of its own, different from those of inputs and initializers. Nodes
/// that are not needed are checked, too.
inline std::string check_onnx_names(const OnnxGraph& graph) {
    std::set<std::string_view> names;
    for (const auto& [name, message] : graph.initializers) names.insert(name);
    for (const Message& input : graph.inputs) {
        OnnxValueInfo info;
        if (std::string problem = read_onnx_value_info(input, info); !problem.empty()) return problem;
        names.insert(info.name);
    }
    for (const Message& message : graph.nodes) {
        OnnxNode node;
        if (std::string problem = read_onnx_node(message, node); !problem.empty()) return problem;
        for (const std::string_view name : node.outputs)
            if (!name.empty() && !names.insert(name).second)
                return node.called() + ": it writes " + quoted(name) + " again";
    }
    return {};
}

/// Marks the nodes that the output depends on. Nodes must be sorted topologically.
inline std::string onnx_needed(const OnnxGraph& graph, std::string_view output, std::vector<bool>& needed) {
    needed.resize(graph.nodes.size());
    std::set<std::string_view> names{output};
    for (std::size_t k = graph.nodes.size(); k-- > 0;) {
        OnnxNode node;
        if (std::string problem = read_onnx_node(graph.nodes[k], node); !problem.empty()) return problem;
        needed[k] = range::any_of(node.outputs, [&](std::string_view name) { return names.contains(name); });
        if (needed[k]) names.insert(node.inputs.begin(), node.inputs.end());
        if (const auto body = needed[k] ? node.find("body") : std::nullopt; body && body->graph) {
            ProtobufReader reader{*body->graph};
            while (reader.next()) {
                OnnxNode inner;
                if (reader.field() != 1) continue;
                if (std::string problem = read_onnx_node(reader.bytes(), inner); !problem.empty()) return problem;
                names.insert(inner.inputs.begin(), inner.inputs.end());
            }
        }
        names.erase(std::string_view{});
    }
    return {};
}

/// Whether a node's result is known even if this input is not: the shape of a repeated number may be unknown.
inline bool onnx_may_be_unknown(const OnnxNode& node, std::size_t input) {
    return node.op == "ConstantOfShape" || (node.op == "Expand" && input == 1);
}

/// Interprets a node, or records why it cannot be read; returns an error if the graph is invalid.
inline std::string walk_onnx_node(OnnxWalk& walk, const OnnxNode& node) {
    const bool may_leave_out = node.op == "RNN" || node.op == "GRU" || node.op == "LSTM"; // Y, for Y_h
    if (node.outputs.empty() || (node.outputs[0].empty() && !may_leave_out))
        return node.called() + ": its first output is left out";
    if (std::string problem = check_onnx_node(walk, node); !problem.empty()) return node.called() + ": " + problem;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
        const auto value = node.inputs[k].empty() ? OnnxValue{} : walk.find(node.inputs[k]);
        if (!value) return node.called() + ": it reads " + quoted(node.inputs[k]) + ", which nothing before it writes";
        const auto* unknown = std::get_if<OnnxUnknown>(&*value);
        if (!unknown || onnx_may_be_unknown(node, k)) continue;
        for (const std::string_view name : node.outputs)
            if (!name.empty()) walk.values.emplace(name, *unknown);
        return {};
    }
    if (std::string problem = run_onnx_node(walk, node); !problem.empty()) onnx_unknown(walk, node, problem);
    return {};
}

/// The layers from the graph's input to x, in order.
inline std::string onnx_chain(OnnxWalk& walk, const OnnxFlow& x, std::vector<LayerWeights>& layers) {
    for (std::uint32_t id = x.list[0].layer; id > 0; id = walk.layer(id).before) {
        OnnxLayer& layer = walk.layers[id - 1];
        if (const std::size_t size = layer.scale.size(); size > 0) { // a Linear of a diagonal matrix
            if (std::string problem = walk.keep(size * size); !problem.empty()) return problem;
            Array weight{size, size, std::vector<double>(size * size)};
            for (std::size_t k = 0; k < size; ++k) weight.values[k * size + k] = layer.scale[k];
            layer.weights.arrays = {std::move(weight), {size, 1, std::move(layer.shift)}};
        }
        layers.push_back(std::move(layer.weights));
    }
    std::reverse(layers.begin(), layers.end());
    return layers.empty() ? "the graph has no layers" : "";
}

/// An error if an axis of an output mixes features with steps or sequences.
inline std::string onnx_mixed(const OnnxFlow& x) {
    auto last = OnnxFlow::first; // of the features of several axes
    for (const OnnxFlow::Axis& any : x.axes) {
        const auto axis = x.wide(any);
        bool steps = false, others = false;
        for (std::size_t k = 0; k < axis.count; ++k) (x.is_outer(axis.atoms[k]) ? steps : others) = true;
        for (std::size_t k = 0; k < axis.count && x.several != 0; ++k) {
            if (x.is_outer(axis.atoms[k])) continue;
            if (axis.atoms[k] < last) return "it transposes the features of a step";
            last = axis.atoms[k];
        }
        if ((steps && others) || (x.several == 0 && others && axis.count > 1 && !x.is_features(axis)))
            return "it mixes the features of a step with steps, sequences or directions along one axis";
    }
    return x.flipped ? "its steps are from the last one to the first" : "";
}

inline std::string walk_onnx(OnnxWalk& walk, const OnnxOptions& options, std::vector<LayerWeights>& layers) {
    std::string_view output;
    std::vector<bool> needed;
    if (std::string problem = onnx_output(walk.graph, options.output, output); !problem.empty()) return problem;
    if (std::string problem = onnx_needed(walk.graph, output, needed); !problem.empty()) return problem;
    if (std::string problem = read_onnx_inputs(walk, options); !problem.empty()) return problem;
    if (std::string problem = check_onnx_names(walk.graph); !problem.empty()) return problem;
    for (std::size_t k = 0; k < needed.size(); ++k) {
        if (!needed[k]) continue;
        OnnxNode node;
        if (std::string problem = read_onnx_node(walk.graph.nodes[k], node); !problem.empty()) return problem;
        if (std::string problem = walk_onnx_node(walk, node); !problem.empty()) return problem;
    }
    walk.valid = true;
    if (const auto unknown = walk.find_as<OnnxUnknown>(output)) return *unknown->problem;
    OnnxNode end;
    end.name = output;
    end.op = "output";
    OnnxFlow result;
    std::string problem = walk.data(end, output, result);
    if (problem.empty()) problem = onnx_mixed(result);
    if (!problem.empty()) return "output " + quoted(output) + ": " + problem;
    return onnx_chain(walk, result, layers);
}

/// Which axes of the graph's inputs may be the features of a step, from the first to before the second one, in the
/// order in which they are tried; nothing: the last axis, or none.
inline std::vector<std::optional<std::pair<std::size_t, std::size_t>>> onnx_interpretations(const OnnxGraph& graph) {
    std::vector<std::optional<std::pair<std::size_t, std::size_t>>> all{std::nullopt};
    std::size_t rank = 0; // of the data
    for (const Message& input : graph.inputs) {
        OnnxValueInfo info;
        if (!read_onnx_value_info(input, info).empty()) return all;
        const auto is_default = [&](const auto& initializer) { return initializer.first == info.name; };
        const bool whole = info.type == OnnxTensor::int32 || info.type == OnnxTensor::int64;
        if (!whole && !range::any_of(graph.initializers, is_default)) rank = (std::max)(rank, info.shape.size());
    }
    if (rank > OnnxFlow::most_axes) return all;
    const auto add = [&](std::size_t begin, std::size_t end) {
        if (std::optional one{std::pair{begin, end}}; range::find(all, one) == all.end()) all.push_back(one);
    };
    if (rank > 2) add(1, 2); // sequences, features, steps
    for (std::size_t begin = rank; begin-- > 0;) add(begin, rank);
    for (std::size_t k = 0; k < rank; ++k) add(k, k + 1);
    if (rank > 0) add(0, 0);
    for (std::size_t begin = rank; begin-- > 0;) // several axes before the last one
        for (std::size_t end = begin + 2; end < rank; ++end) add(begin, end);
    return all;
}

/// path  of the file, or empty
inline ModelWeights read_onnx_model(std::span<const std::byte> file, const OnnxOptions& options,
                                    const std::filesystem::path& path, Error& error) {
    std::string source = path.empty() ? "onnx" : path.string();
    OnnxGraph graph;
    std::string problem = read_onnx_graph(file, graph);
    std::vector<LayerWeights> layers;
    if (!problem.empty()) return error = {Error::Kind::format, source + ": " + problem}, ModelWeights{};
    Error::Kind kind = Error::Kind::format;
    OnnxFiles files{path, options.external, options.limit - (std::min)(options.limit, file.size())};
    std::size_t most = 0; // of the reading that came furthest, whose problem is told
    for (const auto& features_at : onnx_interpretations(graph)) {
        OnnxWalk walk;
        walk.graph = graph;
        walk.features_at = features_at;
        files.restart();
        walk.files = &files;
        walk.allow(file.size() + files.size());
        walk.convert = options.convert;
        std::vector<LayerWeights> all;
        std::string found = walk_onnx(walk, options, all);
        const std::size_t progress = walk.layers.size() + walk.window_inputs + (walk.reads_data ? 1 : 0);
        if (!found.empty() && features_at && progress <= most) continue;
        most = progress;
        problem = std::move(found);
        layers = std::move(all);
        kind = files.kind();
        if (problem.empty() || !walk.valid) break;
    }
    if (!problem.empty()) return error = {kind, source + ": " + problem}, ModelWeights{};
    const auto finite = [](double number) { return std::isfinite(number); };
    for (const LayerWeights& layer : layers) {
        bool all = range::all_of(layer.first, finite);
        for (const Array& array : layer.arrays) all = all && range::all_of(array.values, finite);
        if (!all) {
            error = {Error::Kind::not_finite, source + ": " + layer.name + " has a number that is not finite"};
            return {};
        }
    }
    ModelWeights weights;
    weights.source = std::move(source);
    weights.layers = std::move(layers);
    return weights;
}

} // namespace detail

/// Reads the layers of an ONNX model, from its input to its output: RNN, LSTM and GRU, forward, reverse or
/// bidirectional, with their activations, clip, coupled gates and peepholes (see cell::Variant); Gemm, MatMul and Add
/// (Linear, or a Skip); Gather of tokens (Embedding); Conv over one axis, with a Pad before it (Conv1d); MaxPool and
/// AveragePool over one axis (MaxPool1d, AvgPool1d); BatchNormalization, LayerNormalization, RMSNormalization;
/// activations, PRelu, Softmax; ReduceMean, ReduceMax, GlobalAveragePool, GlobalMaxPool and MaxPool over all steps
/// (MeanPooling, MaxPooling); Flatten of steps and features; Add, Sub, Mul and Div with numbers, as a part of the layer
/// beside them or as a Linear; the last or first step, by Gather, Slice or Y_h (LastStep, FirstStep, FinalStates); Y_c
/// (FinalCellState). The shape operators between them are interpreted: whatever the order of axes in the file, the
/// network's is (T, B, F). `load` copies the result to a Model.
///
/// initial states  constants are returned in `first`; graph inputs are provided by the caller at inference
/// lengths         a graph input sequence_lens becomes the Extent's lengths; a constant is accepted if every sequence
///                 has all steps
/// clip            ignored if it is 40 or above and the activations are Sigmoid and Tanh: it then has no effect
/// tensors         in the file, in external data (see OnnxOptions), folded from such tensors, or provided for graph
///                 inputs
/// Memory  at most 64 times the total size of the file, of its external data and of the inputs provided, counted as
///         float, plus 64 KiB.
/// Errors  file: a file that cannot be read; format: a file that is not an ONNX model, or whose graph is not a chain of
///         such layers, with the name and operator of the node; not_finite: a number that is NaN or infinite. The file
///         is untrusted input.
/// Source  onnx.ai/onnx/operators, onnx/onnx.proto.
inline ModelWeights read_onnx(std::span<const std::byte> file, const OnnxOptions& options, Error& error) noexcept {
    return no_throw(error, [&] { return detail::read_onnx_model(file, options, {}, error); });
}
inline ModelWeights read_onnx(std::span<const std::byte> file, const OnnxOptions& options = {}) {
    return or_fail([&](Error& error) { return read_onnx(file, options, error); });
}
inline ModelWeights read_onnx(const std::filesystem::path& path, const OnnxOptions& options, Error& error) noexcept {
    return no_throw(error, [&] {
        Error problem;
        const Bytes bytes = read_file(path, options.limit, problem);
        if (problem) return error = std::move(problem), ModelWeights{};
        return detail::read_onnx_model({bytes.data(), bytes.size()}, options, path, error);
    });
}
inline ModelWeights read_onnx(const std::filesystem::path& path, const OnnxOptions& options = {}) {
    return or_fail([&](Error& error) { return read_onnx(path, options, error); });
}

} // namespace rondo::io
