// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/number_text.hpp"
#include "affine.hpp"
#include "results.hpp"
#include "walk.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Applies an activation to the data x; `options` are those of LayerFacts.
inline std::string onnx_activate(OnnxWalk& walk, const OnnxNode& node, OnnxFlow x, LayerKind kind,
                                 const std::array<double, 2>& options = {}) {
    if (x.tokens) return "it does not read features";
    const int size = static_cast<int>(x.feature_count());
    LayerFacts facts{kind, size, size};
    for (std::size_t k = 0; k < std::size_t(options_of(kind)); ++k) {
        facts.options[k] = Ratio::of(float(options[k]));
        if (kind == LayerKind::Hardtanh && std::isinf(options[k])) facts.options[k] = Ratio::infinity(k == 0 ? -1 : 1);
        else if (!facts.options[k].valid())
            return "its number " + rondo::detail::short_text(options[k]) + " is no fraction of two ints, as Rondo's " +
                   std::string{name_of(kind)} + " takes it";
    }
    walk.pass(x, walk.append(node, x.list[0].layer, facts, std::uint8_t(x.list.size())));
    return onnx_result(walk, node, std::move(x)), "";
}

/// Relu, Tanh, Sigmoid, Elu and so on; Softmax and LogSoftmax along the features.
inline std::string onnx_function(OnnxWalk& walk, const OnnxNode& node, LayerKind kind) {
    OnnxFlow x;
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    if (kind == LayerKind::Softmax || kind == LayerKind::LogSoftmax) {
        const bool early = walk.graph.opset < 13; // another default axis, and applied to all axes from it on
        const auto axis = x.axis(node.whole("axis", early ? 1 : -1), x.rank);
        if (!x.tokens && (!axis || !x.are_features(*axis, early ? x.rank : *axis + 1)))
            return "its axis is not that of the features";
    }
    const auto real = [&](const char* name, double otherwise) {
        const auto attribute = node.find(name);
        return attribute ? double(attribute->real) : otherwise;
    };
    const double alpha = real("alpha", kind == LayerKind::LeakyReLU     ? double(0.01f)
                                       : kind == LayerKind::Hardsigmoid ? double(0.2f)
                                                                        : 1);
    if ((kind == LayerKind::LeakyReLU || kind == LayerKind::ELU) && !(alpha >= 0))
        return "its alpha is " + rondo::detail::short_text(alpha) + "; expected 0 or more";
    if (kind == LayerKind::SiLU && alpha != 1)
        return "its alpha is " + rondo::detail::short_text(alpha) + "; Rondo's SiLU has 1";
    if (const auto how = node.find("approximate"); how && kind == LayerKind::GELU && how->text != "none") {
        if (how->text != "tanh") return "its approximate is " + quoted(how->text) + "; expected none or tanh";
        kind = LayerKind::TanhGELU;
    }
    return onnx_activate(walk, node, std::move(x), kind, {alpha, real("beta", 0.5)});
}

/// PRelu with one factor, or one for each feature.
inline std::string onnx_prelu(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    if (x.tokens) return "it does not read features";
    OnnxTensor tensor;
    std::vector<double> numbers;
    if (std::string problem = walk.tensor(node.input(1), tensor); !problem.empty()) return problem;
    const auto size = std::size_t(x.feature_count());
    if (tensor.size != 1 && (tensor.size != size || tensor.rank > x.rank || !onnx_along_features(tensor, x)))
        return "its factors have the shape " + tensor.shape() + "; expected one, or one for each of the " +
               std::to_string(size) + " features";
    if (std::string problem = walk.numbers(tensor, numbers); !problem.empty()) return problem;
    LayerFacts facts{LayerKind::PReLU, int(size), int(size)};
    facts.count = int(numbers.size());
    walk.pass(x, walk.append(node, x.list[0].layer, facts, std::uint8_t(x.list.size()),
                             {Array{numbers.size(), 1, std::move(numbers)}}));
    return onnx_result(walk, node, std::move(x)), "";
}

/// Clip: Hardtanh, or ReLU if it is from 0 on. Its limits are attributes, or inputs from opset 11 on.
inline std::string onnx_clip_data(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    if (std::string problem = walk.data(node, node.input(0), x); !problem.empty()) return problem;
    constexpr double most = (std::numeric_limits<float>::max)();
    std::array<double, 2> limits{-most, most};
    for (const std::size_t k : {0u, 1u}) {
        const auto attribute = node.find(k == 0 ? "min" : "max");
        if (attribute) limits[k] = attribute->real;
        if (node.input(1 + k).empty()) continue;
        const auto number = walk.number(node.input(1 + k));
        const auto fill = walk.find_as<OnnxFill>(node.input(1 + k));
        if (!number && !fill) return "its limit " + quoted(node.input(1 + k)) + " is no number of the file";
        limits[k] = number ? *number : fill->number;
    }
    if (limits[0] == 0 && limits[1] >= most) return onnx_activate(walk, node, std::move(x), LayerKind::ReLU);
    if (limits[0] <= -most && limits[1] >= most) return onnx_result(walk, node, std::move(x)), "";
    if (!(limits[0] < limits[1]))
        return "its limits are " + rondo::detail::short_text(limits[0]) + " and " +
               rondo::detail::short_text(limits[1]) + "; expected a lower and a higher one";
    if (limits[0] <= -most) limits[0] = -rondo::detail::infinity;
    if (limits[1] >= most) limits[1] = rondo::detail::infinity;
    return onnx_activate(walk, node, std::move(x), LayerKind::Hardtanh, limits);
}

/// x sigmoid(x), as PyTorch writes SiLU; nothing if the two are other data.
inline std::optional<std::string> onnx_silu(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow a, b;
    for (const std::size_t k : {0u, 1u}) {
        if (!walk.data(node, node.input(k), a).empty() || !walk.data(node, node.input(1 - k), b).empty()) return {};
        const std::uint32_t id = b.list[0].layer;
        if (id == 0 || walk.layer(id).weights.facts.kind != LayerKind::Sigmoid) continue;
        if (walk.layer(id).before != a.list[0].layer || a.input != b.input || a.axes != b.axes) continue;
        return onnx_activate(walk, node, std::move(a), LayerKind::SiLU);
    }
    return {};
}

} // namespace rondo::io::detail
