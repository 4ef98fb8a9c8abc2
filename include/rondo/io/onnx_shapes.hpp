// SPDX-License-Identifier: MIT
#pragma once

#include "onnx_layers.hpp"
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

// The operators that compute nothing, but move the data, or extents and first states beside it.

/// Transpose, Squeeze, Unsqueeze and Reshape of the data; of a matrix of the file, Transpose.
inline std::string onnx_rearrange(OnnxWalk& walk, const OnnxNode& node) {
    const auto value = walk.find(node.input(0));
    const auto axes = [&] { return walk.wholes(node, "axes", 1); };
    if (value && std::holds_alternative<OnnxFill>(*value)) return onnx_result(walk, node, *value), "";
    if (const auto extents = walk.extents(node.input(0)); extents && node.op != "Transpose") {
        // A number becomes a list of one, and the other way round.
        const bool scalar = node.op == "Squeeze";
        if (extents->dims.size() != 1) return "it rearranges a shape";
        return onnx_result(walk, node, OnnxExtents{extents->dims, scalar}), "";
    }
    const auto perm = node.find("perm");
    if (const auto constant = walk.find_as<OnnxConstant>(node.input(0))) {
        OnnxTensor tensor;
        if (std::string problem = walk.tensor(constant->tensor, tensor); !problem.empty()) return problem;
        if (node.op != "Transpose" || tensor.rank != 2 || !constant->whole() ||
            (perm && perm->wholes != std::vector<std::int64_t>{1, 0}))
            return "it rearranges a tensor of the file";
        OnnxConstant turned = *constant;
        turned.transposed = !turned.transposed;
        return onnx_result(walk, node, turned), "";
    }
    OnnxFlow x;
    if (value && std::holds_alternative<OnnxStates>(*value)) {
        const auto& states = std::get<OnnxStates>(*value);
        const auto which = node.op == "Squeeze" ? axes() : std::nullopt;
        if (which && which->size() == 1 && states.form == OnnxStates::stacked && states.entries.size() == 1 &&
            (*which)[0] == walk.last_layout)
            return onnx_result(walk, node, OnnxStates{states.entries, OnnxStates::single, states.memory}), "";
    }
    if (const auto flow = walk.find_as<OnnxFlow>(node.input(0))) x = *flow; // where it is read it must be the data
    else if (std::string problem = walk.tip(node, node.input(0), x); !problem.empty()) return problem;
    std::string problem;
    if (node.op == "Transpose") {
        std::vector<std::int64_t> order = perm ? perm->wholes : std::vector<std::int64_t>{};
        for (std::size_t k = x.rank; !perm && k-- > 0;) order.push_back(std::int64_t(k));
        problem = x.transpose(order);
    } else if (node.op == "Reshape") {
        const auto shape = walk.extents(node.input(1));
        problem = shape ? x.reshape(shape->dims, node.whole("allowzero", 0) == 0) : "its shape is not known";
    } else {
        auto which = axes();
        if (!which && node.op == "Squeeze" && node.input(1).empty()) {
            which.emplace();
            for (std::size_t k = 0; k < x.rank; ++k)
                if (x.extent(x.axes[k]).is(1)) which->push_back(std::int64_t(k));
        }
        if (!which) problem = "its axes are not known";
        else problem = node.op == "Squeeze" ? x.squeeze(*which) : x.unsqueeze(*which);
    }
    if (problem.empty()) onnx_result(walk, node, x);
    return problem;
}

inline std::string onnx_shape(OnnxWalk& walk, const OnnxNode& node) {
    const auto value = walk.find(node.input(0));
    const auto* flow = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
    std::vector<OnnxDim> shape;
    if (flow) {
        shape = flow->shape();
    } else {
        OnnxTensor tensor;
        if (std::string problem = walk.tensor(node.input(0), tensor); !problem.empty()) return problem;
        for (std::size_t k = 0; k < tensor.rank; ++k) shape.push_back({std::int64_t(tensor.dims[k])});
    }
    const auto all = static_cast<std::int64_t>(shape.size());
    const auto clamp = [all](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + all : at, 0, all); };
    const auto begin = clamp(node.whole("start", 0)), end = clamp(node.whole("end", all));
    OnnxExtents result;
    if (begin < end) result.dims.assign(shape.begin() + begin, shape.begin() + end);
    return onnx_result(walk, node, std::move(result)), "";
}

/// Gather: a lookup of tokens, an extent of a shape, a state of several, or one step of the data.
inline std::string onnx_gather(OnnxWalk& walk, const OnnxNode& node) {
    if (const auto tokens = walk.find_as<OnnxFlow>(node.input(1))) return onnx_embedding(walk, node, *tokens);
    const auto index = walk.extents(node.input(1));
    if (!index || !std::ranges::all_of(index->dims, &OnnxDim::known)) return "its indices are not known";
    const std::int64_t axis = node.whole("axis", 0), at = index->scalar ? index->dims[0].times : 0;
    const auto value = walk.find(node.input(0));
    if (value && std::holds_alternative<OnnxFill>(*value)) return onnx_result(walk, node, *value), "";
    if (const auto shape = walk.extents(node.input(0)); shape && !shape->scalar && axis == 0) {
        OnnxExtents result{.dims = {}, .scalar = index->scalar};
        const auto all = static_cast<std::int64_t>(shape->dims.size());
        for (const OnnxDim& dim : index->dims) {
            if (dim.times < -all || dim.times >= all) return "its index is outside a shape of " + std::to_string(all);
            result.dims.push_back(shape->dims[std::size_t(dim.times < 0 ? dim.times + all : dim.times)]);
        }
        return onnx_result(walk, node, std::move(result)), "";
    }
    const auto* states = value ? std::get_if<OnnxStates>(&*value) : nullptr;
    if (states && states->form == OnnxStates::stacked && index->scalar && axis == walk.last_layout) {
        const auto all = static_cast<std::int64_t>(states->entries.size());
        if (at < -all || at >= all) return "its index is outside " + std::to_string(all) + " states";
        const auto entry = states->entries[std::size_t(at < 0 ? at + all : at)];
        return onnx_result(walk, node, OnnxStates{{entry}, OnnxStates::single, states->memory}), "";
    }
    OnnxFlow x;
    if (std::string problem = walk.tip(node, node.input(0), x); !problem.empty()) return problem;
    const auto which = x.axis(axis, x.rank);
    if (!which || index->dims.size() != 1) return "it picks no single place of an axis";
    const OnnxDim extent = x.extent(x.axes[*which]);
    const bool last = index->dims[0].is(-1) || (extent.known() && index->dims[0].is(extent.times - 1));
    if (last && x.has(OnnxFlow::features) && x.axes[*which].count == 1 &&
        (walk.time ? x.axes[*which].is({*walk.time}) : x.axes[*which].atoms[0] <= OnnxFlow::second))
        return onnx_step(walk, node, LayerKind::LastStep, x, *which, !index->scalar);
    if (index->dims[0].is(0) && !extent.is(1) && walk.time && x.axes[*which].is({*walk.time}))
        return onnx_step(walk, node, LayerKind::FirstStep, x, *which, !index->scalar);
    if (!last || !extent.is(1)) return "it picks another step than the first or last";
    if (index->scalar)
        if (std::string problem = x.drop(*which); !problem.empty()) return problem;
    return onnx_result(walk, node, x), "";
}

/// Slice: some extents, some first states, all of the data, its first or its last step.
inline std::string onnx_slice(OnnxWalk& walk, const OnnxNode& node) {
    const auto begins = walk.wholes(node, "starts", 1), ends = walk.wholes(node, "ends", 2);
    auto axes = walk.wholes(node, "axes", 3);
    if (!axes && node.input(3).empty()) axes.emplace(1, 0);
    const auto strides = walk.wholes(node, "steps", 4);
    const bool one = begins && ends && axes && begins->size() == 1 && ends->size() == 1 && axes->size() == 1 &&
                     (!strides || (strides->size() == 1 && (*strides)[0] == 1)) &&
                     (strides || node.input(4).empty());
    if (!one) return "it is not a slice of one axis, known beforehand";
    const auto bounded = [](std::int64_t at, std::size_t size) {
        const auto all = static_cast<std::int64_t>(size);
        return static_cast<std::size_t>(std::clamp<std::int64_t>(at < 0 ? std::max(at, -all) + all : at, 0, all));
    };
    const std::int64_t axis = (*axes)[0], from = (*begins)[0], to = (*ends)[0];

    const auto value = walk.find(node.input(0));
    if (value && std::holds_alternative<OnnxFill>(*value)) return onnx_result(walk, node, *value), "";
    if (const auto shape = walk.extents(node.input(0)); shape && !shape->scalar && axis == 0) {
        const std::size_t begin = bounded(from, shape->dims.size()), end = bounded(to, shape->dims.size());
        OnnxExtents result;
        for (std::size_t k = begin; k < end; ++k) result.dims.push_back(shape->dims[k]);
        return onnx_result(walk, node, std::move(result)), "";
    }
    const auto* states = value ? std::get_if<OnnxStates>(&*value) : nullptr;
    if (states && states->form == OnnxStates::stacked && axis == walk.last_layout) {
        OnnxStates result{.entries = {}, .memory = states->memory};
        const std::size_t end = bounded(to, states->entries.size());
        for (std::size_t k = bounded(from, states->entries.size()); k < end; ++k)
            result.entries.push_back(states->entries[k]);
        return onnx_result(walk, node, std::move(result)), "";
    }
    if (const auto constant = walk.find_as<OnnxConstant>(node.input(0))) {
        OnnxTensor tensor;
        if (std::string problem = walk.tensor(constant->tensor, tensor); !problem.empty()) return problem;
        if (!constant->whole() || constant->transposed || tensor.rank == 0 || axis != 0)
            return "it takes a part of a tensor of the file";
        const std::size_t begin = bounded(from, tensor.dims[0]), end = bounded(to, tensor.dims[0]);
        return onnx_result(walk, node, OnnxConstant{constant->tensor, begin, end}), "";
    }
    const auto flow = walk.find_as<OnnxFlow>(node.input(0));
    if (flow && flow->after == 0 && walk.data && walk.data != flow->input) // a part of the states that a caller gives
        return onnx_result(walk, node, OnnxGiven{}), "";
    OnnxFlow x;
    if (std::string problem = walk.tip(node, node.input(0), x); !problem.empty()) return problem;
    const auto which = x.axis(axis, x.rank);
    if (!which) return "its input has no axis " + std::to_string(axis);
    const OnnxDim extent = x.extent(x.axes[*which]);
    const bool to_the_end = to >= std::numeric_limits<std::int32_t>::max() || (extent.known() && to >= extent.times);
    if (to_the_end && from == 0) return onnx_result(walk, node, x), "";
    const bool last = to_the_end && (from == -1 || (extent.known() && from == extent.times - 1));
    if (last && x.has(OnnxFlow::features) && x.axes[*which].count == 1 &&
        (walk.time ? x.axes[*which].is({*walk.time}) : x.axes[*which].atoms[0] <= OnnxFlow::second))
        return onnx_step(walk, node, LayerKind::LastStep, x, *which, true);
    if (from == 0 && to == 1 && walk.time && x.axes[*which].is({*walk.time}))
        return onnx_step(walk, node, LayerKind::FirstStep, x, *which, true);
    return "it takes a part of the data that is not its first or last step";
}

/// Concat: of extents, or of states.
inline std::string onnx_concat(OnnxWalk& walk, const OnnxNode& node) {
    const std::int64_t axis = node.whole("axis", 0);
    constexpr std::size_t most_extents = 8, most_states = 64;
    if (const auto states = walk.find_as<OnnxStates>(node.input(0))) {
        OnnxStates result{.entries = {}, .form = states->form, .memory = states->memory};
        for (const std::string_view name : node.inputs) {
            const auto part = walk.find_as<OnnxStates>(name);
            if (!part || part->form != states->form || part->memory != states->memory ||
                result.entries.size() + part->entries.size() > most_states)
                return "it puts together other things than states";
            result.entries.insert(result.entries.end(), part->entries.begin(), part->entries.end());
        }
        const bool of_stack = states->form == OnnxStates::stacked && axis == walk.last_layout;
        if (!of_stack && !(states->form == OnnxStates::single && (axis == 1 || axis == -1)))
            return "it puts states together along another axis than theirs";
        if (!of_stack) result.form = OnnxStates::joined;
        return onnx_result(walk, node, std::move(result)), "";
    }
    OnnxExtents result;
    for (const std::string_view name : node.inputs) {
        const auto part = walk.extents(name);
        if (!part || part->scalar || axis != 0 || result.dims.size() + part->dims.size() > most_extents)
            return "it puts together other things than extents of a shape";
        result.dims.insert(result.dims.end(), part->dims.begin(), part->dims.end());
    }
    return onnx_result(walk, node, std::move(result)), "";
}

/// Mul of extents.
inline std::string onnx_mul(OnnxWalk& walk, const OnnxNode& node) {
    const auto a = walk.extents(node.input(0)), b = walk.extents(node.input(1));
    const auto product = a && b && a->dims.size() == 1 && b->dims.size() == 1
                             ? OnnxDim::product(a->dims[0], b->dims[0]) : std::nullopt;
    if (!product) return "it multiplies other things than two extents";
    return onnx_result(walk, node, OnnxExtents{{*product}, a->scalar && b->scalar}), "";
}

/// Constant, ConstantOfShape and Expand.
inline std::string onnx_constant(OnnxWalk& walk, const OnnxNode& node) {
    if (node.op == "Expand") {
        const auto value = walk.find(node.input(0));
        const auto* constant = value ? std::get_if<OnnxConstant>(&*value) : nullptr;
        if (value && std::holds_alternative<OnnxFill>(*value)) return onnx_result(walk, node, *value), "";
        if (!constant) return "it expands what is no tensor of the file";
        OnnxTensor tensor;
        if (std::string problem = walk.tensor(constant->tensor, tensor); !problem.empty()) return problem;
        if (tensor.size != 1 || !tensor.real()) return onnx_result(walk, node, *value), "";
        return onnx_result(walk, node, OnnxFill{onnx_numbers<double>(tensor)[0]}), "";
    }
    if (node.op == "ConstantOfShape") {
        const auto value = node.find("value");
        OnnxTensor tensor;
        if (!value) return onnx_result(walk, node, OnnxFill{}), "";
        if (std::string problem = walk.tensor(value->tensor.value_or(Message{}), tensor); !problem.empty())
            return problem;
        if (tensor.size != 1 || !tensor.real()) return "it fills with no FLOAT or DOUBLE";
        return onnx_result(walk, node, OnnxFill{onnx_numbers<double>(tensor)[0]}), "";
    }
    if (const auto value = node.find("value"); value && value->tensor)
        return onnx_result(walk, node, OnnxConstant{*value->tensor}), "";
    if (const auto value = node.find("value_int"))
        return onnx_result(walk, node, OnnxExtents{{OnnxDim{value->whole}}, true}), "";
    if (const auto value = node.find("value_float")) return onnx_result(walk, node, OnnxFill{value->real}), "";
    const auto value = node.find("value_ints");
    if (!value || value->wholes.size() > 8) return "its value is no tensor, no number and no short list";
    OnnxExtents result;
    for (const std::int64_t number : value->wholes) result.dims.push_back({number});
    return onnx_result(walk, node, std::move(result)), "";
}

/// Identity, Dropout and Cast: what they give is what they read.
inline std::string onnx_same(OnnxWalk& walk, const OnnxNode& node) {
    auto value = walk.find(node.input(0));
    if (!value) return "it reads " + quoted(node.input(0)) + ", which nothing before it writes";
    if (node.op == "Cast") {
        const std::int64_t to = node.whole("to", 0);
        const auto* flow = std::get_if<OnnxFlow>(&*value);
        const bool to_real = to == OnnxTensor::float32 || to == OnnxTensor::float64,
                   to_whole = to == OnnxTensor::int32 || to == OnnxTensor::int64,
                   of_whole = flow ? flow->tokens : walk.extents(node.input(0)).has_value();
        if (of_whole ? !to_whole : !to_real) return "it casts to " + onnx_type_name(int(to));
    }
    return onnx_result(walk, node, *value), "";
}

} // namespace rondo::io::detail
