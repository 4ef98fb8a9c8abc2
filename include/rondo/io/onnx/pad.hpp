// SPDX-License-Identifier: MIT
#pragma once

#include "results.hpp"
#include "walk.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Pad along the steps, with zeros, minus infinity or reflected steps, which becomes a part of the convolution or the
/// pool after it.
inline std::string onnx_pad(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    if (x.tokens) return "it does not read features";
    const auto mode = node.find("mode");
    const std::string_view how = mode ? mode->text : "constant";
    if (how != "constant" && how != "reflect") return "its mode is " + quoted(how) + "; expected constant or reflect";
    auto pads = walk.wholes(node, "pads", 1);
    if (!pads) return "its pads are not known";
    const auto number = node.find("value");
    const auto told = node.input(2).empty() ? std::optional<double>{} : walk.number(node.input(2));
    if (!node.input(2).empty() && !told) return "its value is no number of the file";
    const double value = told.value_or(number ? double(number->real) : 0);
    const bool constant = how == "constant", lowest = value <= double(std::numeric_limits<float>::lowest());
    if (constant && value != 0 && !lowest) return "it pads with another number than 0 or minus infinity";
    std::vector<std::int64_t> all(2 * x.rank);
    if (node.input(3).empty()) {
        if (pads->size() != all.size()) return "it has pads of another number of axes than its input";
        all = *pads;
    } else {
        const auto axes = walk.wholes(node, "axes", 3);
        if (!axes || 2 * axes->size() != pads->size()) return "its axes are not known";
        for (std::size_t k = 0; k < axes->size(); ++k) {
            const auto axis = x.axis((*axes)[k], x.rank);
            if (!axis) return "its input has no axis " + std::to_string((*axes)[k]);
            all[*axis] = (*pads)[k];
            all[x.rank + *axis] = (*pads)[axes->size() + k];
        }
    }
    for (std::size_t k = 0; k < x.rank; ++k) {
        if (all[k] == 0 && all[x.rank + k] == 0) continue;
        constexpr std::int64_t most = 1 << 24;
        const auto& axis = x.axes[k];
        const bool steps = axis.count == 1 && x.is_outer(axis.atoms[0]) && (!x.time || *x.time == axis.atoms[0]) &&
                           !x.padded() && !x.flipped && !x.lengths;
        if (!steps || all[k] < 0 || all[x.rank + k] < 0 || all[k] > most || all[x.rank + k] > most)
            return "it pads, or cuts, something else than the steps";
        x.time = axis.atoms[0];
        x.left = int(all[k]);
        x.right = int(all[x.rank + k]);
        x.reflect = !constant;
        x.lowest = constant && lowest;
        OnnxDim& extent = x.sizes[axis.atoms[0]];
        x.unpadded = extent;
        ++walk.window_inputs;
        extent = extent.known() ? OnnxDim{extent.times + x.left + x.right} : walk.fresh_steps();
    }
    return onnx_result(walk, node, std::move(x)), "";
}

} // namespace rondo::io::detail
