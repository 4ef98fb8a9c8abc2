// SPDX-License-Identifier: MIT
#pragma once

#include "layer_weights.hpp"
#include "onnx_flow.hpp"
#include "onnx_graph.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::inline v0_1::io::detail {

/// A tensor of the file: of it the rows [begin, end) of its first axis, or, of a matrix, its transpose. What an Expand
/// makes of it is the same: the tensor says what is repeated.
struct OnnxConstant {
    Message tensor;
    std::size_t begin = 0, end = std::numeric_limits<std::size_t>::max();
    bool transposed = false;
    bool whole() const { return begin == 0 && end == std::numeric_limits<std::size_t>::max(); }
};
/// One number, repeated.
struct OnnxFill {
    double number = 0;
};
/// Extents: a shape, or part of one.
struct OnnxExtents {
    std::vector<OnnxDim> dims;
    bool scalar = false;
};
/// The states that recurrent layers end with, Y_h or Y_c, before they are told to be the data's way.
///
/// entries  2 layer + direction
/// form     stacked along an axis of their own, one without it, or joined along the features
struct OnnxStates {
    enum Form { stacked, single, joined };
    std::vector<std::uint32_t> entries;
    Form form = stacked;
    bool memory = false; // Y_c
};
/// Anything that is computed from the graph's inputs alone. A caller gives it: a first state, the lengths.
struct OnnxGiven {};

using OnnxValue = std::variant<OnnxConstant, OnnxFill, OnnxExtents, OnnxStates, OnnxGiven, OnnxFlow>;

/// A walk through a graph, from its input to its output: what every name stands for, and the layers so far. Functions
/// return what is wrong, or nothing.
struct OnnxWalk {
    OnnxGraph graph;
    std::map<std::string_view, OnnxValue> values;
    std::vector<LayerWeights> layers;
    OnnxFlow last;                         // the output of the last recurrent layer
    std::int64_t last_layout = 0;          // and its layout
    std::optional<OnnxFlow::Atom> time;    // which of the input's axes the steps are
    std::optional<bool> lengths;           // whether a caller gives those of the sequences
    std::optional<std::uint32_t> data;     // which input the layers read
    std::size_t to_keep = 0, to_read = 0;  // numbers and bytes that the file may still ask for

    std::optional<OnnxValue> find(std::string_view name) const {
        if (const auto found = values.find(name); found != values.end()) return found->second;
        const auto key = [](const auto& initializer) { return initializer.first; };
        const auto found = std::ranges::lower_bound(graph.initializers, name, {}, key);
        if (found == graph.initializers.end() || found->first != name) return std::nullopt;
        return OnnxConstant{found->second};
    }
    template <class T>
    std::optional<T> find_as(std::string_view name) const {
        const auto found = find(name);
        const T* as = found ? std::get_if<T>(&*found) : nullptr;
        return as ? std::optional<T>{*as} : std::nullopt;
    }

    /// The tensor that a name stands for, all of it.
    std::string tensor(std::string_view name, OnnxTensor& result) {
        const auto constant = find_as<OnnxConstant>(name);
        if (!constant || !constant->whole()) return quoted(name) + " is no tensor of the file";
        return tensor(constant->tensor, result);
    }
    /// Reads it, from a stock of bytes: a file may name the same tensor often, but not forever.
    std::string tensor(Message message, OnnxTensor& result) {
        if (to_read < message.size()) return "the file's tensors are read too often";
        to_read -= message.size();
        return read_onnx_tensor(message, result);
    }
    /// Its numbers, for a layer to keep.
    std::string numbers(const OnnxTensor& tensor, std::vector<double>& result) {
        if (!tensor.real()) return "tensor " + quoted(tensor.name) + " is of " + onnx_type_name(tensor.type) +
                                   "; expected FLOAT or DOUBLE";
        if (std::string problem = keep(tensor.size); !problem.empty()) return problem;
        result = onnx_numbers<double>(tensor);
        return {};
    }
    std::string keep(std::size_t count) {
        if (to_keep < count) return "the layers have more numbers than the file";
        to_keep -= count;
        return {};
    }

    /// Extents, computed or of the file: up to 8.
    std::optional<OnnxExtents> extents(std::string_view name) {
        if (auto computed = find_as<OnnxExtents>(name)) return computed;
        OnnxTensor found;
        if (!tensor(name, found).empty() || found.real() || found.rank > 1 || found.size > 8) return std::nullopt;
        OnnxExtents result{.dims = {}, .scalar = found.rank == 0};
        for (const std::int64_t number : onnx_numbers<std::int64_t>(found)) result.dims.push_back({number});
        return result;
    }
    /// Whole numbers of the file: an attribute of early opsets, an input of later ones.
    std::optional<std::vector<std::int64_t>> wholes(const OnnxNode& node, const char* attribute, std::size_t input) {
        if (const auto found = node.find(attribute)) return found->wholes;
        const auto found = extents(node.input(input));
        if (!found || !std::ranges::all_of(found->dims, &OnnxDim::known)) return std::nullopt;
        std::vector<std::int64_t> all;
        for (const OnnxDim& dim : found->dims) all.push_back(dim.times);
        return all;
    }

    void append(const OnnxNode& node, LayerFacts facts, std::vector<Array> arrays = {},
                std::vector<double> first = {}) {
        layers.push_back({node.called(), facts, std::move(arrays), std::move(first)});
    }
    /// The data where the layers so far end; it is what the next one reads.
    std::string tip(const OnnxNode& node, std::string_view name, OnnxFlow& result) {
        const auto found = find(name);
        if (!found) return "it reads " + quoted(name) + ", which nothing before it writes";
        if (const auto* states = std::get_if<OnnxStates>(&*found)) return end_of(node, *states, result);
        const auto* flow = std::get_if<OnnxFlow>(&*found);
        if (!flow) return "it reads " + quoted(name) + ", which is not on the way from the graph's input to its output";
        if (!data) data = flow->input;
        if (flow->after != layers.size() || flow->input != *data)
            return "it reads " + quoted(name) + ", which an earlier layer reads, too, or another input: the layers " +
                   "are no chain";
        result = *flow;
        return {};
    }
    /// The same, and its last axis is the features.
    std::string features(const OnnxNode& node, std::string_view name, OnnxFlow& result) {
        if (std::string problem = tip(node, name, result); !problem.empty()) return problem;
        if (result.rank > 0 && result.is_features(result.axes[result.rank - 1])) return {};
        return "the last axis of " + quoted(name) + " is not the features of a step";
    }

private:
    /// States become data: LastStep, FirstStep or FinalStates of the layer that ends with them.
    std::string end_of(const OnnxNode& node, const OnnxStates& states, OnnxFlow& result) {
        if (states.memory) return "it reads Y_c; Rondo's layers hand on h alone";
        const std::size_t both = last.has(OnnxFlow::directions) ? 2 : 1;
        bool all = states.entries.size() == both;
        for (std::size_t k = 0; all && k < both; ++k) all = states.entries[k] + 2 == 2 * layers.size() + k;
        if (!all) return "it reads a part of the final states that no layer of Rondo hands on";
        const int size = static_cast<int>(last.feature_count());
        result = {.sizes = last.sizes, .after = layers.size() + 1, .input = last.input};
        const auto batch = last.axes[last_layout == 0 ? 2 : 0];
        const auto of_direction = [&] {
            if (both == 2) result.add_axis({OnnxFlow::directions});
            else result.add_axis({});
        };
        if (states.form == OnnxStates::stacked && last_layout == 0) of_direction();
        result.axes[result.rank++] = batch;
        if (states.form == OnnxStates::stacked && last_layout == 1) of_direction();
        if (both == 2 && states.form != OnnxStates::stacked)
            result.add_axis({OnnxFlow::directions, OnnxFlow::features});
        else result.add_axis({OnnxFlow::features});
        const LayerKind one_way = layers.back().facts.reversed ? LayerKind::FirstStep : LayerKind::LastStep;
        append(node, {both == 2 ? LayerKind::FinalStates : one_way, size, size});
        return {};
    }
};

} // namespace rondo::io::detail
