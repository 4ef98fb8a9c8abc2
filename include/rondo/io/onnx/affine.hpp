// SPDX-License-Identifier: MIT
#pragma once

#include "results.hpp"
#include "walk.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Whether a tensor, whose axes are the last ones of x, has an extent other than 1 along the axes of features only.
inline bool onnx_along_features(const OnnxTensor& tensor, const OnnxFlow& x) {
    std::size_t begin = 0, end = tensor.rank;
    while (begin < end && tensor.dims[begin] == 1) ++begin;
    while (end > begin && tensor.dims[end - 1] == 1) --end;
    const std::size_t before = x.rank - tensor.rank;
    return x.are_features(before + begin, before + end);
}

/// The numbers of a tensor of the file, one for each of the features of x; or one for all.
inline std::string onnx_feature_numbers(OnnxWalk& walk, std::string_view name, const OnnxFlow& x,
                                        std::vector<double>& result) {
    const auto size = std::size_t(x.feature_count());
    if (std::string problem = walk.keep(size); !problem.empty()) return problem;
    if (const auto fill = walk.find_as<OnnxFill>(name); fill && !fill->condition && !fill->shape)
        return result.assign(size, fill->number), "";
    OnnxTensor tensor;
    if (std::string problem = walk.tensor(name, tensor); !problem.empty()) return problem;
    if (!tensor.real())
        return "tensor " + quoted(tensor.name) + " is of " + onnx_type_name(tensor.type) + "; expected FLOAT or DOUBLE";
    if (tensor.rank > x.rank || (tensor.size != 1 && (tensor.size != size || !onnx_along_features(tensor, x))))
        return quoted(name) + " has the shape " + tensor.shape() + "; expected one number, or one for each of the " +
               std::to_string(size) + " features";
    result = onnx_numbers<double>(tensor);
    if (tensor.size == 1) result.resize(size, result[0]);
    return {};
}

/// Add, Sub, Mul and Div of the data and of numbers, one for all features or one for each: y = scale x + shift. It
/// becomes a part of the Linear before it; else of the Linear or recurrent layer after it (OnnxWalk::append), as a
/// normalizer of the input does; between other layers it is a Linear by itself.
inline std::string onnx_affine(OnnxWalk& walk, const OnnxNode& node) {
    OnnxFlow x;
    const bool first = walk.find_as<OnnxFlow>(node.input(0)).has_value();
    if (std::string problem = walk.data(node, node.input(first ? 0 : 1), x); !problem.empty()) return problem;
    if (x.tokens) return "it does not read features";
    std::vector<double> numbers;
    if (std::string problem = onnx_feature_numbers(walk, node.input(first ? 1 : 0), x, numbers); !problem.empty())
        return problem;
    const std::size_t size = numbers.size();
    if (node.op == "Div" && !first) return "it divides by what a layer gives, which no layer of Rondo does";
    OnnxLayer affine{{node.called(), {LayerKind::Linear, int(size), int(size)}}, x.list[0].layer};
    affine.scale.assign(size, node.op == "Sub" && !first ? -1 : 1);
    affine.shift.resize(size);
    for (std::size_t k = 0; k < size; ++k)
        if (node.op == "Mul") affine.scale[k] = numbers[k];
        else if (node.op == "Div") affine.scale[k] = 1 / numbers[k];
        else affine.shift[k] = node.op == "Sub" && first ? -numbers[k] : numbers[k];

    const std::uint32_t id = x.list[0].layer;
    OnnxLayer made = std::move(affine);
    if (id > 0 && !walk.layer(id).scale.empty()) {
        const OnnxLayer& before = walk.layer(id);
        for (std::size_t k = 0; k < size; ++k) {
            made.shift[k] += made.scale[k] * before.shift[k];
            made.scale[k] *= before.scale[k];
        }
        made.before = before.before;
    } else if (id > 0 && walk.layer(id).weights.facts.kind == LayerKind::Linear) {
        const OnnxLayer& before = walk.layer(id);
        if (std::string problem = walk.keep(before.weights.arrays[0].values.size() + size); !problem.empty())
            return problem;
        OnnxLayer linear{before.weights, before.before};
        auto& arrays = linear.weights.arrays;
        const bool shifts = node.op == "Add" || node.op == "Sub";
        if (shifts && !linear.weights.facts.bias) arrays.push_back({size, 1, std::vector<double>(size)});
        linear.weights.facts.bias = linear.weights.facts.bias || shifts;
        for (std::size_t k = 0; k < arrays[0].values.size(); ++k)
            arrays[0].values[k] *= made.scale[k / arrays[0].columns];
        for (std::size_t k = 0; linear.weights.facts.bias && k < size; ++k)
            arrays[1].values[k] = made.scale[k] * arrays[1].values[k] + made.shift[k];
        made = std::move(linear);
    }
    made.blocks = std::uint8_t(x.list.size());
    walk.layers.push_back(std::move(made));
    walk.pass(x, std::uint32_t(walk.layers.size()));
    return onnx_result(walk, node, std::move(x)), "";
}

} // namespace rondo::io::detail
