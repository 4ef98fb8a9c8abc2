// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "combine.hpp"
#include "constants.hpp"
#include "graph.hpp"
#include "value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
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

/// The interpretation of a graph: the value of every name, and the layers so far, each of which reads an earlier one.
/// Functions return an error message, empty on success.
struct OnnxWalk : OnnxConstants {
    std::vector<OnnxLayer> layers;
    std::map<std::pair<std::uint32_t, std::int64_t>, std::uint32_t> derived; // layers without a node: see derive
    std::array<std::string_view, 2> open{};                                  // names of the two open extents
    std::optional<std::pair<std::size_t, std::size_t>> features_at{}; // axes of the graph's inputs; by default the last
    std::size_t window_inputs = 0; // of convolutions, pads, pooling and batch norms that have the axes they expect
    std::uint32_t open_steps = 0;  // open numbers of steps that convolutions and pads have made
    bool reads_data = false;
    bool valid = false; // whether all of them are nodes of ONNX

    /// A number of steps that is not known, and not equal to any other.
    OnnxDim fresh_steps() { return {1, {0, 0, 1}, ++open_steps}; }

    const OnnxLayer& layer(std::uint32_t id) const { return layers[id - 1]; }

    /// Appends a layer whose input is `before`; returns its number, which flows use.
    std::uint32_t append(const OnnxNode& node, std::uint32_t before, LayerFacts facts, std::uint8_t blocks,
                         std::vector<Array> arrays = {}, std::vector<double> first = {}) {
        layers.push_back({{node.called(), facts, std::move(arrays), std::move(first)}, before, blocks});
        if (before > 0 && !layer(before).scale.empty() && (facts.kind == LayerKind::Linear || is_recurrent(facts.kind)))
            onnx_absorb(layers.back(), layer(before));
        return static_cast<std::uint32_t>(layers.size());
    }
    /// Makes x the output of the layer `id`, which has as many features as x.
    static void pass(OnnxFlow& x, std::uint32_t id) {
        for (std::size_t k = 0; k < x.list.size(); ++k) x.list[k] = {id, std::uint8_t(k)};
    }

    /// The data of that name, as the whole output of one layer.
    std::string data(const OnnxNode& node, std::string_view name, OnnxFlow& result) {
        std::string problem = padded_data(node, name, result);
        if (problem.empty() && result.padded()) return "it reads steps with padding; only a convolution or a pool does";
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

    /// Combines parts to the whole output of one layer: a forward and a reversed layer to a bidirectional layer, final
    /// states to LastStep, FirstStep, FinalStates or FinalCellState.
    std::string settle(const OnnxNode& node, OnnxFlow& x) {
        if (x.cut) return "it reads a part of the graph's input" + std::string{unrolled};
        const bool two = x.list.size() == 2 && x.list[0].layer != x.list[1].layer && !x.is_input();
        if (two)
            if (std::string problem = join(x); !problem.empty()) return problem;
        const std::uint32_t id = x.list[0].layer;
        bool all = x.list.size() == (id == 0 ? 1 : std::size_t(layer(id).blocks));
        for (std::size_t k = 0; all && k < x.list.size(); ++k) all = x.list[k].layer == id && x.list[k].block == k;
        if (!all) return part_problem(x);
        const auto each = [&](auto what) { return range::all_of(x.list, what); };
        if (each([](const Part& part) { return part.what == Part::steps; })) return {};

        const auto of_memory = [](const Part& part) { return part.what == Part::memory; };
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
        else if (each(of_memory)) kind = LayerKind::FinalCellState;
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
            layers.push_back(onnx_bidirectional(ahead, back, facts.bias));
            return static_cast<std::uint32_t>(layers.size());
        };
        const std::uint32_t id = derive(x.list[0].layer, x.list[1].layer, make);
        for (std::size_t k = 0; k < 2; ++k) x.list[k] = {id, std::uint8_t(k), x.list[k].what};
        return problem;
    }
    std::string part_problem(const OnnxFlow& x) const {
        const auto all = [&](auto what) { return range::all_of(x.list, what); };
        const auto of_memory = [](const Part& part) { return part.what == Part::memory; };
        if (all([](const Part& part) { return part.what == Part::end; }) || all(of_memory))
            return "it reads a part of the final states that no layer of Rondo hands on";
        const auto same = [&](const Part& part) { return part.layer == x.list[0].layer; };
        if (range::any_of(x.list, of_memory)) return "it joins Y_c with other values";
        if (all(same)) return "it reads some of the features that a layer gives, or in another order";
        return "it joins what two layers give: the layers are no chain";
    }
};

} // namespace rondo::io::detail
