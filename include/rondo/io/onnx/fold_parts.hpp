// SPDX-License-Identifier: MIT
#pragma once

#include "fold_node.hpp"
#include "walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Constant folding of operators that take parts of tensors, or put them together.

inline std::string OnnxFold::slice() {
    const auto starts = walk.wholes(node, "starts", 1), ends = walk.wholes(node, "ends", 2),
               axes = walk.wholes(node, "axes", 3), strides = walk.wholes(node, "steps", 4);
    const auto wrong = [&](const auto& list, std::size_t input) {
        return list ? list->size() != starts->size() : !node.input(input).empty();
    };
    if (!starts || !ends || wrong(ends, 2) || wrong(axes, 3) || wrong(strides, 4)) return {};
    std::vector<std::size_t> to = dims();
    std::vector<std::int64_t> by = steps();
    std::vector<bool> seen(x.rank);
    std::int64_t from = 0;
    for (std::size_t k = 0; k < starts->size(); ++k) {
        const auto at = axis(axes ? (*axes)[k] : std::int64_t(k), x.rank);
        if (!at || seen[*at]) return "its axes are not those of its input";
        if ((repeated >> *at & 1u) != 0) return {};
        seen[*at] = true;
        const auto all = static_cast<std::int64_t>(x.dims[*at]);
        const std::int64_t stride = std::clamp(strides ? (*strides)[k] : 1, -all - 1, all + 1);
        if (stride == 0) return "its step is 0";
        const std::int64_t least = stride > 0 ? 0 : -1, most = stride > 0 ? all : all - 1;
        const auto place = [&](std::int64_t index) { return std::clamp(index < 0 ? index + all : index, least, most); };
        const std::int64_t begin = place((*starts)[k]), end = place((*ends)[k]),
                           reach = stride > 0 ? end - begin : begin - end, pace = std::abs(stride);
        to[*at] = reach > 0 ? static_cast<std::size_t>((reach - 1) / pace + 1) : 0;
        if (reach > 0) from += begin * by[*at];
        by[*at] *= stride;
    }
    return copy(to, by, from);
}

/// Split: the outputs are consecutive parts of an axis, of equal extents except for the last if no sizes are given.
inline std::string OnnxFold::split() {
    const auto at = axis(node.whole("axis", 0), x.rank);
    if (!at) return "its input has no such axis";
    auto sizes = walk.wholes(node, "split", 1);
    const auto all = static_cast<std::int64_t>(x.dims[*at]), count = static_cast<std::int64_t>(node.outputs.size());
    if (!sizes && node.input(1).empty()) {
        const std::int64_t each = (all + count - 1) / count;
        sizes.emplace();
        for (std::int64_t left = all; std::int64_t(sizes->size()) < count; left -= sizes->back())
            sizes->push_back((std::min)(each, left));
    }
    if (!sizes || std::int64_t(sizes->size()) != count || (repeated >> *at & 1u) != 0) return {};
    std::int64_t begin = 0;
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
        const std::int64_t size = (*sizes)[k];
        if (size < 1 || size > all - begin) return "its parts are more than its input";
        std::vector<std::size_t> to = dims();
        to[*at] = static_cast<std::size_t>(size);
        const auto by = steps();
        if (std::string problem = copy(to, by, begin * by[*at]); !problem.empty()) return problem;
        begin += size;
        if (!node.outputs[k].empty() && k + 1 < node.outputs.size()) // the last output is the result
            walk.values.emplace(node.outputs[k],
                                OnnxConstant{{}, std::make_shared<const OnnxTensor>(std::move(result)), repeated});
    }
    return {};
}

inline std::string OnnxFold::gather() {
    bool scalar = false;
    const auto indices = walk.wholes(node.input(1), scalar);
    const auto at = axis(node.whole("axis", 0), x.rank);
    if (!indices) return {};
    if (!at) return "its input has no such axis";
    const auto before = dims();
    std::vector<std::size_t> to{before.begin(), before.begin() + std::ptrdiff_t(*at)};
    if (!scalar) to.push_back(indices->size());
    to.insert(to.end(), before.begin() + std::ptrdiff_t(*at) + 1, before.end());
    for (const std::int64_t index : *indices)
        if (!axis(index, x.dims[*at])) return "its index " + std::to_string(index) + " is outside of " + x.shape();
    if (std::string problem = make(to); !problem.empty() || result.size == 0) return problem;
    const auto numbers = walk.reals(x);
    const auto inner = static_cast<std::size_t>(steps()[*at]);
    for (std::size_t outer = 0; outer < x.size; outer += x.dims[*at] * inner)
        for (const std::int64_t index : *indices) {
            const auto first = numbers->begin() + std::ptrdiff_t(outer + *axis(index, x.dims[*at]) * inner);
            made->insert(made->end(), first, first + std::ptrdiff_t(inner));
        }
    return {};
}

inline std::string OnnxFold::concat() {
    const auto at = axis(node.whole("axis", 0), x.rank);
    if (!at) return "its inputs have no such axis";
    std::vector<OnnxTensor> parts;
    std::vector<std::size_t> to = dims();
    to[*at] = 0;
    for (const std::string_view name : node.inputs) {
        OnnxTensor part;
        const auto constant = walk.find_as<OnnxConstant>(name);
        if (!constant || constant->repeated != 0 || !walk.header(*constant, part).empty() || part.type != x.type ||
            part.rank != x.rank || (!part.real() && part.size > 0 && !onnx_exact(part)))
            return {};
        for (std::size_t k = 0; k < x.rank; ++k)
            if (k != *at && part.dims[k] != x.dims[k])
                return "it puts together the shapes " + x.shape() + " and " + part.shape();
        to[*at] += part.dims[*at];
        parts.push_back(std::move(part));
    }
    if (std::string problem = make(to); !problem.empty() || result.size == 0) return problem;
    std::vector<std::shared_ptr<const std::vector<double>>> numbers;
    numbers.reserve(parts.size());
    for (const OnnxTensor& part : parts) numbers.push_back(walk.reals(part));
    const std::size_t inner = static_cast<std::size_t>(steps()[*at]), outer = result.size / (to[*at] * inner);
    for (std::size_t n = 0; n < outer; ++n)
        for (std::size_t k = 0; k < parts.size(); ++k) {
            const std::size_t block = parts[k].dims[*at] * inner;
            const auto first = numbers[k]->begin() + std::ptrdiff_t(n * block);
            made->insert(made->end(), first, first + std::ptrdiff_t(block));
        }
    return {};
}

} // namespace rondo::io::detail
