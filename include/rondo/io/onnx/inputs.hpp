// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "../file.hpp"
#include "../layer_weights.hpp"
#include "external.hpp"
#include "walk.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// Options of read_onnx.
///
/// output    name of the graph's output that is the network's; empty if the graph has only one
/// limit     total size of the file and its external data in bytes
/// convert   converts FLOAT16 and BFLOAT16, which a Model does not support, to FLOAT
/// external  returns files with external data; by default they are read from the model's folder, if it is read from a
///           path
/// inputs    tensors for inputs of the graph by name, such as weights that the file does not contain
struct OnnxOptions {
    std::string_view output{};
    std::size_t limit = default_limit;
    bool convert = false;
    OnnxExternal external{};
    std::vector<NamedArray> inputs{};
};

namespace detail {

/// Which of the two open extents of OnnxDim the k-th axis of an input's steps and sequences has: the k-th, unless the
/// other one has its name, and no axis before it does.
inline std::size_t onnx_open_extent(OnnxWalk& walk, std::string_view name, std::string_view first, std::size_t k) {
    const bool swapped = !name.empty() && walk.open[k] != name && walk.open[1 - k] == name;
    if (swapped && (k == 0 || first != name)) return 1 - k;
    if (walk.open[k].empty()) walk.open[k] = name;
    return k;
}

/// A graph input as data: features, or tokens, of steps and sequences; which axis is time is known from the layers. An
/// input of one or two axes whose last extent is dynamic has no axis of features. The walk may say that others than the
/// last axis are those of the features.
inline OnnxValue onnx_input(OnnxWalk& walk, const OnnxValueInfo& info, std::uint32_t index) {
    OnnxFlow flow;
    flow.input = index;
    flow.tokens = flow.whole = info.type == OnnxTensor::int32 || info.type == OnnxTensor::int64;
    const std::size_t rank = info.shape.size();
    if (!info.has_shape || rank < 1) return OnnxGiven{};
    if (walk.features_at && !flow.tokens && walk.features_at->second <= rank) {
        const auto [begin, end] = *walk.features_at;
        if (rank > OnnxFlow::most_axes || rank - (begin < end ? 1 : 0) > OnnxFlow::stack) return OnnxGiven{};
        std::size_t atoms = 0, open = 0;
        std::string_view name;
        for (std::size_t k = 0; k < rank; ++k) {
            const auto extent = info.shape[k];
            const bool inner = k >= begin && k < end, last = k + 1 == end && inner;
            if ((inner && extent < 1) || (extent < 1 && open == 2)) return OnnxGiven{};
            const auto atom = last ? OnnxFlow::features : OnnxFlow::Atom(atoms++);
            if (inner && !last) flow.several |= 1u << atom;
            flow.add_axis({atom});
            flow.sizes[atom] = {extent};
            if (extent > 0) continue;
            flow.sizes[atom] = {1};
            flow.sizes[atom].powers[onnx_open_extent(walk, info.open[k], name, open)] = 1;
            if (open++ == 0) name = info.open[k];
        }
        flow.settle();
        return flow;
    }
    if (rank > 3) return OnnxGiven{};
    const bool features = !flow.tokens && (rank == 3 || info.shape.back() >= 1);
    const std::size_t others = features ? rank - 1 : rank;
    if (others > 2 || (features && info.shape.back() < 1)) return OnnxGiven{};
    for (std::size_t k = 0; k < others; ++k) {
        const auto extent = info.shape[k];
        flow.add_axis({k == 0 ? OnnxFlow::first : OnnxFlow::second});
        flow.sizes[k] = {extent};
        if (extent > 0) continue;
        flow.sizes[k] = {1};
        flow.sizes[k].powers[onnx_open_extent(walk, info.open[k], info.open[0], k)] = 1;
    }
    if (!features) return flow;
    flow.add_axis({OnnxFlow::features});
    flow.sizes[OnnxFlow::features] = {info.shape.back()};
    flow.settle();
    return flow;
}

/// Adds a caller's tensor for an input as if it were in the file.
inline std::string give_onnx_input(OnnxWalk& walk, const OnnxValueInfo& info, const NamedArray& array) {
    auto numbers = std::make_shared<const std::vector<double>>(array.values);
    auto tensor = std::make_shared<OnnxTensor>();
    tensor->name = info.name;
    tensor->type = OnnxTensor::float64;
    bool fits =
        array.shape.size() <= tensor->dims.size() && (!info.has_shape || info.shape.size() == array.shape.size());
    for (std::size_t k = 0; fits && k < array.shape.size(); ++k) {
        const std::size_t extent = tensor->dims[tensor->rank++] = array.shape[k];
        fits = !info.has_shape || info.shape[k] < 0 || std::uint64_t(info.shape[k]) == extent;
        fits = fits && (extent == 0 || tensor->size <= array.values.size() / extent);
        tensor->size *= extent;
    }
    if (info.type != OnnxTensor::float32 && info.type != OnnxTensor::float64 && info.type != OnnxTensor::float16 &&
        info.type != OnnxTensor::bfloat16)
        return "it is of " + onnx_type_name(info.type) + "; only inputs of FLOAT and DOUBLE can be given";
    if (!fits || tensor->size != array.values.size()) {
        const auto text = [](const auto& list) {
            std::string all;
            for (const auto extent : list) (all += all.empty() ? "" : ",") += std::to_string(extent);
            return '[' + all + ']';
        };
        return "expected " + (info.has_shape ? text(info.shape) : "as many numbers as its shape says") + ", got " +
               std::to_string(array.values.size()) + " numbers of the shape " + text(array.shape);
    }
    walk.allow(sizeof(float) * tensor->size);
    tensor->computed = std::move(numbers);
    walk.values.emplace(info.name, OnnxConstant{{}, std::move(tensor)});
    return {};
}

/// Reads the graph's inputs: data, states and lengths that the caller of the network provides, and tensors of the file
/// or the options.
inline std::string read_onnx_inputs(OnnxWalk& walk, const OnnxOptions& options) {
    std::size_t given = 0;
    for (std::size_t k = 0; k < walk.graph.inputs.size(); ++k) {
        OnnxValueInfo info;
        if (std::string problem = read_onnx_value_info(walk.graph.inputs[k], info); !problem.empty()) return problem;
        const std::string called = "input " + quoted(info.name) + ": ";
        if (walk.values.contains(info.name)) return "two inputs are called " + quoted(info.name);
        for (const std::int64_t extent : info.shape)
            if (extent > onnx_most_extent)
                return called + "an axis of it has " + std::to_string(extent) + "; expected at most " +
                       std::to_string(onnx_most_extent);
        if (const auto array = range::find(options.inputs, info.name, &NamedArray::name);
            array != options.inputs.end()) {
            if (std::string problem = give_onnx_input(walk, info, *array); !problem.empty()) return called + problem;
            ++given;
        } else if (auto initializer = walk.find(info.name)) { // a default value, which the options may replace
            walk.values.emplace(info.name, std::move(*initializer));
        } else {
            walk.values.emplace(info.name, onnx_input(walk, info, std::uint32_t(k)));
        }
    }
    if (given == options.inputs.size()) return {};
    for (const NamedArray& array : options.inputs)
        if (!walk.values.contains(array.name)) return "the graph has no input " + quoted(std::string_view{array.name});
    return "OnnxOptions::inputs has a name twice";
}

} // namespace detail

} // namespace rondo::io
