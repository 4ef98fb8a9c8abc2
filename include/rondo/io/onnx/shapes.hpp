// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "extents.hpp"
#include "results.hpp"
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
    if (before.padded()) return problem; // no input of the caller's
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
