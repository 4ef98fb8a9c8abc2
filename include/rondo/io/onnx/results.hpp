// SPDX-License-Identifier: MIT
#pragma once

#include "walk.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// What an operator records for its outputs, or says of its input.

inline void onnx_result(OnnxWalk& walk, const OnnxNode& node, OnnxValue value) {
    walk.values.emplace(node.outputs[0], std::move(value));
}
inline void onnx_given(OnnxWalk& walk, const OnnxNode& node, const std::string& why) {
    onnx_result(walk, node, OnnxGiven{std::make_shared<const std::string>(node.called() + " makes: " + why)});
}
/// The further outputs of a node, which no layer has.
inline void onnx_only_first(OnnxWalk& walk, const OnnxNode& node) {
    for (std::size_t k = 1; k < node.outputs.size(); ++k)
        if (!node.outputs[k].empty())
            walk.values.emplace(node.outputs[k], OnnxUnknown{std::make_shared<const std::string>(
                                                     node.called() + ": Rondo's layers have its first output only")});
}
inline void onnx_unknown(OnnxWalk& walk, const OnnxNode& node, const std::string& problem) {
    const OnnxUnknown unknown{std::make_shared<const std::string>(node.called() + ": " + problem)};
    for (const std::string_view name : node.outputs)
        if (!name.empty()) walk.values.emplace(name, unknown);
}
inline std::string onnx_not_data(std::string_view name) {
    return "it reads " + quoted(name) + ", which is not on the way from the graph's input to its output";
}

} // namespace rondo::io::detail
