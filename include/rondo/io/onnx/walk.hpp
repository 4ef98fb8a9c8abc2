// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "external.hpp"
#include "graph.hpp"
#include "value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Advice for graphs with an unrolled cell.
inline constexpr std::string_view unrolled = "; a loop over the steps of a cell is read where it is exported as a "
                                             "recurrent layer (nn.LSTM, nn.GRU; nn.RNN with dynamo=False)";

/// The longest list of extents, axes, or pads that is followed through a graph.
inline constexpr std::size_t onnx_most_list = 16;

/// The interpretation of a graph: the value of every name, and the layers so far, each of which reads an earlier one.
/// Functions return an error message, empty on success.
struct OnnxWalk {
    OnnxGraph graph;
    std::map<std::string_view, OnnxValue> values;
    std::vector<OnnxLayer> layers;
    std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> derived; // layers without a node: see derive
    std::array<std::string_view, 2> open{};                                  // names of the two open extents
    std::optional<std::pair<std::size_t, std::size_t>> features_at{}; // axes of the graph's inputs; by default the last
    std::size_t window_inputs =
        0; // inputs of convolutions, pads, pooling and batch norms that have the axes they expect
    std::uint32_t open_steps = 0; // open numbers of steps that convolutions and pads have made
    bool reads_data = false;
    bool valid = false;                                     // whether all of them are nodes of ONNX
    OnnxFiles* files = nullptr;                             // external data
    bool convert = false;                                   // whether FLOAT16 and BFLOAT16 are converted
    std::uint64_t to_keep = 0, to_read = 0, to_compute = 0; // remaining limits: elements, bytes, elements

    /// Raises the limits for `bytes` more of input.
    void allow(std::size_t bytes) {
        constexpr std::uint64_t often = 64, copies = 3;
        to_keep += bytes;
        to_read += bytes * often;
        to_compute += bytes * copies;
    }

    std::optional<OnnxValue> find(std::string_view name) const {
        if (const auto found = values.find(name); found != values.end()) return found->second;
        const auto key = [](const auto& initializer) { return initializer.first; };
        const auto found = range::lower_bound(graph.initializers, name, {}, key);
        if (found == graph.initializers.end() || found->first != name) return std::nullopt;
        return OnnxConstant{found->second};
    }
    template <class T>
    std::optional<T> find_as(std::string_view name) const {
        const auto found = find(name);
        const T* as = found ? std::get_if<T>(&*found) : nullptr;
        return as ? std::optional<T>{*as} : std::nullopt;
    }

    /// The tensor of that name.
    std::string tensor(std::string_view name, OnnxTensor& result) {
        const auto constant = find_as<OnnxConstant>(name);
        if (!constant) return no_tensor(name);
        if (constant->repeated != 0) return quoted(name) + " is a tensor that is expanded to an open shape";
        return tensor(*constant, result);
    }
    /// The same, for the weights of a layer.
    std::string tensor(const OnnxConstant& constant, OnnxTensor& result) {
        std::string problem = header(constant, result);
        if (problem.empty() && result.half() && !convert)
            problem = result.called() + "is of " + onnx_type_name(result.type) +
                      "; expected FLOAT or DOUBLE, or OnnxOptions::convert, which converts it";
        return problem;
    }
    /// Everything except the elements. A limit of bytes bounds how often a file can name the same tensor.
    std::string header(const OnnxConstant& constant, OnnxTensor& result) {
        const std::uint64_t bytes =
            constant.computed ? constant.computed->size * sizeof(double) : constant.message.size();
        if (to_read < bytes) return "the file's tensors are read too often";
        to_read -= bytes;
        if (constant.computed) return result = *constant.computed, std::string{};
        if (std::string problem = read_onnx_tensor(constant.message, result); !problem.empty()) return problem;
        if (!result.place) return {};
        Message file;
        std::size_t fresh = 0;
        if (std::string problem = files->find(result.place->location, file, fresh); !problem.empty())
            return result.called() + problem;
        allow(fresh);
        if (std::string problem = place_onnx_tensor(result, file); !problem.empty()) return problem;
        if (to_read < result.raw->size()) return "the file's tensors are read too often";
        to_read -= result.raw->size();
        return {};
    }
    /// A constant of FLOAT, DOUBLE, FLOAT16 or BFLOAT16 that can be folded.
    bool real_constant(std::string_view name, OnnxTensor& result) {
        const auto constant = find_as<OnnxConstant>(name);
        return constant && constant->repeated == 0 && header(*constant, result).empty() && result.real();
    }
    /// Its elements, which may be whole numbers.
    static std::shared_ptr<const std::vector<double>> reals(const OnnxTensor& tensor) {
        if (tensor.computed) return tensor.computed;
        if (tensor.real()) return std::make_shared<const std::vector<double>>(onnx_numbers<double>(tensor));
        const auto whole = onnx_numbers<std::int64_t>(tensor);
        return std::make_shared<const std::vector<double>>(whole.begin(), whole.end());
    }
    /// Its elements, for the weights of a layer.
    std::string numbers(const OnnxTensor& tensor, std::vector<double>& result) {
        if (!tensor.real())
            return "tensor " + quoted(tensor.name) + " is of " + onnx_type_name(tensor.type) +
                   "; expected FLOAT or DOUBLE";
        if (std::string problem = keep(tensor.size); !problem.empty()) return problem;
        result = onnx_numbers<double>(tensor);
        return {};
    }
    /// A number of steps that is not known, and not equal to any other.
    OnnxDim fresh_steps() { return {1, {0, 0, 1}, ++open_steps}; }

    std::string keep(std::size_t count) {
        if (to_keep < count) return "the layers have more numbers than the file";
        to_keep -= count;
        return {};
    }

    /// Up to onnx_most_list extents, computed or of the file.
    std::optional<OnnxExtents> extents(std::string_view name) {
        if (auto computed = find_as<OnnxExtents>(name)) return computed;
        OnnxTensor found;
        if (!tensor(name, found).empty() || found.real() || found.rank > 1 || found.size > onnx_most_list)
            return std::nullopt;
        OnnxExtents result{.dims = {}, .scalar = found.rank == 0};
        for (const std::int64_t number : onnx_numbers<std::int64_t>(found)) result.dims.push_back({number});
        return result;
    }
    /// A scalar.
    std::optional<double> number(std::string_view name) {
        OnnxTensor found;
        if (!tensor(name, found).empty() || found.size != 1) return std::nullopt;
        return found.real() ? onnx_numbers<double>(found)[0] : double(onnx_numbers<std::int64_t>(found)[0]);
    }
    /// Whole numbers: an attribute in early opsets, an input in later ones.
    std::optional<std::vector<std::int64_t>> wholes(const OnnxNode& node, const char* attribute, std::size_t input) {
        if (const auto found = node.find(attribute)) return found->wholes;
        const auto found = extents(node.input(input));
        if (!found || !range::all_of(found->dims, &OnnxDim::known)) return std::nullopt;
        std::vector<std::int64_t> all;
        for (const OnnxDim& dim : found->dims) all.push_back(dim.times);
        return all;
    }

    /// Any number of whole numbers, computed or of the file.
    std::optional<std::vector<std::int64_t>> wholes(std::string_view name, bool& scalar) {
        OnnxTensor found;
        const auto constant = find_as<OnnxConstant>(name);
        if (constant && header(*constant, found).empty() && !found.real() && found.rank < 2) {
            scalar = found.rank == 0;
            return onnx_numbers<std::int64_t>(found);
        }
        const auto computed = extents(name);
        if (!computed || !range::all_of(computed->dims, &OnnxDim::known)) return std::nullopt;
        scalar = computed->scalar;
        std::vector<std::int64_t> all;
        for (const OnnxDim& dim : computed->dims) all.push_back(dim.times);
        return all;
    }

    const OnnxLayer& layer(std::uint32_t id) const { return layers[id - 1]; }

    /// Appends a layer whose input is `before`; returns its number, which flows use.
    std::uint32_t append(const OnnxNode& node, std::uint32_t before, LayerFacts facts, std::uint8_t blocks,
                         std::vector<Array> arrays = {}, std::vector<double> first = {}) {
        layers.push_back({{node.called(), facts, std::move(arrays), std::move(first)}, before, blocks});
        if (before > 0 && !layer(before).scale.empty() && (facts.kind == LayerKind::Linear || is_recurrent(facts.kind)))
            absorb(layers.back(), layer(before));
        return static_cast<std::uint32_t>(layers.size());
    }
    /// Makes x the output of the layer `id`, which has as many features as x.
    static void pass(OnnxFlow& x, std::uint32_t id) {
        for (std::size_t k = 0; k < x.list.size(); ++k) x.list[k] = {id, std::uint8_t(k)};
    }

    /// The data of that name, as the whole output of one layer.
    std::string data(const OnnxNode& node, std::string_view name, OnnxFlow& result) {
        std::string problem = padded_data(node, name, result);
        if (problem.empty() && result.padded()) return "it reads steps with padding; only a convolution does";
        return problem;
    }
    /// The same, possibly with padding around its steps.
    std::string padded_data(const OnnxNode& node, std::string_view name, OnnxFlow& result) {
        const auto found = find(name);
        if (!found) return "it reads " + quoted(name) + ", which nothing before it writes";
        const auto* flow = std::get_if<OnnxFlow>(&*found);
        if (const auto* given = std::get_if<OnnxGiven>(&*found); given && given->why)
            return "it reads what " + *given->why;
        if (!flow) return "it reads " + quoted(name) + ", which is not on the way from the graph's input to its output";
        result = *flow;
        if (result.feature_count() > onnx_most_extent || result.feature_count() < 1)
            return "it reads " + std::to_string(result.feature_count()) + " features; expected at most " +
                   std::to_string(onnx_most_extent);
        reads_data = true;
        if (std::string problem = settle(node, result); !problem.empty()) return problem;
        return flatten(node, result);
    }
    /// The same, with the features as its last axis.
    std::string features(const OnnxNode& node, std::string_view name, OnnxFlow& result) {
        if (std::string problem = data(node, name, result); !problem.empty()) return problem;
        if (result.rank > 0 && result.is_features(result.axes[result.rank - 1])) return result.merge_features(), "";
        if (result.rank > 0 && result.is_input() && !result.tokens && result.axes[result.rank - 1].count == 0 &&
            result.several == 0 &&
            !(result.has(OnnxFlow::first) && result.has(OnnxFlow::second))) { // input without an axis of features
            const auto other = result.has(OnnxFlow::first) ? OnnxFlow::second : OnnxFlow::first;
            result.replace(OnnxFlow::features, {other});
            result.sizes[other] = std::exchange(result.sizes[OnnxFlow::features], {});
            return {};
        }
        return "the last axis of " + quoted(name) + " is not the features of a step";
    }

private:
    using Part = OnnxPart;

    /// Computes W (scale x + shift) + b as one product, for a Linear or recurrent layer.
    static void absorb(OnnxLayer& made, const OnnxLayer& affine) {
        auto& [name, facts, arrays, first] = made.weights;
        made.before = affine.before;
        const std::size_t kinds = facts.kind == LayerKind::Linear ? 1 : 2, // of weights
            each = arrays.size() / std::size_t(facts.directions), count = each + (facts.bias ? 0 : kinds);
        const bool shifts = range::any_of(affine.shift, [](double number) { return number != 0; });
        for (std::size_t d = 0, at = 0; d < std::size_t(facts.directions); ++d, at += shifts ? count : each) {
            const std::size_t rows = arrays[at].rows, columns = arrays[at].columns;
            if (shifts && !facts.bias)
                arrays.insert(arrays.begin() + std::ptrdiff_t(at + kinds), kinds,
                              Array{rows, 1, std::vector<double>(rows)});
            for (std::size_t k = 0; k < rows * columns; ++k) {
                double& weight = arrays[at].values[k];
                if (shifts) arrays[at + kinds].values[k / columns] += weight * affine.shift[k % columns];
                weight *= affine.scale[k % columns];
            }
        }
        facts.bias = facts.bias || shifts;
    }

    std::string no_tensor(std::string_view name) const {
        const auto value = find(name);
        const auto* flow = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
        const bool input = value && (std::holds_alternative<OnnxGiven>(*value) || (flow && flow->is_input()));
        return quoted(name) + (input ? " is an input of the graph; give its numbers by OnnxOptions::inputs"
                                     : " is no tensor of the file");
    }

    /// Combines parts to the whole output of one layer: a forward and a reversed layer to a bidirectional layer, final
    /// states to LastStep, FirstStep or FinalStates.
    std::string settle(const OnnxNode& node, OnnxFlow& x) {
        if (x.cut) return "it reads a part of the graph's input" + std::string{unrolled};
        const auto of_memory = [](const Part& part) { return part.what == Part::memory; };
        if (range::any_of(x.list, of_memory)) return "it reads Y_c; Rondo's layers hand on h alone";
        const bool two = x.list.size() == 2 && x.list[0].layer != x.list[1].layer && !x.is_input();
        if (two)
            if (std::string problem = join(x); !problem.empty()) return problem;
        const std::uint32_t id = x.list[0].layer;
        bool all = x.list.size() == (id == 0 ? 1 : std::size_t(layer(id).blocks));
        for (std::size_t k = 0; all && k < x.list.size(); ++k) all = x.list[k].layer == id && x.list[k].block == k;
        if (!all) return part_problem(x);
        const auto each = [&](auto what) { return range::all_of(x.list, what); };
        if (each([](const Part& part) { return part.what == Part::steps; })) return {};

        const auto back = [&](const Part& part) { return part.layer > 0 && is_back(part); };
        const auto ends = [&](const Part& part) {
            return part.what == Part::end ||
                   (part.what == (back(part) ? Part::first : Part::last) && is_recurrent(layer(id).weights.facts.kind));
        };
        const auto at_last = [&](const Part& part) {
            return part.what == Part::last || (part.what == Part::end && !back(part));
        };
        const auto at_first = [&](const Part& part) {
            return part.what == Part::first || (part.what == Part::end && back(part));
        };
        LayerKind kind = LayerKind::other;
        if (each(at_last)) kind = LayerKind::LastStep;
        else if (each(at_first)) kind = LayerKind::FirstStep;
        else if (id > 0 && x.list.size() == 2 && each(ends)) kind = LayerKind::FinalStates;
        else return part_problem(x);
        if (id == 0 && kind == LayerKind::FirstStep && !x.time)
            return "it reads a step by itself" + std::string{unrolled};
        const int size = static_cast<int>(x.feature_count());
        pass(x, derive(id, -std::int64_t(kind),
                       [&] { return append(node, id, {kind, size, size}, std::uint8_t(x.list.size())); }));
        return {};
    }
    /// Steps and features along one axis are a Flatten.
    std::string flatten(const OnnxNode& node, OnnxFlow& x) {
        for (std::size_t k = 0; k < x.rank; ++k) {
            const OnnxFlow::Axis axis = x.wide(x.axes[k]);
            if (axis.count < 2 || x.tokens) continue;
            const bool first = x.is_outer(axis.atoms[0]);
            const auto time = axis.atoms[first ? 0 : axis.count - 1];
            OnnxFlow::Axis rest;
            for (std::size_t n = first ? 1 : 0; n + (first ? 0 : 1) < axis.count; ++n) rest.add(axis.atoms[n]);
            const OnnxDim steps = x.sizes[time];
            if (!x.is_outer(time) || !x.is_features(rest) || !steps.known() || (x.time && *x.time != time)) continue;
            if (x.lengths || x.flipped || x.padded()) continue;
            const std::int64_t size = x.feature_count() * steps.times;
            if (size > onnx_most_extent) return "it reads " + std::to_string(size) + " features";
            LayerFacts facts{LayerKind::Flatten, int(x.feature_count()), int(size)};
            facts.count = int(steps.times);
            facts.features_first = !first;
            const std::uint32_t id = x.list[0].layer;
            x.list = {
                OnnxPart{derive(id, -std::int64_t(first ? 1000 : 1001), [&] { return append(node, id, facts, 1); })}};
            x.time = time;
            x.several = 0;
            x.axes[k] = {};
            x.axes[k].add(OnnxFlow::features);
            x.sizes[OnnxFlow::features] = {size};
        }
        return {};
    }
    /// Whether the part is of a direction that begins at the last step.
    bool is_back(const Part& part) const { return part.block == 1 || layer(part.layer).weights.facts.reversed; }

    /// The layer that is derived from the layer `of` and from `with`, another layer or a negative kind. It is made only
    /// once; 0 if it cannot be made.
    template <class Make>
    std::uint32_t derive(std::uint32_t of, std::int64_t with, Make&& make) {
        const std::pair key{of, with};
        if (const auto found = derived.find(key); found != derived.end()) return found->second;
        const std::uint32_t made = make();
        if (made != 0) derived.emplace(key, made);
        return made;
    }

    /// Joins two layers, one forward, one reversed, of the same sizes and with the same input.
    std::string join(OnnxFlow& x) {
        const OnnxLayer &ahead = layer(x.list[0].layer), &back = layer(x.list[1].layer);
        LayerFacts facts = ahead.weights.facts, other = back.weights.facts;
        const bool ways = !facts.reversed && other.reversed && facts.directions == 1 && is_recurrent(facts.kind);
        other.reversed = false;
        other.bias = facts.bias = facts.bias || other.bias;
        if (!ways || facts != other || ahead.before != back.before) return part_problem(x);
        std::string problem;
        const auto make = [&] {
            std::size_t count = 0;
            for (const OnnxLayer* one : {&ahead, &back})
                for (const Array& array : one->weights.arrays) count += array.values.size();
            if (problem = keep(count); !problem.empty()) return std::uint32_t(0);
            OnnxLayer both{ahead.weights, ahead.before, 2};
            both.weights.facts.directions = 2;
            both.weights.facts.bias = facts.bias;
            both.weights.arrays.clear();
            for (const OnnxLayer* one : {&ahead, &back}) {
                auto& arrays = both.weights.arrays;
                arrays.insert(arrays.end(), one->weights.arrays.begin(), one->weights.arrays.end());
                const std::size_t rows = one->weights.arrays[0].rows; // of biases, where the other direction has some
                if (facts.bias && !one->weights.facts.bias)
                    arrays.insert(arrays.end() - std::ptrdiff_t(one->weights.arrays.size()) + 2, 2,
                                  Array{rows, 1, std::vector<double>(rows)});
            }
            const std::size_t hidden = std::size_t(facts.output), parts = std::size_t(components_of(facts.kind));
            std::vector<double> none(parts * hidden), first;
            for (std::size_t k = 0; k < parts * hidden; k += hidden)
                for (const OnnxLayer* one : {&ahead, &back}) {
                    const auto& state = one->weights.first.empty() ? none : one->weights.first;
                    first.insert(first.end(), state.begin() + std::ptrdiff_t(k),
                                 state.begin() + std::ptrdiff_t(k + hidden));
                }
            const bool zero = ahead.weights.first.empty() && back.weights.first.empty();
            both.weights.first = zero ? std::vector<double>{} : std::move(first);
            layers.push_back(std::move(both));
            return static_cast<std::uint32_t>(layers.size());
        };
        const std::uint32_t id = derive(x.list[0].layer, x.list[1].layer, make);
        for (std::size_t k = 0; k < 2; ++k) x.list[k] = {id, std::uint8_t(k), x.list[k].what};
        return problem;
    }
    std::string part_problem(const OnnxFlow& x) const {
        const auto all = [&](auto what) { return range::all_of(x.list, what); };
        if (all([](const Part& part) { return part.what == Part::end; }))
            return "it reads a part of the final states that no layer of Rondo hands on";
        const auto same = [&](const Part& part) { return part.layer == x.list[0].layer; };
        if (all(same)) return "it reads some of the features that a layer gives, or in another order";
        return "it joins what two layers give: the layers are no chain";
    }
};

/// Whether a tensor is a short list or matrix of whole numbers that are exact as double.
inline bool onnx_exact(const OnnxTensor& tensor) {
    constexpr double most = 9007199254740992;
    return (tensor.type == OnnxTensor::int64 || tensor.type == OnnxTensor::int32) && tensor.size <= onnx_most_list &&
           range::all_of(*OnnxWalk::reals(tensor), [](double number) { return number > -most && number < most; });
}

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
