// SPDX-License-Identifier: MIT
#pragma once

#include "results.hpp"
#include "walk.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The axis of steps of a window operator, whose input has sequences, features and one or more axes that it moves over:
/// the only one along which its window is not a single step.
///
/// place  its index among the axes that the window moves over
struct OnnxWindow {
    ConvolutionPlan plan{};
    std::size_t axis = 2, place = 0;
    OnnxFlow::Atom time = OnnxFlow::first;
};

/// Reads the window from a node's attributes and from the extents of its kernel.
inline std::string onnx_window(OnnxWalk& walk, const OnnxNode& node, const OnnxFlow& x,
                               const std::vector<std::int64_t>& kernel, OnnxWindow& window) {
    if (x.tokens) return "it does not read features";
    if (x.rank < 3)
        return "its input has " + std::to_string(x.rank) + " axes; expected 3: sequences, features and steps";
    if (!x.is_features(x.axes[1])) return "its second axis is not that of the features";
    ++walk.window_inputs;
    const std::size_t count = x.rank - 2;
    if (kernel.size() != count)
        return "its kernel has " + std::to_string(kernel.size()) + " axes; expected " + std::to_string(count);
    std::string wrong;
    const auto wholes = [&](const char* name, std::size_t size, std::int64_t otherwise) {
        const auto found = node.find(name);
        if (found && found->wholes.size() != size)
            wrong = "its " + std::string{name} + " have " + std::to_string(found->wholes.size()) +
                    " numbers; expected " + std::to_string(size);
        return found && wrong.empty() ? found->wholes : std::vector<std::int64_t>(size, otherwise);
    };
    const auto strides = wholes("strides", count, 1), dilations = wholes("dilations", count, 1);
    auto pads = wholes("pads", 2 * count, 0);
    if (!wrong.empty()) return wrong;
    const auto automatic = node.find("auto_pad");
    const std::string_view how = automatic ? automatic->text : "NOTSET";
    if (how != "NOTSET" && how != "VALID" && how != "SAME_UPPER" && how != "SAME_LOWER")
        return "its auto_pad is " + quoted(how);
    if (how != "NOTSET") pads.assign(2 * count, 0);
    std::optional<std::size_t> place;
    for (std::size_t k = 0; k < count; ++k) {
        constexpr std::int64_t most = 1 << 24;
        for (const std::int64_t number : {kernel[k], strides[k], dilations[k]})
            if (number < 1 || number > most) return "its kernel, strides or dilations have " + std::to_string(number);
        for (const std::int64_t number : {pads[k], pads[count + k]})
            if (number < 0 || number > most) return "its pads have " + std::to_string(number);
        if (kernel[k] > most / dilations[k]) return "its kernel reads too many steps";
        if (kernel[k] == 1 && strides[k] == 1 && pads[k] == 0 && pads[count + k] == 0) continue;
        if (place) return "it moves over several axes; Rondo's layers read one axis of steps";
        place = k;
    }
    window.place = place.value_or(count - 1);
    window.axis = 2 + window.place;
    const auto& axis = x.axes[window.axis];
    const auto p = window.place;
    ConvolutionPlan& plan = window.plan;
    plan = {int(kernel[p]), int(strides[p]), int(dilations[p]), 1, int(pads[p]), int(pads[count + p])};
    if (axis.count == 0) return "the axis that it moves over is not one of the graph's input: its extent is always 1";
    if (axis.count != 1 || !x.is_outer(axis.atoms[0]) || (x.time && *x.time != axis.atoms[0]))
        return "its axis of steps is not that of the layers before it";
    window.time = axis.atoms[0];
    if (x.flipped) return "its steps are from the last one to the first";
    if (x.lengths) return "a layer before it is given sequence_lens";
    if (how == "SAME_UPPER" || how == "SAME_LOWER") {
        const OnnxDim steps = x.sizes[window.time];
        if (plan.stride > 1 && !steps.known()) return "its auto_pad depends on the number of steps";
        const std::int64_t length = steps.known() ? steps.times : 1, out = (length + plan.stride - 1) / plan.stride,
                           all = (out - 1) * plan.stride + plan.reach() - length, more = all > 0 ? all : 0;
        plan.left = int(how == "SAME_UPPER" ? more / 2 : more - more / 2);
        plan.right = int(more) - plan.left;
    }
    return {};
}

/// Makes x the result of a layer that reads its steps by facts.plan.
inline std::string onnx_windowed(OnnxWalk& walk, const OnnxNode& node, OnnxFlow x, const OnnxWindow& window,
                                 const LayerFacts& facts, std::vector<Array> arrays) {
    const ConvolutionPlan& plan = facts.plan;
    OnnxDim& steps = x.sizes[window.time];
    if (x.padded()) steps = x.unpadded; // the plan has the padding
    const std::int64_t change = std::int64_t(plan.left) + plan.right - plan.reach() + 1;
    if (steps.known()) {
        if (steps.times + change < 1) return "its kernel reads more steps than there are";
        steps = {(steps.times + change - 1) / plan.stride + 1};
    } else if (plan.stride > 1 || change != 0) {
        steps = walk.fresh_steps();
    }
    const auto id = walk.append(node, x.list[0].layer, facts, 1, std::move(arrays));
    x.time = window.time;
    x.list = {OnnxPart{id}};
    x.several = 0;
    x.axes[1] = {};
    x.axes[1].add(OnnxFlow::features);
    x.sizes[OnnxFlow::features] = {std::int64_t(facts.output)};
    x.left = x.right = 0;
    x.reflect = x.lowest = false;
    x.settle();
    return onnx_result(walk, node, std::move(x)), "";
}

/// Conv over one axis.
inline std::string onnx_conv(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    OnnxTensor w;
    if (std::string problem = walk.padded_data(node, node.input(0), x); !problem.empty()) return problem;
    if (std::string problem = walk.tensor(node.input(1), w); !problem.empty()) return "W: " + problem;
    if (w.rank < 3) return "W: expected [features,features of a group,kernel], got " + w.shape();
    std::vector<std::int64_t> kernel;
    for (std::size_t k = 2; k < w.rank; ++k) kernel.push_back(std::int64_t(w.dims[k]));
    OnnxWindow window;
    if (std::string problem = onnx_window(walk, node, x, kernel, window); !problem.empty()) return problem;
    if (const auto told = node.find("kernel_shape"); told && told->wholes != kernel)
        return "its kernel_shape is not that of W, " + w.shape();
    const std::int64_t groups = node.whole("group", 1);
    const std::size_t in = std::size_t(x.feature_count()), out = w.dims[0];
    constexpr std::size_t most = onnx_most_extent;
    if (groups < 1 || out == 0 || out > most || in % std::size_t(groups) != 0 || out % std::size_t(groups) != 0 ||
        w.dims[1] != in / std::size_t(groups))
        return "W: " + w.shape() + " does not fit " + std::to_string(in) + " features in " + std::to_string(groups) +
               " groups";
    if (in > most) return "it reads too many features";
    window.plan.groups = int(groups);
    if (x.reflect && (window.plan.left > 0 || window.plan.right > 0)) return "it pads with zeros what Pad reflects";
    if (x.lowest) return "it reads steps padded with minus infinity; only MaxPool does";
    if (x.padded()) {
        window.plan.left += x.left;
        window.plan.right += x.right;
        window.plan.reflect = x.reflect;
    }
    std::vector<Array> arrays(1);
    arrays[0] = {out, w.size / out, {}};
    if (std::string problem = walk.numbers(w, arrays[0].values); !problem.empty()) return "W: " + problem;
    if (!node.input(2).empty()) {
        OnnxTensor b;
        arrays.push_back({out, 1, {}});
        if (std::string problem = walk.tensor(node.input(2), b); !problem.empty()) return "B: " + problem;
        if (b.rank != 1 || b.size != out) return "B: expected [" + std::to_string(out) + "], got " + b.shape();
        if (std::string problem = walk.numbers(b, arrays[1].values); !problem.empty()) return "B: " + problem;
    }
    LayerFacts facts{LayerKind::Conv1d, int(in), int(out), 1, arrays.size() == 2};
    facts.plan = window.plan;
    return onnx_windowed(walk, node, std::move(x), window, facts, std::move(arrays));
}

} // namespace rondo::io::detail
