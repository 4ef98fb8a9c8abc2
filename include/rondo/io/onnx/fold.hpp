// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "fold_node.hpp"
#include "fold_numbers.hpp"
#include "fold_parts.hpp"
#include "fold_shape.hpp"
#include "walk.hpp"

#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Constant folding: nodes whose inputs are tensors of the file, from exporters that do not fold them.

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
