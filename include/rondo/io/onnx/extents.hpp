// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "activation.hpp"
#include "affine.hpp"
#include "results.hpp"
#include "select.hpp"
#include "walk.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

// Operators on extents, and on tensors whose elements are all equal.

inline std::string onnx_shape(OnnxWalk& walk, const OnnxNode& node) {
    const auto value = walk.find(node.input(0));
    const auto* flow = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
    std::vector<OnnxDim> shape;
    if (flow) {
        shape = flow->shape();
    } else if (const auto fill = walk.find_as<OnnxFill>(node.input(0))) {
        if (!fill->shape) return "its input's shape is not known";
        shape = *fill->shape;
    } else {
        OnnxTensor tensor;
        if (std::string problem = walk.tensor(node.input(0), tensor); !problem.empty()) return problem;
        for (std::size_t k = 0; k < tensor.rank; ++k) shape.push_back({std::int64_t(tensor.dims[k])});
    }
    const auto all = static_cast<std::int64_t>(shape.size());
    const auto clamp = [all](std::int64_t at) {
        return std::clamp<std::int64_t>(at < 0 ? (std::max)(at, -all) + all : at, 0, all);
    };
    const auto begin = clamp(node.whole("start", 0)), end = clamp(node.whole("end", all));
    OnnxExtents result;
    if (begin < end) result.dims.assign(shape.begin() + std::ptrdiff_t(begin), shape.begin() + std::ptrdiff_t(end));
    return onnx_result(walk, node, std::move(result)), "";
}

/// Tokens times a condition, which is 0 or 1.
inline std::optional<OnnxValue> onnx_chosen(OnnxWalk& walk, const OnnxNode& node) {
    for (const std::size_t k : {0u, 1u}) {
        const auto condition = walk.find_as<OnnxFill>(node.input(k));
        const auto value = walk.find(node.input(1 - k));
        const auto* tokens = value ? std::get_if<OnnxFlow>(&*value) : nullptr;
        const bool given = value && std::holds_alternative<OnnxGiven>(*value);
        if (!condition || !condition->condition || !((tokens && tokens->tokens) || given)) continue;
        return condition->number == 0 ? OnnxValue{*condition} : *value;
    }
    return std::nullopt;
}

/// Where with a constant condition is one of its two inputs.
inline std::string onnx_where(OnnxWalk& walk, const OnnxNode& node) {
    const auto condition = walk.find_as<OnnxFill>(node.input(0));
    if (!condition || !condition->condition) return "it chooses number by number, which no layer of Rondo does";
    const auto value = walk.find(node.input(condition->number != 0 ? 1 : 2));
    return value ? (onnx_result(walk, node, *value), "") : "it reads what nothing writes";
}

/// A state that is an input of the graph, times a mask, another input d or 1 - d: where an episode begins, the caller
/// resets the state. Nothing for other products.
inline std::optional<OnnxGiven> onnx_masked(OnnxWalk& walk, const OnnxNode& node, const OnnxFlow& state,
                                            const OnnxFlow& mask) {
    const std::uint32_t id = mask.list[0].layer;
    const auto all = [](const std::vector<double>& numbers, double wanted) {
        return range::all_of(numbers, [=](double number) { return number == wanted; });
    };
    const bool inverted = id > 0 && mask.list.size() == 1 && walk.layer(id).before == 0 &&
                          !walk.layer(id).scale.empty() && all(walk.layer(id).scale, -1) &&
                          all(walk.layer(id).shift, 1);
    if (!state.is_input() || state.input == mask.input || mask.feature_count() != 1 || !(mask.is_input() || inverted))
        return {};
    return OnnxGiven{std::make_shared<const std::string>(node.called() + " makes: it multiplies two inputs"),
                     {state.input, mask.input}};
}

/// Mul of what two nodes give.
inline std::string onnx_product(OnnxWalk& walk, const OnnxNode& node, const OnnxFlow& a, const OnnxFlow& b) {
    if (auto silu = onnx_silu(walk, node)) return *silu;
    auto masked = onnx_masked(walk, node, a, b);
    if (!masked) masked = onnx_masked(walk, node, b, a);
    if (masked) return onnx_result(walk, node, std::move(*masked)), "";
    return "it multiplies what a layer gives, which no layer of Rondo does";
}

/// Mul of extents, elementwise; ReduceProd of extents.
inline std::string onnx_mul(OnnxWalk& walk, const OnnxNode& node) {
    const auto a = walk.extents(node.input(0));
    if (node.op == "ReduceProd") {
        OnnxDim all;
        for (const OnnxDim& dim : a ? a->dims : std::vector<OnnxDim>{})
            all = OnnxDim::product(all, dim).value_or(OnnxDim{-2});
        if (!a || all.is(-2)) return "it multiplies other things than extents";
        return onnx_result(walk, node, OnnxExtents{{all}, node.whole("keepdims", 1) == 0}), "";
    }
    if (auto chosen = onnx_chosen(walk, node)) return onnx_result(walk, node, std::move(*chosen)), "";
    const auto one = walk.find_as<OnnxFlow>(node.input(0)), other = walk.find_as<OnnxFlow>(node.input(1));
    if (one && other) return onnx_product(walk, node, *one, *other);
    if (one || other) return onnx_affine(walk, node);
    const auto b = walk.extents(node.input(1));
    const auto product =
        a && b && a->dims.size() == 1 && b->dims.size() == 1 ? OnnxDim::product(a->dims[0], b->dims[0]) : std::nullopt;
    if (!product) return "it multiplies other things than two extents";
    return onnx_result(walk, node, OnnxExtents{{*product}, a->scalar && b->scalar}), "";
}

/// Less and And of numbers of steps, as in loops: 1 or 0. Tokens are not negative, so Less of tokens and 0 is 0; Keras
/// counts negative ones from the vocabulary's end.
inline std::string onnx_condition(OnnxWalk& walk, const OnnxNode& node) {
    if (const auto fill = walk.find_as<OnnxFill>(node.input(0)); fill && fill->condition && node.op == "Not")
        return onnx_result(walk, node, OnnxFill{1 - fill->number, {}, true}), "";
    const auto tokens = walk.find_as<OnnxFlow>(node.input(0));
    const auto limit = walk.number(node.input(1));
    if (tokens && tokens->whole && tokens->is_input() && node.op == "Less" && limit && *limit <= 0)
        return onnx_result(walk, node, OnnxFill{0, {}, true}), "";
    if (node.op == "Not" || node.op == "Equal") return "Rondo has no such operator";
    const auto number = [&](std::size_t input) -> std::optional<OnnxDim> {
        if (const auto found = walk.extents(node.input(input)))
            return found->dims.size() == 1 ? std::optional{found->dims[0]} : std::nullopt;
        const auto real = walk.number(node.input(input));
        return real && (*real == 0 || *real == 1) ? std::optional{OnnxDim{std::int64_t(*real)}} : std::nullopt;
    };
    const auto a = number(0), b = number(1);
    if (!a || !b || !a->known()) return "it compares other things than numbers of steps";
    if (node.op == "And" && (!b->known() || a->times > 1 || b->times > 1)) return "it reads what is no condition";
    if (node.op == "Less" && !b->known() && a->times > 0) return "it compares an open number of steps";
    const bool holds = node.op == "And" ? a->times == 1 && b->times == 1 : !b->known() || a->times < b->times;
    return onnx_result(walk, node, OnnxExtents{{OnnxDim{holds ? 1 : 0}}, true}), "";
}

/// The shape in a node's input, if it is known.
inline std::optional<std::vector<OnnxDim>> onnx_shape_of(OnnxWalk& walk, std::string_view name) {
    const auto found = walk.extents(name);
    return found && !found->scalar ? std::optional{found->dims} : std::nullopt;
}

/// A list or matrix of few equal whole numbers, as in the pads that an exporter computes.
inline bool onnx_fill_wholes(OnnxWalk& walk, const OnnxNode& node, const OnnxTensor& number,
                             const std::vector<OnnxDim>& shape) {
    OnnxTensor list;
    list.name = node.outputs[0];
    list.type = number.type;
    if ((list.type != OnnxTensor::int64 && list.type != OnnxTensor::int32) || shape.size() > list.dims.size())
        return false;
    for (const OnnxDim& dim : shape) {
        if (!dim.known() || dim.times < 0 || dim.times > std::int64_t(onnx_most_list)) return false;
        list.size *= list.dims[list.rank++] = std::size_t(dim.times);
        if (list.size > onnx_most_list) return false;
    }
    list.computed =
        std::make_shared<const std::vector<double>>(list.size, double(onnx_numbers<std::int64_t>(number)[0]));
    if (!onnx_exact(list)) return false;
    onnx_result(walk, node, OnnxConstant{{}, std::make_shared<const OnnxTensor>(std::move(list))});
    return true;
}

/// Constant, ConstantOfShape and Expand.
inline std::string onnx_constant(OnnxWalk& walk, const OnnxNode& node) {
    if (node.op == "Expand") {
        const auto value = walk.find(node.input(0));
        const auto* constant = value ? std::get_if<OnnxConstant>(&*value) : nullptr;
        const auto shape = onnx_shape_of(walk, node.input(1));
        if (value && std::holds_alternative<OnnxFill>(*value))
            return onnx_result(walk, node, OnnxFill{std::get<OnnxFill>(*value).number, shape}), "";
        if (value && (std::holds_alternative<OnnxGiven>(*value) || std::holds_alternative<OnnxExtents>(*value)))
            return onnx_result(walk, node, *value), "";
        if (const auto* flow = value ? std::get_if<OnnxFlow>(&*value) : nullptr; flow && flow->is_input())
            return onnx_given(walk, node, "it repeats an input of the graph"), "";
        if (!constant) return "it expands what is no tensor of the file";
        OnnxTensor tensor;
        OnnxConstant repeated = *constant;
        if (std::string problem = walk.tensor(repeated, tensor); !problem.empty()) return problem;
        for (std::size_t k = 0; k < tensor.rank; ++k) repeated.repeated |= unsigned(tensor.dims[k] == 1) << k;
        if (tensor.size != 1 || !tensor.real()) return onnx_result(walk, node, std::move(repeated)), "";
        return onnx_result(walk, node, OnnxFill{onnx_numbers<double>(tensor)[0], shape}), "";
    }
    if (node.op == "ConstantOfShape") {
        const auto value = node.find("value");
        OnnxTensor tensor;
        auto shape = onnx_shape_of(walk, node.input(0));
        if (!value) return onnx_result(walk, node, OnnxFill{0, std::move(shape)}), "";
        std::string problem = walk.tensor(OnnxConstant{value->tensor.value_or(Message{})}, tensor);
        if (!problem.empty()) return problem;
        if (tensor.size == 1 && shape && onnx_fill_wholes(walk, node, tensor, *shape)) return {};
        if (tensor.size != 1 || !tensor.real()) return "it fills with no FLOAT or DOUBLE";
        return onnx_result(walk, node, OnnxFill{onnx_numbers<double>(tensor)[0], std::move(shape)}), "";
    }
    if (const auto value = node.find("value"); value && value->tensor)
        return onnx_result(walk, node, OnnxConstant{*value->tensor}), "";
    if (const auto value = node.find("value_int"))
        return onnx_result(walk, node, OnnxExtents{{OnnxDim{value->whole}}, true}), "";
    if (const auto value = node.find("value_float")) return onnx_result(walk, node, OnnxFill{value->real}), "";
    if (const auto value = node.find("value_floats")) {
        OnnxTensor list;
        list.name = node.outputs[0];
        list.type = OnnxTensor::float32;
        list.dims[list.rank++] = list.size = value->reals.size();
        list.computed = std::make_shared<const std::vector<double>>(value->reals);
        return onnx_result(walk, node, OnnxConstant{{}, std::make_shared<const OnnxTensor>(std::move(list))}), "";
    }
    const auto value = node.find("value_ints");
    if (!value || value->wholes.size() > onnx_most_list) return "its value is no tensor, no number and no short list";
    OnnxExtents result;
    for (const std::int64_t number : value->wholes) result.dims.push_back({number});
    return onnx_result(walk, node, std::move(result)), "";
}

/// A tensor whose elements are all equal, after a shape operator: for Unsqueeze, Squeeze and Slice of one axis, and for
/// Reshape, its shape stays known.
inline std::string onnx_move_fill(OnnxWalk& walk, const OnnxNode& node, OnnxFill fill) {
    auto shape = std::exchange(fill.shape, std::nullopt);
    const auto which =
        shape && (node.op == "Unsqueeze" || node.op == "Squeeze") ? walk.wholes(node, "axes", 1) : std::nullopt;
    if (which && which->size() == 1) {
        const bool fresh = node.op == "Unsqueeze";
        const auto at = OnnxFlow::axis((*which)[0], shape->size() + (fresh ? 1 : 0));
        if (!at) return "its input has no axis " + std::to_string((*which)[0]);
        const auto place = shape->begin() + std::ptrdiff_t(*at);
        if (fresh) shape->insert(place, OnnxDim{});
        else shape->erase(place);
        fill.shape = std::move(shape);
    } else if (shape && node.op == "Slice") {
        const auto begins = walk.wholes(node, "starts", 1), ends = walk.wholes(node, "ends", 2),
                   axes = walk.wholes(node, "axes", 3);
        const auto at = begins && ends && axes && axes->size() == 1 && begins->size() == 1 && ends->size() == 1
                            ? OnnxFlow::axis((*axes)[0], shape->size())
                            : std::nullopt;
        if (at && node.input(4).empty() && (*shape)[*at].known() && (*shape)[*at].times > 0) {
            const OnnxRange range{(*begins)[0], (*ends)[0]};
            (*shape)[*at] = {std::int64_t(range.within(std::size_t((*shape)[*at].times)).second)};
            fill.shape = std::move(shape);
        }
    } else if (node.op == "Reshape") {
        fill.shape = onnx_shape_of(walk, node.input(1));
        const auto told = [](const OnnxDim& dim) { return dim.times > 0; };
        if (fill.shape && !range::all_of(*fill.shape, told)) fill.shape.reset();
    }
    return onnx_result(walk, node, std::move(fill)), "";
}

/// The shape of two tensors that are concatenated along an axis.
inline void onnx_extend(OnnxFill& all, const OnnxFill& part, std::int64_t axis) {
    const auto at = all.shape && part.shape && all.shape->size() == part.shape->size()
                        ? OnnxFlow::axis(axis, all.shape->size())
                        : std::nullopt;
    if (!at || !(*all.shape)[*at].known() || !(*part.shape)[*at].known()) return all.shape.reset();
    (*all.shape)[*at].times += (*part.shape)[*at].times;
}

} // namespace rondo::io::detail
