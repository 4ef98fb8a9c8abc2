// SPDX-License-Identifier: MIT
#pragma once

#include "fold_node.hpp"
#include "walk.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Constant folding of operators that compute.

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

inline std::string OnnxFold::cast() {
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

inline std::string OnnxFold::sqrt() {
    if (std::string problem = make(dims()); !problem.empty()) return problem;
    const auto numbers = walk.reals(x);
    for (const double number : *numbers) made->push_back(onnx_rounded(x.type, std::sqrt(number)));
    return {};
}

/// Add, Sub, Mul and Div of two tensors of the same shape, or of a tensor and a scalar.
inline std::string OnnxFold::arithmetic() {
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

} // namespace rondo::io::detail
