// SPDX-License-Identifier: MIT
#pragma once

#include "../layer_weights.hpp"
#include "flow.hpp"
#include "graph.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// A constant: a tensor of the file, or one that was folded.
///
/// repeated  bits of the axes along which an Expand may have repeated it; the tensor is stored unrepeated
struct OnnxConstant {
    Message message{};
    std::shared_ptr<const OnnxTensor> computed{};
    unsigned repeated = 0;
};
/// A tensor whose elements are all equal; its shape, if the graph determines it. A condition is 1 if true, 0 if false.
struct OnnxFill {
    double number = 0;
    std::optional<std::vector<OnnxDim>> shape{};
    bool condition = false;
};
/// A shape, or a part of one.
struct OnnxExtents {
    std::vector<OnnxDim> dims;
    bool scalar = false;
};
/// A value that the caller provides at inference, an initial state or lengths; why it cannot be read as data; and the
/// inputs that it is computed from, if there are several.
struct OnnxGiven {
    std::shared_ptr<const std::string> why{};
    std::vector<std::uint32_t> inputs{};
};
/// The output of a node that cannot be read; an error only if the graph's output depends on it.
struct OnnxUnknown {
    std::shared_ptr<const std::string> problem;
};

using OnnxValue = std::variant<OnnxConstant, OnnxFill, OnnxExtents, OnnxGiven, OnnxUnknown, OnnxFlow>;

/// A layer of a graph, and the layer that is its input.
///
/// before        0: the graph's input
/// blocks        number of blocks of its features: 2 for two directions
/// scale, shift  of a Linear without arrays: y = scale x + shift, for each feature
struct OnnxLayer {
    LayerWeights weights;
    std::uint32_t before = 0;
    std::uint8_t blocks = 1;
    std::vector<double> scale{}, shift{};
};

} // namespace rondo::io::detail
