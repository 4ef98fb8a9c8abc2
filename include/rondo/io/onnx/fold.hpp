// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "walk.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Constant folding: nodes whose inputs are tensors of the file, from exporters that do not fold them.

/// Rounds a number to `type`, to nearest, ties to even.
inline double onnx_rounded(std::int64_t type, double number) {
    if (type == OnnxTensor::float32) return static_cast<float>(number);
    if (type == OnnxTensor::float64 || !std::isfinite(number) || number == 0) return number;
    const bool binary16 = type == OnnxTensor::float16; // or bfloat16
    const int digits = binary16 ? 11 : 8, least = binary16 ? -24 : -133;
    const double most = binary16 ? 65504 : 3.3895313892515355e38;
    const int unit = (std::max)(std::ilogb(number) + 1 - digits, least);
    const double rounded = std::ldexp(std::nearbyint(std::ldexp(number, -unit)), unit);
    return std::fabs(rounded) > most ? std::copysign(std::numeric_limits<double>::infinity(), number) : rounded;
}

/// A node and its first input, which is a tensor of real numbers.
struct OnnxFold {
    OnnxWalk& walk;
    const OnnxNode& node;
    OnnxTensor x{};
    unsigned repeated = 0; // of the first input
    OnnxTensor result{};
    bool done = false;
    std::shared_ptr<std::vector<double>> made{};

    /// Gives the result this shape and new elements, which the caller fills.
    std::string make(std::span<const std::size_t> dims) {
        result = {};
        result.name = node.outputs[0];
        result.type = x.type;
        if (dims.size() > result.dims.size()) return "its result has more than 8 axes";
        for (const std::size_t extent : dims) {
            if (extent > 0 && result.size > walk.to_compute / extent)
                return "tensors that are computed of others have more numbers than the file";
            result.size *= extent;
            result.dims[result.rank++] = extent;
        }
        walk.to_compute -= result.size;
        made = std::make_shared<std::vector<double>>();
        made->reserve(result.size);
        result.computed = made;
        done = true;
        return {};
    }
    /// Makes the result the input with another shape.
    std::string reshape(std::span<const std::size_t> dims) {
        if (dims.size() > result.dims.size()) return "its result has more than 8 axes";
        result = x;
        result.rank = dims.size();
        result.size = 1;
        range::copy(dims, result.dims.begin());
        for (const std::size_t extent : dims) {
            if (extent > 0 && result.size > x.size / extent && x.size > 0) return "its result has more numbers";
            result.size *= extent;
        }
        if (result.size != x.size) return "its result has " + result.shape() + " of the numbers of " + x.shape();
        done = true;
        return {};
    }
    /// Copies elements of the input to the result, given a stride for each axis.
    std::string copy(std::span<const std::size_t> dims, std::span<const std::int64_t> steps, std::int64_t from) {
        if (std::string problem = make(dims); !problem.empty()) return problem;
        const auto numbers = walk.reals(x);
        std::array<std::size_t, 8> at{};
        for (std::size_t count = 0; count < result.size; ++count) {
            made->push_back((*numbers)[static_cast<std::size_t>(from)]);
            for (std::size_t k = dims.size(); k-- > 0;) {
                from += steps[k];
                if (++at[k] < dims[k]) break;
                from -= steps[k] * static_cast<std::int64_t>(dims[k]);
                at[k] = 0;
            }
        }
        return {};
    }
    std::vector<std::size_t> dims() const { return {x.dims.begin(), x.dims.begin() + std::ptrdiff_t(x.rank)}; }
    /// The strides of the input.
    std::vector<std::int64_t> steps() const {
        std::vector<std::int64_t> all(x.rank, 1);
        for (std::size_t k = x.rank; k-- > 1;) all[k - 1] = all[k] * static_cast<std::int64_t>(x.dims[k]);
        return all;
    }
    static std::optional<std::size_t> axis(std::int64_t index, std::size_t of) {
        const auto all = static_cast<std::int64_t>(of);
        if (index < -all || index >= all) return std::nullopt;
        return static_cast<std::size_t>(index < 0 ? index + all : index);
    }

    std::string transpose() {
        std::vector<std::size_t> to;
        std::vector<std::int64_t> by;
        std::vector<bool> seen(x.rank);
        const auto perm = node.find("perm");
        if (perm && perm->wholes.size() != x.rank) return "it permutes another number of axes than its input has";
        for (std::size_t k = 0; k < x.rank; ++k) {
            const auto from = perm ? axis(perm->wholes[k], x.rank) : std::optional{x.rank - 1 - k};
            if (!from || seen[*from]) return "its perm is no permutation of its input's axes";
            seen[*from] = true;
            to.push_back(x.dims[*from]);
            by.push_back(steps()[*from]);
        }
        return copy(to, by, 0);
    }
    std::string slice() {
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
            const auto place = [&](std::int64_t index) {
                return std::clamp(index < 0 ? index + all : index, least, most);
            };
            const std::int64_t begin = place((*starts)[k]), end = place((*ends)[k]),
                               reach = stride > 0 ? end - begin : begin - end, pace = std::abs(stride);
            to[*at] = reach > 0 ? static_cast<std::size_t>((reach - 1) / pace + 1) : 0;
            if (reach > 0) from += begin * by[*at];
            by[*at] *= stride;
        }
        return copy(to, by, from);
    }
    /// Split: the outputs are consecutive parts of an axis, of equal extents except for the last if no sizes are given.
    std::string split() {
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
    std::string gather() {
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
    std::string concat() {
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
    std::string squeeze() {
        const auto which = walk.wholes(node, "axes", 1);
        if (!which && !node.input(1).empty()) return {};
        std::vector<bool> gone(x.rank);
        for (std::size_t k = 0; !which && k < x.rank; ++k) gone[k] = x.dims[k] == 1;
        if (which)
            for (const std::int64_t index : *which) {
                const auto at = axis(index, x.rank);
                if (!at || x.dims[*at] != 1) return "it removes an axis whose extent is not 1 of " + x.shape();
                gone[*at] = true;
            }
        std::vector<std::size_t> to;
        for (std::size_t k = 0; k < x.rank; ++k)
            if (!gone[k]) to.push_back(x.dims[k]);
        return reshape(to);
    }
    std::string unsqueeze() {
        const auto which = walk.wholes(node, "axes", 1);
        if (!which) return {};
        const std::size_t all = x.rank + which->size();
        std::vector<bool> fresh(all);
        for (const std::int64_t index : *which) {
            const auto at = axis(index, all);
            if (!at || fresh[*at]) return "its result has no axis " + std::to_string(index) + ", or has it twice";
            fresh[*at] = true;
        }
        std::vector<std::size_t> to;
        for (std::size_t k = 0, from = 0; k < all; ++k) to.push_back(fresh[k] ? 1 : x.dims[from++]);
        return reshape(to);
    }
    std::string to_shape() {
        bool scalar = false;
        const auto shape = walk.wholes(node.input(1), scalar);
        if (!shape) return {};
        std::vector<std::size_t> to;
        std::size_t known = 1;
        std::optional<std::size_t> open;
        for (std::size_t k = 0; k < shape->size(); ++k) {
            const std::int64_t told = (*shape)[k];
            const bool keeps = told == 0 && node.whole("allowzero", 0) == 0;
            if (told < -1 || (told == -1 && open) || (keeps && k >= x.rank) ||
                (told > 0 && std::uint64_t(told) > x.size))
                return "its shape does not fit " + x.shape();
            if (told == -1) open = k;
            to.push_back(told == -1 ? 1 : keeps ? x.dims[k] : static_cast<std::size_t>(told));
            if (to.back() > 0 && known > x.size / to.back()) return "its shape does not fit " + x.shape();
            known *= to.back();
        }
        if (open && known > 0) to[*open] = x.size / known;
        return reshape(to);
    }
    std::string flatten() {
        const std::int64_t told = node.whole("axis", 1), all = static_cast<std::int64_t>(x.rank);
        if (told < -all || told > all) return "its input has no axis " + std::to_string(told);
        std::size_t rows = 1, columns = 1;
        for (std::size_t k = 0; k < x.rank; ++k)
            (static_cast<std::int64_t>(k) < (told < 0 ? told + all : told) ? rows : columns) *= x.dims[k];
        const std::size_t to[]{rows, columns};
        return reshape(to);
    }
    std::string cast() {
        const std::int64_t to = node.whole("to", 0);
        const bool real = to == OnnxTensor::float32 || to == OnnxTensor::float64 || to == OnnxTensor::float16 ||
                          to == OnnxTensor::bfloat16;
        if (!real) return {};
        if (to == x.type) return reshape(dims());
        if (std::string problem = make(dims()); !problem.empty()) return problem;
        result.type = to;
        const auto numbers = walk.reals(x);
        for (const double number : *numbers) made->push_back(onnx_rounded(to, number));
        return {};
    }
    std::string sqrt() {
        if (std::string problem = make(dims()); !problem.empty()) return problem;
        const auto numbers = walk.reals(x);
        for (const double number : *numbers) made->push_back(onnx_rounded(x.type, std::sqrt(number)));
        return {};
    }
    /// Add, Sub, Mul and Div of two tensors of the same shape, or of a tensor and a scalar.
    std::string arithmetic() {
        OnnxTensor y;
        if (!walk.real_constant(node.input(1), y) || y.type != x.type) return {};
        const OnnxTensor& larger = y.rank > x.rank || (y.rank == x.rank && y.size > x.size) ? y : x;
        const bool alike = x.rank == y.rank && x.dims == y.dims;
        if (!alike && (&larger == &x ? y : x).size != 1) return {};
        const auto a = walk.reals(x), b = walk.reals(y);
        const std::vector<std::size_t> to{larger.dims.begin(), larger.dims.begin() + std::ptrdiff_t(larger.rank)};
        if (std::string problem = make(to); !problem.empty()) return problem;
        for (std::size_t k = 0; k < result.size; ++k) {
            const double left = (*a)[a->size() == 1 ? 0 : k], right = (*b)[b->size() == 1 ? 0 : k];
            made->push_back(onnx_rounded(x.type, node.op == "Add"   ? left + right
                                                 : node.op == "Sub" ? left - right
                                                 : node.op == "Div" ? left / right
                                                                    : left * right));
        }
        return {};
    }
};

/// Folds a node whose inputs are tensors of the file; `done` is false for other nodes. Returns an error message, empty
/// on success.
inline std::string onnx_fold(OnnxWalk& walk, const OnnxNode& node, bool& done) {
    using Function = std::string (OnnxFold::*)();
    static constexpr std::pair<std::string_view, Function> functions[]{
        {"Add", &OnnxFold::arithmetic}, {"Cast", &OnnxFold::cast},           {"Concat", &OnnxFold::concat},
        {"Div", &OnnxFold::arithmetic}, {"Sqrt", &OnnxFold::sqrt},           {"Flatten", &OnnxFold::flatten},
        {"Gather", &OnnxFold::gather},  {"Mul", &OnnxFold::arithmetic},      {"Reshape", &OnnxFold::to_shape},
        {"Slice", &OnnxFold::slice},    {"Squeeze", &OnnxFold::squeeze},     {"Split", &OnnxFold::split},
        {"Sub", &OnnxFold::arithmetic}, {"Transpose", &OnnxFold::transpose}, {"Unsqueeze", &OnnxFold::unsqueeze},
    };
    const auto found = range::find(functions, node.op, &std::pair<std::string_view, Function>::first);
    const auto constant = walk.find_as<OnnxConstant>(node.input(0));
    if (found == std::end(functions) || !constant) return {};
    if (constant->repeated != 0 && node.op != "Slice" && node.op != "Split") return {};
    OnnxFold fold{walk, node};
    fold.repeated = constant->repeated;
    if (std::string problem = walk.header(*constant, fold.x); !problem.empty()) return problem;
    const bool computes = found->second == &OnnxFold::arithmetic || found->second == &OnnxFold::sqrt;
    if (fold.x.size == 0 || (!fold.x.real() && node.op != "Cast" && (computes || !onnx_exact(fold.x)))) return {};
    if (std::string problem = (fold.*found->second)(); !problem.empty() || !fold.done) return problem;
    done = true;
    auto computed = std::make_shared<const OnnxTensor>(std::move(fold.result));
    const std::string_view output = node.op == "Split" ? node.outputs.back() : node.outputs[0];
    if (!output.empty()) walk.values.emplace(output, OnnxConstant{{}, std::move(computed), constant->repeated});
    return {};
}

} // namespace rondo::io::detail
