// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "extents.hpp"
#include "layers.hpp"
#include "results.hpp"
#include "select.hpp"
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

// Operators that take elements, steps or parts out of a value.

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

} // namespace rondo::io::detail
