// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "results.hpp"
#include "walk.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// ReduceMean, ReduceMax, GlobalAveragePool and GlobalMaxPool over all steps; MaxPool, if its window is all of them.
inline std::string onnx_pool(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    if (x.tokens) return "it does not read features";
    const bool reduces = node.op == "ReduceMean" || node.op == "ReduceMax", windows = node.op == "MaxPool";
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
    if (windows) {
        const auto kernel = node.find("kernel_shape");
        const auto pads = node.find("pads"), automatic = node.find("auto_pad");
        if (automatic && automatic->text != "NOTSET" && automatic->text != "VALID")
            return "its auto_pad is " + quoted(automatic->text) + "; expected NOTSET or VALID";
        bool all = kernel && kernel->wholes.size() + 2 == x.rank &&
                   (!pads || range::all_of(pads->wholes, [](auto n) { return n == 0; }));
        for (std::size_t k = 2; all && k < x.rank; ++k) all = x.extent(x.axes[k]).is(kernel->wholes[k - 2]);
        if (!all) return "it pools windows of the steps; Rondo's MaxPooling is over all of them";
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
            if (std::string problem = x.drop(k); !problem.empty()) return problem;
    const int size = int(x.feature_count());
    const bool mean = node.op == "ReduceMean" || node.op == "GlobalAveragePool";
    walk.pass(x, walk.append(node, x.list[0].layer, {mean ? LayerKind::MeanPooling : LayerKind::MaxPooling, size, size},
                             std::uint8_t(x.list.size())));
    onnx_only_first(walk, node);
    return onnx_result(walk, node, std::move(x)), "";
}

} // namespace rondo::io::detail
