// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/number_text.hpp"
#include "results.hpp"
#include "walk.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The eps of a norm, an option of its layer.
inline std::string onnx_epsilon(const OnnxNode& node, Ratio& eps) {
    const auto told = node.find("epsilon");
    const float number = told ? float(told->real) : 1e-5f;
    eps = Ratio::of(number);
    if (number >= 0 && eps.valid()) return {};
    return "its epsilon is " + rondo::detail::short_text(double(number)) + ", which is no fraction of two ints";
}

/// LayerNormalization and RMSNormalization over the features.
inline std::string onnx_norm(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    const auto axis = x.axis(node.whole("axis", -1), x.rank);
    if (x.tokens || !axis || !x.are_features(*axis, x.rank)) return "its axes are not those of the features";
    if (const auto type = node.whole("stash_type", 1); type != 1 && type != OnnxTensor::float64)
        return "its stash_type is " + std::to_string(type);
    const bool centered = node.op == "LayerNormalization";
    const auto size = std::size_t(x.feature_count());
    LayerFacts facts{centered ? LayerKind::LayerNorm : LayerKind::RMSNorm, int(size), int(size)};
    std::vector<Array> arrays;
    bool is_double = false;
    for (const std::size_t k : {1u, 2u}) {
        if (k == 2 && (!centered || node.input(k).empty())) continue;
        OnnxTensor tensor;
        std::vector<double> numbers;
        if (const auto fill = walk.find_as<OnnxFill>(node.input(k)); fill && !fill->condition) {
            if (std::string problem = walk.keep(size); !problem.empty()) return problem;
            numbers.assign(size, fill->number);
        } else {
            if (std::string problem = walk.tensor(node.input(k), tensor); !problem.empty()) return problem;
            if (tensor.size != size || tensor.rank > x.rank - *axis)
                return quoted(node.input(k)) + " has the shape " + tensor.shape() +
                       "; expected one number for each of " + std::to_string(size) + " features";
            if (std::string problem = walk.numbers(tensor, numbers); !problem.empty()) return problem;
            is_double = tensor.type == OnnxTensor::float64;
        }
        arrays.push_back({size, 1, std::move(numbers)});
    }
    if (centered) facts.bias = arrays.size() == 2;
    const float own = float(is_double ? std::numeric_limits<double>::epsilon() : std::numeric_limits<float>::epsilon());
    const auto told = node.find("epsilon");
    if (told && told->real == 0) return "its epsilon is 0; expected a number above 0";
    if (told && float(told->real) == own) facts.options[0] = {}; // machine_epsilon
    else if (std::string problem = onnx_epsilon(node, facts.options[0]); !problem.empty()) return problem;
    walk.pass(x, walk.append(node, x.list[0].layer, facts, std::uint8_t(x.list.size()), std::move(arrays)));
    onnx_only_first(walk, node);
    return onnx_result(walk, node, std::move(x)), "";
}

/// BatchNormalization by the statistics in the file, of features along the second axis.
inline std::string onnx_batch_norm(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    if (x.tokens || x.rank < 2 || !x.is_features(x.axes[1])) return "its second axis is not that of the features";
    ++walk.window_inputs;
    if (node.whole("training_mode", 0) != 0) return "its training_mode is 1; expected 0, the statistics of the file";
    if (node.whole("spatial", 1) != 1) return "its spatial is 0, statistics of each step; expected 1";
    const auto size = std::size_t(x.feature_count());
    LayerFacts facts{LayerKind::BatchNorm1d, int(size), int(size)};
    std::vector<Array> arrays;
    for (const std::size_t k : {1u, 2u, 3u, 4u}) {
        OnnxTensor tensor;
        std::vector<double> numbers;
        if (std::string problem = walk.tensor(node.input(k), tensor); !problem.empty()) return problem;
        if (tensor.rank != 1 || tensor.size != size)
            return quoted(node.input(k)) + " has the shape " + tensor.shape() + "; expected one number for each of " +
                   std::to_string(size) + " features";
        if (std::string problem = walk.numbers(tensor, numbers); !problem.empty()) return problem;
        arrays.push_back({size, 1, std::move(numbers)});
    }
    arrays.push_back({1, 1, {0}}); // num_batches_tracked
    if (std::string problem = onnx_epsilon(node, facts.options[0]); !problem.empty()) return problem;
    walk.pass(x, walk.append(node, x.list[0].layer, facts, std::uint8_t(x.list.size()), std::move(arrays)));
    onnx_only_first(walk, node);
    return onnx_result(walk, node, std::move(x)), "";
}

} // namespace rondo::io::detail
