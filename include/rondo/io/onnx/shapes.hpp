// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "extents.hpp"
#include "layers.hpp"
#include "select.hpp"
#include "walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Operators that move data, extents and initial states without arithmetic.

/// Records the result of a shape operator. For a graph input, a problem is recorded, and is an error only if a layer
/// reads the result as data: the input may be a state or lengths that the caller provides.
inline std::string onnx_moved(OnnxWalk& walk, const OnnxNode& node, const OnnxFlow& before, OnnxFlow x,
                              const std::string& problem) {
    if (problem.empty()) return onnx_result(walk, node, std::move(x)), "";
    if (!before.is_input()) {
        const auto kind = walk.layer(before.list[0].layer).weights.facts.kind;
        return kind == LayerKind::Linear ? problem + std::string{unrolled} : problem; // W x + b of all steps at once
    }
    return onnx_given(walk, node, problem + std::string{unrolled}), "";
}

/// Transpose, Squeeze, Unsqueeze, Flatten and Reshape of the data.
inline std::string onnx_rearrange(OnnxWalk& walk, const OnnxNode& node) {
    const auto value = walk.find(node.input(0));
    const auto axes = [&] { return walk.wholes(node, "axes", 1); };
    if (value && std::holds_alternative<OnnxGiven>(*value)) return onnx_result(walk, node, *value), "";
    if (value && std::holds_alternative<OnnxFill>(*value))
        return onnx_move_fill(walk, node, std::get<OnnxFill>(*value));
    if (const auto extents = walk.extents(node.input(0)); extents && node.op != "Transpose") {
        // A scalar becomes a list of one element, and vice versa.
        const bool scalar = node.op == "Squeeze";
        if (extents->dims.size() != 1 && node.op != "Reshape") return "it rearranges a shape";
        return onnx_result(walk, node, OnnxExtents{extents->dims, scalar}), "";
    }
    const auto perm = node.find("perm");
    if (walk.find_as<OnnxConstant>(node.input(0))) return "it rearranges a tensor of the file in a way not known";
    const auto before = walk.find_as<OnnxFlow>(node.input(0));
    if (!before) return onnx_not_data(node.input(0));
    OnnxFlow x = *before;
    std::string problem;
    if (node.op == "Transpose") {
        std::vector<std::int64_t> order = perm ? perm->wholes : std::vector<std::int64_t>{};
        for (std::size_t k = x.rank; !perm && k-- > 0;) order.push_back(std::int64_t(k));
        problem = x.transpose(order);
    } else if (node.op == "Reshape") {
        const auto shape = walk.extents(node.input(1));
        problem = shape ? x.reshape(shape->dims, node.whole("allowzero", 0) == 0) : "its shape is not known";
    } else if (node.op == "Flatten") {
        problem = x.flatten(node.whole("axis", 1));
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
    return onnx_moved(walk, node, *before, std::move(x), problem);
}

/// Gather: a lookup of tokens, an element of a shape, some parts, or one step of the data.
inline std::string onnx_gather(OnnxWalk& walk, const OnnxNode& node) {
    if (const auto tokens = walk.find_as<OnnxFlow>(node.input(1))) return onnx_embedding(walk, node, *tokens);
    const auto value = walk.find(node.input(0));
    if (value && std::holds_alternative<OnnxGiven>(*value)) return onnx_result(walk, node, *value), "";
    const auto index = walk.extents(node.input(1));
    if (!index || index->dims.empty() || !range::all_of(index->dims, &OnnxDim::known))
        return "its indices are not known";
    const std::int64_t axis = node.whole("axis", 0);
    if (value && std::holds_alternative<OnnxFill>(*value))
        return onnx_move_fill(walk, node, std::get<OnnxFill>(*value));
    if (const auto shape = walk.extents(node.input(0)); shape && !shape->scalar && axis == 0) {
        OnnxExtents result{.dims = {}, .scalar = index->scalar};
        for (const OnnxDim& dim : index->dims) {
            const auto at = OnnxFlow::axis(dim.times, shape->dims.size());
            if (!at) return "its index is outside a shape of " + std::to_string(shape->dims.size());
            result.dims.push_back(shape->dims[*at]);
        }
        return onnx_result(walk, node, std::move(result)), "";
    }
    const auto before = walk.find_as<OnnxFlow>(node.input(0));
    if (!before) return onnx_not_data(node.input(0));
    OnnxFlow x = *before;
    const auto which = x.axis(axis, x.rank);
    std::string problem = which ? "" : "its input has no axis " + std::to_string(axis);
    if (which && index->dims.size() > 1) {
        std::vector<std::int64_t> places;
        for (const OnnxDim& dim : index->dims) places.push_back(dim.times);
        problem = onnx_select_parts(x, *which, places);
    } else if (which) {
        const std::int64_t at = index->dims[0].times;
        const OnnxRange range{at, at == -1 ? OnnxRange::all : (std::min)(at, OnnxRange::all) + 1};
        problem = onnx_select(x, *which, range, "it picks another step than the first or last");
        if (problem.empty() && index->scalar) problem = x.drop(*which);
    }
    return onnx_moved(walk, node, *before, std::move(x), problem);
}

/// Slice: some extents, some initial states, some parts, all of the data, its first or its last step.
inline std::string onnx_slice(OnnxWalk& walk, const OnnxNode& node) {
    const auto value = walk.find(node.input(0));
    if (value && std::holds_alternative<OnnxGiven>(*value)) return onnx_result(walk, node, *value), "";
    const auto begins = walk.wholes(node, "starts", 1), ends = walk.wholes(node, "ends", 2);
    auto axes = walk.wholes(node, "axes", 3), strides = walk.wholes(node, "steps", 4);
    if (!begins || !ends || begins->size() != ends->size() || (!axes && !node.input(3).empty()) ||
        (!strides && !node.input(4).empty()))
        return "its range is not known";
    if (!axes)
        for (axes.emplace(); axes->size() < begins->size();) axes->push_back(std::int64_t(axes->size()));
    if (!strides) strides.emplace(begins->size(), 1);
    if (axes->size() != begins->size() || strides->size() != begins->size())
        return "it has another number of axes than of ranges";
    const auto range = [&](std::size_t k) { return OnnxRange{(*begins)[k], (*ends)[k], (*strides)[k]}; };
    const bool of_first = axes->size() == 1 && (*axes)[0] == 0 && (*strides)[0] == 1;

    if (value && std::holds_alternative<OnnxFill>(*value))
        return onnx_move_fill(walk, node, std::get<OnnxFill>(*value));
    if (const auto shape = walk.extents(node.input(0)); shape && !shape->scalar && of_first) {
        const auto [begin, count] = range(0).within(shape->dims.size());
        const auto from = shape->dims.begin() + std::ptrdiff_t(begin);
        return onnx_result(walk, node, OnnxExtents{{from, from + std::ptrdiff_t(count)}}), "";
    }
    if (walk.find_as<OnnxConstant>(node.input(0))) return "it takes a part of a tensor of the file in a way not known";
    const auto before = walk.find_as<OnnxFlow>(node.input(0));
    if (!before) return onnx_not_data(node.input(0));
    OnnxFlow x = *before;
    std::string problem;
    for (std::size_t k = 0; k < axes->size() && problem.empty(); ++k) {
        const auto which = x.axis((*axes)[k], x.rank);
        problem = which ? onnx_select(x, *which, range(k)) : "its input has no axis " + std::to_string((*axes)[k]);
    }
    return onnx_moved(walk, node, *before, std::move(x), problem);
}

/// Split: each output is a Slice.
inline std::string onnx_split(OnnxWalk& walk, const OnnxNode& node) {
    const auto value = walk.find(node.input(0));
    const auto before = walk.find_as<OnnxFlow>(node.input(0));
    const bool given = value && std::holds_alternative<OnnxGiven>(*value);
    const auto* fill = value ? std::get_if<OnnxFill>(&*value) : nullptr;
    const std::int64_t axis = node.whole("axis", 0), outputs = std::int64_t(node.outputs.size());
    auto sizes = walk.wholes(node, "split", 1);
    const auto which = OnnxFlow::axis(axis, before ? before->rank : 1);
    if (before && !sizes && which && node.input(1).empty()) { // equal extents, except for the last
        const OnnxDim extent = before->extent(before->axes[*which]);
        const std::int64_t each = extent.known() ? (extent.times + outputs - 1) / outputs : 0;
        for (std::int64_t left = extent.times; each > 0; left -= each) {
            if (!sizes) sizes.emplace();
            sizes->push_back((std::min)(each, left));
            if (left <= each) break;
        }
    }
    if (before && (!which || !sizes || std::int64_t(sizes->size()) != outputs)) return "its parts are not known";
    if (!before && !given && !fill) return onnx_not_data(node.input(0));
    std::int64_t begin = 0;
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        OnnxNode one = node;
        one.outputs = {node.outputs[k]};
        OnnxFlow x = before.value_or(OnnxFlow{});
        std::string problem;
        if (before) {
            problem = onnx_select(x, *which, {begin, begin + (*sizes)[k]});
            begin += (*sizes)[k];
        }
        if (node.outputs[k].empty()) continue;
        if (given) onnx_result(walk, one, OnnxGiven{});
        else if (fill) onnx_result(walk, one, OnnxFill{fill->number, std::nullopt});
        else if (problem = onnx_moved(walk, one, *before, std::move(x), problem); !problem.empty())
            onnx_unknown(walk, one, problem); // the other parts can still be read
    }
    return {};
}

/// Concat of parts: final states, or two directions.
inline std::string onnx_join(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    std::int64_t count = 0;
    bool along_parts = true, along_features = true, given = true, whole = true;
    for (const std::string_view name : node.inputs) {
        const auto value = walk.find(name);
        const auto* part = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
        given = given && value && !std::holds_alternative<OnnxUnknown>(*value) && (!part || part->is_input());
        if (!part) {
            whole = false;
            continue;
        }
        const auto which = OnnxFlow::axis(node.whole("axis", 0), part->rank);
        if (count++ == 0) x = *part;
        bool alike = which && part->rank == x.rank && part->input == x.input && part->time == x.time &&
                     part->lengths == x.lengths && part->flipped == x.flipped && !part->tokens && !part->cut &&
                     part->sizes[OnnxFlow::features] == x.sizes[OnnxFlow::features] && !part->has(OnnxFlow::stack);
        for (std::size_t k = 0; alike && k < x.rank; ++k) alike = k == *which || part->axes[k] == x.axes[k];
        whole = whole && alike;
        if (!whole) continue;
        const auto& axis = part->axes[*which];
        along_parts = along_parts && (axis.is({}) || axis.is({OnnxFlow::parts}));
        along_features = along_features && part->is_features(axis);
        if (count > 1) x.list.insert(x.list.end(), part->list.begin(), part->list.end());
        if (x.list.size() > OnnxFlow::most_parts) return "it joins more than 32 parts";
    }
    if (given) return onnx_given(walk, node, "it joins inputs of the graph"), "";
    if (!whole || (!along_parts && !along_features)) return "it joins other things than parts of what layers give";
    const std::size_t at = *OnnxFlow::axis(node.whole("axis", 0), x.rank);
    x.axes[at] = {};
    if (x.has(OnnxFlow::parts)) { // each input has several parts, along another axis
        x.axes[at].add(OnnxFlow::stack);
        x.sizes[OnnxFlow::stack] = {count};
    } else {
        x.axes[at].add(OnnxFlow::parts);
        x.sizes[OnnxFlow::parts] = {std::int64_t(x.list.size())};
        if (!along_parts) x.axes[at].add(OnnxFlow::features);
    }
    x.settle();
    return onnx_result(walk, node, std::move(x)), "";
}

/// Concat of extents, of tensors whose elements are all equal, or of parts.
inline std::string onnx_concat(OnnxWalk& walk, const OnnxNode& node) {
    constexpr std::size_t most_extents = 8;
    const auto first = walk.find(node.input(0));
    if (first && std::holds_alternative<OnnxFill>(*first)) {
        OnnxFill all = std::get<OnnxFill>(*first);
        bool same = true;
        for (std::size_t k = 1; k < node.inputs.size() && same; ++k) {
            const auto part = walk.find_as<OnnxFill>(node.input(k));
            same = part && part->number == all.number;
            if (same) onnx_extend(all, *part, node.whole("axis", 0));
        }
        if (same) return onnx_result(walk, node, std::move(all)), "";
    }
    const auto is_flow = [&](std::string_view name) {
        const auto value = walk.find(name);
        return value && (std::holds_alternative<OnnxFlow>(*value) || std::holds_alternative<OnnxGiven>(*value));
    };
    if (range::any_of(node.inputs, is_flow)) return onnx_join(walk, node);
    OnnxExtents result;
    for (const std::string_view name : node.inputs) {
        const auto part = walk.extents(name);
        if (!part || part->scalar || node.whole("axis", 0) != 0 ||
            result.dims.size() + part->dims.size() > most_extents)
            return "it puts together other things than extents of a shape";
        result.dims.insert(result.dims.end(), part->dims.begin(), part->dims.end());
    }
    return onnx_result(walk, node, std::move(result)), "";
}

/// ReverseSequence of all steps: the next layer begins at the last step.
inline std::string onnx_reverse(OnnxWalk& walk, const OnnxNode& node) {
    const auto before = walk.find_as<OnnxFlow>(node.input(0));
    if (!before) return onnx_not_data(node.input(0));
    OnnxFlow x = *before;
    const auto steps = x.axis(node.whole("time_axis", 0), x.rank);
    const auto lengths = walk.extents(node.input(1));
    if (!steps) return "its input has no such axis";
    const OnnxDim extent = x.extent(x.axes[*steps]);
    if (!lengths || !range::all_of(lengths->dims, [&](const OnnxDim& dim) { return dim == extent; }))
        return "it reverses some of the steps; expected all of them";
    if (std::string problem = onnx_select(x, *steps, {OnnxRange::all, -OnnxRange::all, -1}); !problem.empty())
        return problem;
    return onnx_result(walk, node, std::move(x)), "";
}

/// Identity, Dropout and Cast, whose output is their input.
inline std::string onnx_same(OnnxWalk& walk, const OnnxNode& node) {
    auto value = walk.find(node.input(0));
    if (!value) return "it reads " + quoted(node.input(0)) + ", which nothing before it writes";
    if (node.op == "Dropout" && !node.input(2).empty()) {
        const auto training = walk.extents(node.input(2));
        if (!training || !range::all_of(training->dims, [](const OnnxDim& dim) { return dim.is(0); }))
            return "its training_mode is not false: it drops numbers";
    }
    if (node.op == "Cast") {
        const std::int64_t to = node.whole("to", 0);
        const auto* flow = std::get_if<OnnxFlow>(&*value);
        const bool to_real = to == OnnxTensor::float32 || to == OnnxTensor::float64 ||
                             (walk.convert && (to == OnnxTensor::float16 || to == OnnxTensor::bfloat16)),
                   to_whole = to == OnnxTensor::int32 || to == OnnxTensor::int64,
                   of_whole = flow ? flow->tokens : walk.extents(node.input(0)).has_value();
        if (const auto* fill = std::get_if<OnnxFill>(&*value); fill && fill->condition && (to_whole || to_real))
            return onnx_result(walk, node, *value), "";
        if (flow && flow->tokens && to_real) { // whole numbers, but no longer tokens
            OnnxFlow real = *flow;
            real.tokens = false;
            return onnx_result(walk, node, std::move(real)), "";
        }
        if (flow || !of_whole ? (of_whole ? !to_whole : !to_real) : !to_whole && !to_real)
            return "it casts to " + onnx_type_name(to);
    }
    return onnx_result(walk, node, *value), "";
}

} // namespace rondo::io::detail
