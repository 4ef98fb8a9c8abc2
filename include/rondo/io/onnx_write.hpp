// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/range.hpp"
#include "../model/fwd.hpp"
#include "../model/layer_facts.hpp"
#include "file.hpp"
#include "onnx/graph_write.hpp"
#include "onnx/layers_write.hpp"
#include "onnx/recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {

/// Writes a recurrent layer: its Y, transposed to (T, B, features), or the final state that `final` names, Y_h or Y_c.
template <class S>
void write_onnx_recurrent(OnnxGraphWriter& graph, const NetworkLayer& layer, std::span<const ParameterSpec> tensors,
                          const S* values, const std::string& name, std::string_view x, std::string_view y,
                          std::string_view final) {
    const LayerKind kind = layer.facts.kind;
    const std::size_t hidden = std::size_t(layer.facts.output), in = std::size_t(layer.facts.input),
                      directions = std::size_t(layer.facts.directions), gates = std::size_t(gates_of(kind)),
                      rows = gates * hidden, count = layer.count / directions;
    const cell::Variant& variant = layer.facts.variant;
    std::vector<S> w, r, b, p;
    const auto append = [&](std::vector<S>& to, const ParameterSpec& tensor, std::size_t blocks,
                            std::span<const std::size_t> order) {
        const std::size_t block = hidden * std::size_t(tensor.columns), begin = to.size();
        to.resize(begin + blocks * block); // the forget gate of coupled gates gets zeros
        for (std::size_t gate = 0; gate < order.size(); ++gate)
            std::copy_n(values + tensor.offset + gate * block, block,
                        to.begin() + std::ptrdiff_t(begin + order[gate] * block));
    };
    for (std::size_t d = 0; d < directions; ++d) {
        const auto own = tensors.subspan(layer.tensor + d * count, count);
        append(w, own[0], gates, onnx_gates(layer.facts));
        append(r, own[1], gates, onnx_gates(layer.facts));
        for (std::size_t k = 2; k < 4 && layer.facts.bias; ++k) append(b, own[k], gates, onnx_gates(layer.facts));
        if (variant.peepholes) append(p, own.back(), 3, onnx_peepholes(layer.facts));
    }
    const std::string w_name = graph.tensor<S>(name + ".W", {directions, rows, in}, w),
                      r_name = graph.tensor<S>(name + ".R", {directions, rows, hidden}, r),
                      b_name = layer.facts.bias ? graph.tensor<S>(name + ".B", {directions, 2 * rows}, b) : "",
                      y_name = name + ".Y", h_name = name + ".Y_h", c_name = name + ".Y_c", turned = name + ".turned",
                      with_steps = name + ".with_steps";
    const bool gru = kind == LayerKind::GRU || kind == LayerKind::GRUResetBefore;
    const std::string_view op = gru ? "GRU" : kind == LayerKind::LSTM ? "LSTM" : "RNN";
    std::vector<ProtobufWriter> attributes{OnnxGraphWriter::attribute("hidden_size", std::int64_t(hidden)),
                                           OnnxGraphWriter::attribute("direction", directions == 2 ? "bidirectional"
                                                                                   : layer.facts.reversed ? "reverse"
                                                                                                          : "forward")};
    if (gru)
        attributes.push_back(OnnxGraphWriter::attribute("linear_before_reset", std::int64_t(kind == LayerKind::GRU)));
    const auto functions = layer.facts.functions();
    const auto own = std::span{functions}.subspan(op == "RNN" ? 1 : 0, op == "RNN" ? 1 : gru ? 2 : 3);
    if (kind == LayerKind::ReluRNN || !range::equal(functions, LayerFacts{}.functions())) {
        std::vector<std::string_view> names;
        std::vector<float> alphas, betas;
        for (std::size_t d = 0; d < directions; ++d)
            for (const cell::Function& f : own) {
                names.push_back(
                    range::find(onnx_functions, f.kind, [](const auto& one) { return one.function.kind; })->name);
                if (f.has_alpha(f.kind)) alphas.push_back(float(f.alpha.value()));
                if (f.has_beta(f.kind)) betas.push_back(float(f.beta.value()));
            }
        attributes.push_back(OnnxGraphWriter::attribute("activations", std::span<const std::string_view>{names}));
        if (!alphas.empty()) attributes.push_back(OnnxGraphWriter::attribute("activation_alpha", alphas));
        if (!betas.empty()) attributes.push_back(OnnxGraphWriter::attribute("activation_beta", betas));
    }
    if (variant.coupled) attributes.push_back(OnnxGraphWriter::attribute("input_forget", std::int64_t(1)));
    if (variant.clip.numerator > 0)
        attributes.push_back(ProtobufWriter{}.text(1, "clip").real(2, float(variant.clip.value())).whole(20, 1));
    std::vector<std::string_view> inputs{x, w_name, r_name, b_name};
    const std::string p_name = variant.peepholes ? graph.tensor<S>(name + ".P", {directions, 3 * hidden}, p) : "";
    if (variant.peepholes) inputs.insert(inputs.end(), {"", "", "", p_name});
    if (final == "Y_c") graph.node(op, inputs, {y_name, h_name, c_name}, attributes);
    else graph.node(op, inputs, {y_name, h_name}, attributes);
    const std::string_view states = final == "Y_c" ? c_name : h_name;
    if (directions == 1 && !final.empty()) return graph.node("Identity", {states}, {y});
    if (directions == 1) return graph.node("Squeeze", {y_name, graph.wholes(name + ".axis", {1})}, {y});
    static constexpr std::int64_t of_y[]{0, 2, 1, 3}, of_h[]{1, 0, 2};
    const auto perm = OnnxGraphWriter::attribute("perm", final.empty() ? std::span<const std::int64_t>{of_y} : of_h);
    graph.node("Transpose", {final.empty() ? y_name : states}, {turned}, {perm});
    if (!final.empty()) graph.node("Unsqueeze", {turned, graph.wholes(name + ".axis", {0})}, {with_steps});
    graph.node("Reshape", {final.empty() ? turned : with_steps, graph.wholes(name + ".shape", {0, 0, -1})}, {y});
}

/// BatchNormalization, whose features are the second axis.
template <class S>
void write_onnx_batch_norm(OnnxGraphWriter& graph, const NetworkLayer& layer, std::span<const ParameterSpec> tensors,
                           const S* values, const std::string& name, std::string_view x, std::string_view y) {
    const std::size_t size = std::size_t(layer.facts.output);
    std::vector<std::string> names;
    for (std::size_t k = 0; k < 2 && !layer.facts.affine; ++k)
        names.push_back(
            graph.tensor<S>(name + (k == 0 ? ".weight" : ".bias"), {size}, std::vector<S>(size, S(k == 0))));
    for (std::size_t k = 0; k + 1 < layer.count; ++k) { // without the count
        const ParameterSpec& t = tensors[layer.tensor + k];
        const char* const own[]{".weight", ".bias", ".running_mean", ".running_var"};
        names.push_back(graph.tensor<S>(name + own[names.size()], {size}, std::span{values + t.offset, size}));
    }
    constexpr std::int64_t turn[]{0, 2, 1};
    const auto perm = OnnxGraphWriter::attribute("perm", std::span<const std::int64_t>{turn});
    const std::string turned = name + ".turned", normalized = name + ".normalized";
    const auto eps = ProtobufWriter{}.text(1, "epsilon").real(2, float(layer.facts.options[0].value())).whole(20, 1);
    graph.node("Transpose", {x}, {turned}, {perm});
    graph.node("BatchNormalization", {turned, names[0], names[1], names[2], names[3]}, {normalized}, {eps});
    graph.node("Transpose", {normalized}, {y}, {perm});
}

/// The bytes of a model, whose layers run one after the other.
template <class S>
ProtobufWriter onnx_model(std::span<const NetworkLayer> layers, std::span<const ParameterSpec> tensors, const S* values,
                          std::string& problem) {
    OnnxGraphWriter graph;
    std::vector<std::string> names{"input"}; // of each layer's input
    std::vector<int> sizes{layers.empty() ? 0 : layers[0].facts.input};
    const bool tokens = !layers.empty() && layers[0].facts.kind == LayerKind::Embedding;
    std::string_view final;           // the output of a recurrent layer that the next one selects
    std::string_view steps = "steps"; // of the output
    std::int64_t opset = 17;
    for (const NetworkLayer& layer : layers) opset = (std::max)(opset, onnx_opset_of(layer.facts));
    const auto can_add = [&](std::size_t k, const LayerFacts& facts) {
        const std::size_t from = k - std::size_t(facts.span);
        return std::size_t(facts.span) <= k && sizes[from] == facts.output && !names[from].empty() &&
               !(tokens && from == 0);
    };
    for (std::size_t k = 0; k < layers.size(); ++k) {
        const LayerFacts& facts = layers[k].facts;
        const LayerKind kind = facts.kind;
        const std::string name{layers[k].name.size > 0 ? layers[k].name.view() : name_of(kind)},
            called = name + (kind == LayerKind::Skip             ? ".sum"
                             : kind == LayerKind::FinalCellState ? ".c"
                                                                 : ""),
            x = names.back(), y = k + 1 == layers.size() ? "output" : called + ".y";
        const ParameterSpec* own = tensors.data() + layers[k].tensor;
        const auto part = [&](const ParameterSpec& t) { return std::span{values + t.offset, t.size()}; };
        int size = facts.output;
        if (facts.projection > 0) {
            problem = name + ": " + describe(facts) +
                      " cannot be written as ONNX, whose operator LSTM has no projection; safetensors hold it";
            return {};
        }
        if (is_recurrent(kind)) {
            const LayerKind next = k + 1 < layers.size() ? layers[k + 1].facts.kind : LayerKind::other;
            final = facts.directions == 2 && next == LayerKind::FinalStates ? "Y_h" : "";
            if (next == LayerKind::FinalCellState) final = "Y_c";
            write_onnx_recurrent(graph, layers[k], tensors, values, name, x, y, final);
            size *= facts.directions;
        } else if (kind == LayerKind::Linear) {
            const std::size_t in = std::size_t(facts.input), out = std::size_t(facts.output);
            std::vector<S> turned(in * out);
            for (std::size_t n = 0; n < turned.size(); ++n) turned[n] = values[own[0].offset + n % out * in + n / out];
            const std::string weight = graph.tensor<S>(name + ".weight", {in, out}, turned);
            if (!facts.bias) {
                graph.node("MatMul", {x, weight}, {y});
            } else {
                const std::string product = name + ".product",
                                  bias = graph.tensor<S>(name + ".bias", {out}, part(own[1]));
                graph.node("MatMul", {x, weight}, {product});
                graph.node("Add", {product, bias}, {y});
            }
        } else if (kind == LayerKind::BatchNorm1d) {
            write_onnx_batch_norm(graph, layers[k], tensors, values, name, x, y);
        } else if (kind == LayerKind::Embedding && k == 0) {
            const std::size_t rows = std::size_t(facts.input), columns = std::size_t(facts.output);
            graph.node("Gather", {graph.tensor<S>(name + ".weight", {rows, columns}, part(own[0])), x}, {y});
        } else if (kind == LayerKind::LastStep || kind == LayerKind::FirstStep) {
            const bool first = kind == LayerKind::FirstStep;
            graph.node("Slice",
                       {x, graph.wholes(name + ".begin", {first ? 0 : -1}),
                        graph.wholes(name + ".end", {first ? 1 : (std::numeric_limits<std::int64_t>::max)()}),
                        graph.wholes(name + ".axis", {0})},
                       {y});
        } else if ((kind == LayerKind::FinalStates && final == "Y_h") || kind == LayerKind::FinalCellState) {
            graph.node("Identity", {x}, {y}); // the previous layer has output its final states
            names.back().clear();             // instead of its steps, which a Skip can no longer add
        } else if (kind == LayerKind::Skip && can_add(k, facts)) {
            graph.node("Add", {x, names[k - std::size_t(facts.span)]}, {y});
        } else if (!write_onnx_layer(graph, facts, {own, layers[k].count}, values, name, x, y, opset)) {
            problem = name + ": " + describe(facts) + " cannot be written here as ONNX";
            return {};
        }
        if (is_over_steps(kind) || kind == LayerKind::Flatten) steps = "";
        else if (reads_windows(kind) && !steps.empty() && !facts.plan.keeps_length()) steps = "output_steps";
        names.push_back(y);
        sizes.push_back(size);
    }
    if (layers.empty()) problem = "the network has no layers";
    constexpr int type = std::is_same_v<S, float> ? OnnxTensor::float32 : OnnxTensor::float64;
    const auto input = OnnxGraphWriter::value("input", tokens ? int(OnnxTensor::int64) : type, "steps",
                                              tokens ? 0 : sizes[0], onnx_steps_of(layers));
    return graph.model(input, OnnxGraphWriter::value("output", type, steps, sizes.back()), opset);
}

} // namespace detail

/// Writes a model as ONNX, opset 17, for any number of steps and sequences, with an atomic rename; GELU needs opset 20,
/// RMSNorm 23. The network must be layers in order (see network_layers): recurrent layers, Linear, Embedding as the
/// first, Conv1d, MaxPool1d, AvgPool1d (with dilation opset 19), activations, Softmax, LogSoftmax, PReLU, LayerNorm,
/// RMSNorm, BatchNorm1d, MeanPooling, MaxPooling, Flatten, which fixes the number of steps, LastStep, FirstStep,
/// FinalStates directly after a bidirectional layer, FinalCellState, Residual. Dropout is omitted.
/// An LSTM with a projection cannot be written: ONNX's operator has none. Nor can an AvgPool1d whose dilation lets its
/// padding be as long as its kernel, unless it counts the padding: ONNX Runtime refuses such pads.
///
/// Shapes  input (T, B, In), or tokens, INT64 (T, B) -> output (T, B, Out); T is 1 after pooling, LastStep, FirstStep,
///         FinalStates and FinalCellState.
/// Errors  argument: a layer that cannot be written, by name; not_finite: a number that is NaN or infinite; file: the
///         path and the system's reason. An existing file is unchanged then.
/// Source  onnx.ai/onnx/operators, onnx/onnx.proto.
template <class Net, Backend B>
void write_onnx(const Model<Net, B>& model, const std::filesystem::path& path, Error& error) noexcept {
    no_throw(error, [&] {
        std::string problem;
        const auto values = model.values();
        const auto file = detail::onnx_model(network_layers<Net>, Net::tensors, values.data(), problem);
        if (!problem.empty()) error = {Error::Kind::argument, path.string() + ": " + problem};
        else if (!range::all_of(values, [](auto number) { return std::isfinite(number); }))
            error = {Error::Kind::not_finite, path.string() + ": a number of the model is not finite"};
        else write_file(path, file.bytes(), error);
    });
}
template <class Net, Backend B>
void write_onnx(const Model<Net, B>& model, const std::filesystem::path& path) {
    or_fail([&](Error& error) { write_onnx(model, path, error); });
}

} // namespace rondo::io
