// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "extents.hpp"
#include "results.hpp"
#include "shapes.hpp"
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

// Concat, of extents, initial states and parts.

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
                     part->sizes[OnnxFlow::features] == x.sizes[OnnxFlow::features] && !part->has(OnnxFlow::stack) &&
                     part->several == 0 && !part->padded();
        for (std::size_t k = 0; alike && k < x.rank; ++k)
            alike = k == *which || (part->axes[k] == x.axes[k] && part->extent(part->axes[k]) == x.extent(x.axes[k]));
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
            result.dims.size() + part->dims.size() > onnx_most_list)
            return "it puts together other things than extents of a shape";
        result.dims.insert(result.dims.end(), part->dims.begin(), part->dims.end());
    }
    return onnx_result(walk, node, std::move(result)), "";
}

} // namespace rondo::io::detail
