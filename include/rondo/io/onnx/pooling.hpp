// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "convolution.hpp"
#include "results.hpp"
#include "walk.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// MaxPool and AveragePool over one axis: MaxPool1d, AvgPool1d.
inline std::string onnx_window_pool(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.padded_data(node, node.input(0), x); !problem.empty()) return problem;
    const bool maximum = node.op == "MaxPool";
    const auto kernel = node.find("kernel_shape");
    OnnxWindow window;
    if (std::string problem = onnx_window(walk, node, x, kernel ? kernel->wholes : std::vector<std::int64_t>{}, window);
        !problem.empty())
        return problem;
    ConvolutionPlan& plan = window.plan;
    if (const OnnxDim steps = x.sizes[window.time]; node.whole("ceil_mode", 0) != 0 && plan.stride > 1) {
        const std::int64_t rest = steps.times + plan.left + plan.right - plan.reach();
        if (!steps.known() || rest % plan.stride != 0) return "its ceil_mode gives a step of a part of a window";
    }
    bool counts = maximum || plan.left + plan.right == 0 || node.whole("count_include_pad", 0) != 0;
    if (x.padded()) {
        if (x.reflect || x.lowest != maximum || !counts)
            return std::string{"it reads steps of a Pad that is not its own padding: "} +
                   (maximum ? "minus infinity" : "zeros that it counts");
        plan.left += x.left;
        plan.right += x.right;
    }
    if (plan.left >= plan.reach() || plan.right >= plan.reach())
        return "its padding is " + std::to_string((std::max)(plan.left, plan.right)) +
               " steps; expected fewer than the " + std::to_string(plan.reach()) + " of its window";
    const int size = int(x.feature_count());
    LayerFacts facts{maximum ? LayerKind::MaxPool1d : LayerKind::AvgPool1d, size, size};
    facts.plan = plan;
    facts.count_include_pad = counts;
    onnx_only_first(walk, node);
    return onnx_windowed(walk, node, std::move(x), window, facts, {});
}

/// Whether a MaxPool's window is all steps, without padding.
inline bool onnx_pools_all(const OnnxNode& node, const OnnxFlow& x) {
    const auto kernel = node.find("kernel_shape"), pads = node.find("pads"), automatic = node.find("auto_pad"),
               dilations = node.find("dilations");
    if (automatic && automatic->text != "NOTSET" && automatic->text != "VALID") return false;
    bool all = x.rank >= 3 && !x.padded() && kernel && kernel->wholes.size() + 2 == x.rank &&
               (!pads || range::all_of(pads->wholes, [](auto n) { return n == 0; })) &&
               (!dilations || range::all_of(dilations->wholes, [](auto n) { return n == 1; }));
    for (std::size_t k = 2; all && k < x.rank; ++k) all = x.extent(x.axes[k]).is(kernel->wholes[k - 2]);
    return all;
}

/// ReduceMean, ReduceMax, GlobalAveragePool and GlobalMaxPool over all steps; MaxPool over all of them, or windows.
inline std::string onnx_pool(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    const bool windows = node.op == "MaxPool";
    std::string problem = windows ? walk.padded_data(node, node.input(0), x) : walk.data(node, node.input(0), x);
    if (!problem.empty()) return problem;
    if (x.tokens) return "it does not read features";
    if (windows && !onnx_pools_all(node, x)) return onnx_window_pool(walk, node);
    const bool reduces = node.op == "ReduceMean" || node.op == "ReduceMax";
    std::array<bool, OnnxFlow::most_axes> gone{};
    if (reduces) {
        auto axes = walk.wholes(node, "axes", 1);
        if (!axes && !node.input(1).empty()) return "its axes are not known";
        const bool none = !axes || axes->empty();
        if (none && node.whole("noop_with_empty_axes", 0) != 0) return onnx_result(walk, node, std::move(x)), "";
        for (std::size_t k = 0; none && k < x.rank; ++k) gone[k] = true;
        for (std::size_t k = 0; !none && k < axes->size(); ++k) {
            const auto axis = x.axis((*axes)[k], x.rank);
            if (!axis) return "its input has no axis " + std::to_string((*axes)[k]);
            gone[*axis] = true;
        }
    } else {
        if (x.rank < 3 || !x.is_features(x.axes[1])) return "its second axis is not that of the features";
        ++walk.window_inputs;
        for (std::size_t k = 2; k < x.rank; ++k) gone[k] = true;
    }
    std::optional<OnnxFlow::Atom> time; // the first of the pooled atoms
    std::size_t pooled = 0;             // outer atoms of an extent other than 1
    bool kept = false;                  // an axis of sequences, of any extent
    for (std::size_t k = 0; k < x.rank; ++k) {
        const auto& axis = x.axes[k];
        for (std::size_t n = 0; n < axis.count; ++n) {
            const auto atom = axis.atoms[n];
            const bool outer = x.is_outer(atom);
            if (gone[k] && (!outer || (x.time && *x.time != atom))) return "it pools something else than the steps";
            if (!gone[k]) kept = kept || outer;
            else if (outer && !x.sizes[atom].is(1)) ++pooled;
            if (gone[k] && (!time || x.sizes[*time].is(1))) time = atom;
        }
        if (gone[k]) x.axes[k] = {};
    }
    if (!time) return "it pools no steps";
    if (reduces) ++walk.window_inputs;
    if (pooled > 1 && !kept) return "it pools the sequences, too; MeanPooling and MaxPooling pool the steps of each";
    x.time = time;
    if (x.lengths || x.flipped) return "it pools steps of a layer that is given sequence_lens, or reversed ones";
    const bool keep = !reduces || node.whole("keepdims", 1) != 0;
    for (std::size_t k = x.rank; !keep && k-- > 0;)
        if (gone[k])
            if (problem = x.drop(k); !problem.empty()) return problem;
    const int size = int(x.feature_count());
    const bool mean = node.op == "ReduceMean" || node.op == "GlobalAveragePool";
    walk.pass(x, walk.append(node, x.list[0].layer, {mean ? LayerKind::MeanPooling : LayerKind::MaxPooling, size, size},
                             std::uint8_t(x.list.size())));
    onnx_only_first(walk, node);
    return onnx_result(walk, node, std::move(x)), "";
}

} // namespace rondo::io::detail
