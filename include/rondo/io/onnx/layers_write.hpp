// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/parameter_spec.hpp"
#include "../../model/layer_facts.hpp"
#include "graph_write.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Whether a layer's result is one step: of pooling, LastStep, FirstStep, FinalStates, FinalCellState.
constexpr bool is_over_steps(LayerKind kind) {
    return kind == LayerKind::MeanPooling || kind == LayerKind::MaxPooling ||
           (kind >= LayerKind::LastStep && kind <= LayerKind::FinalCellState);
}

/// The lowest opset that has the operators of a layer, 17 or above.
constexpr std::int64_t onnx_opset_of(const LayerFacts& facts) {
    if (facts.kind == LayerKind::RMSNorm) return 23;
    if (facts.kind == LayerKind::AvgPool1d && facts.plan.dilation > 1) return 19;
    return facts.kind == LayerKind::GELU || facts.kind == LayerKind::TanhGELU ? 20 : 17;
}

/// The number of steps of the network's input if a Flatten fixes it, the largest if a stride leaves several; else 0.
inline std::int64_t onnx_steps_of(std::span<const NetworkLayer> layers) {
    for (std::size_t k = 0; k < layers.size(); ++k) {
        if (is_over_steps(layers[k].facts.kind)) return 0;
        if (layers[k].facts.kind != LayerKind::Flatten) continue;
        std::int64_t steps = layers[k].facts.count;
        while (k-- > 0) { // the plan of a layer without windows changes nothing
            const ConvolutionPlan& plan = layers[k].facts.plan;
            steps = steps * plan.stride - 1 + plan.reach() - plan.left - plan.right;
        }
        return (std::max)(steps, std::int64_t(0));
    }
    return 0;
}

/// Writes an activation, a norm, a convolution, pooling over the steps or a Flatten, from x to y; false if the layer is
/// none of these. `own` are its tensors.
template <class S>
bool write_onnx_layer(OnnxGraphWriter& graph, const LayerFacts& facts, std::span<const ParameterSpec> own,
                      const S* values, const std::string& name, std::string_view x, std::string_view y,
                      std::int64_t opset) {
    using Attributes = OnnxGraphWriter::Attributes;
    const auto real = [](std::string_view attribute, double number) {
        return ProtobufWriter{}.text(1, attribute).real(2, float(number)).whole(20, 1);
    };
    const auto option = [&](std::size_t k) { return facts.options[k].value(); };
    const auto tensor = [&](std::size_t k, std::initializer_list<std::size_t> dims) {
        return graph.tensor<S>(name + '.' + std::string{own[k].name.view().substr(own[k].name.view().rfind('.') + 1)},
                               dims, std::span{values + own[k].offset, own[k].size()});
    };
    const double eps =
        is_norm(facts.kind) && facts.options[0] == Ratio{} ? double(std::numeric_limits<S>::epsilon()) : option(0);
    const std::size_t size = std::size_t(facts.output);
    const auto by_features = [&](auto write) { // of (B, F, T)
        static constexpr std::array<std::int64_t, 3> to{1, 2, 0}, back{2, 0, 1};
        const auto perm = [](const auto& order) {
            return Attributes(1, OnnxGraphWriter::attribute("perm", std::span<const std::int64_t>{order}));
        };
        const std::string turned = name + ".turned", result = name + ".result";
        graph.node("Transpose", {x}, {turned}, perm(to));
        write(turned, result);
        graph.node("Transpose", {result}, {y}, perm(back));
    };
    switch (facts.kind) {
    case LayerKind::ReLU: graph.node("Relu", {x}, {y}); return true;
    case LayerKind::Tanh:
    case LayerKind::Sigmoid:
    case LayerKind::Softsign:
    case LayerKind::Softplus: graph.node(name_of(facts.kind), {x}, {y}); return true;
    case LayerKind::LeakyReLU: graph.node("LeakyRelu", {x}, {y}, {real("alpha", option(0))}); return true;
    case LayerKind::ELU: graph.node("Elu", {x}, {y}, {real("alpha", option(0))}); return true;
    case LayerKind::Threshold: graph.node("ThresholdedRelu", {x}, {y}, {real("alpha", option(0))}); return true;
    case LayerKind::Hardsigmoid:
        graph.node("HardSigmoid", {x}, {y}, {real("alpha", option(0)), real("beta", option(1))});
        return true;
    case LayerKind::Hardtanh: {
        const S limits[]{S(option(0)), S(option(1))};
        std::string names[]{name + ".least", name + ".most"}; // empty where there is no limit
        for (std::size_t k = 0; k < 2; ++k)
            if (facts.options[k].valid()) graph.tensor<S>(names[k], {}, std::span{limits}.subspan(k, 1));
            else names[k].clear();
        graph.node("Clip", {x, names[0], names[1]}, {y});
        return true;
    }
    case LayerKind::SiLU: {
        const std::string factor = name + ".sigmoid";
        graph.node("Sigmoid", {x}, {factor});
        graph.node("Mul", {x, factor}, {y});
        return true;
    }
    case LayerKind::GELU:
    case LayerKind::TanhGELU:
        graph.node(
            "Gelu", {x}, {y},
            Attributes(1, OnnxGraphWriter::attribute("approximate", facts.kind == LayerKind::GELU ? "none" : "tanh")));
        return true;
    case LayerKind::Softmax:
    case LayerKind::LogSoftmax:
        graph.node(name_of(facts.kind), {x}, {y}, Attributes(1, OnnxGraphWriter::attribute("axis", std::int64_t(-1))));
        return true;
    case LayerKind::PReLU: graph.node("PRelu", {x, tensor(0, {std::size_t(facts.count)})}, {y}); return true;
    case LayerKind::LayerNorm:
    case LayerKind::RMSNorm: {
        const bool centered = facts.kind == LayerKind::LayerNorm;
        const std::string weight = facts.affine ? tensor(0, {size})
                                                : graph.tensor<S>(name + ".weight", {size}, std::vector<S>(size, S(1))),
                          bias = centered && facts.bias ? tensor(1, {size}) : "";
        graph.node(centered ? "LayerNormalization" : "RMSNormalization",
                   bias.empty() ? std::vector<std::string_view>{x, weight}
                                : std::vector<std::string_view>{x, weight, bias},
                   {y}, {OnnxGraphWriter::attribute("axis", std::int64_t(-1)), real("epsilon", eps)});
        return true;
    }
    case LayerKind::Conv1d: {
        const ConvolutionPlan& plan = facts.plan;
        const std::int64_t pads[]{plan.left, plan.right}, around[]{0, 0, plan.left, 0, 0, plan.right},
            strides[]{plan.stride}, dilations[]{plan.dilation};
        const auto list = [](std::string_view attribute, const auto& all) {
            return OnnxGraphWriter::attribute(attribute, std::span<const std::int64_t>{all});
        };
        by_features([&](const std::string& turned, const std::string& result) {
            const std::size_t in = std::size_t(facts.input / plan.groups), kernel = std::size_t(plan.kernel);
            const std::string weight = tensor(0, {size, in, kernel}), bias = facts.bias ? tensor(1, {size}) : "",
                              padded = name + ".padded";
            Attributes attributes{list("strides", strides), list("dilations", dilations),
                                  OnnxGraphWriter::attribute("group", std::int64_t(plan.groups))};
            if (plan.reflect) {
                const std::string amounts = graph.tensor<std::int64_t>(name + ".pads", {6}, around);
                graph.node("Pad", {turned, amounts}, {padded}, {OnnxGraphWriter::attribute("mode", "reflect")});
            } else {
                attributes.push_back(list("pads", pads));
            }
            std::vector<std::string_view> inputs{plan.reflect ? padded : turned, weight};
            if (facts.bias) inputs.push_back(bias);
            graph.node("Conv", inputs, {result}, attributes);
        });
        return true;
    }
    case LayerKind::MaxPool1d:
    case LayerKind::AvgPool1d: {
        const ConvolutionPlan& plan = facts.plan;
        const bool maximum = facts.kind == LayerKind::MaxPool1d;
        const auto list = [](std::string_view attribute, std::initializer_list<std::int64_t> all) {
            return OnnxGraphWriter::attribute(attribute, std::span<const std::int64_t>{all.begin(), all.size()});
        };
        const bool wide = (std::max)(plan.left, plan.right) >= plan.kernel; // with dilation: a Pad of its own
        if (wide && !facts.count_include_pad) return false;
        Attributes attributes{list("kernel_shape", {plan.kernel}), list("strides", {plan.stride})};
        if (!wide) attributes.push_back(list("pads", {plan.left, plan.right}));
        if (plan.dilation > 1) attributes.push_back(list("dilations", {plan.dilation}));
        if (!maximum)
            attributes.push_back(
                OnnxGraphWriter::attribute("count_include_pad", std::int64_t(facts.count_include_pad)));
        by_features([&](const std::string& turned, const std::string& result) {
            const std::string padded = name + ".padded";
            if (wide) {
                const std::int64_t around[]{0, 0, plan.left, 0, 0, plan.right};
                const S number[]{maximum ? -std::numeric_limits<S>::infinity() : S(0)};
                graph.node("Pad",
                           {turned, graph.tensor<std::int64_t>(name + ".pads", {6}, around),
                            graph.tensor<S>(name + ".padding", {}, number)},
                           {padded});
            }
            graph.node(maximum ? "MaxPool" : "AveragePool", {wide ? padded : turned}, {result}, attributes);
        });
        return true;
    }
    case LayerKind::MeanPooling:
    case LayerKind::MaxPooling: {
        const std::string_view op = facts.kind == LayerKind::MeanPooling ? "ReduceMean" : "ReduceMax";
        static constexpr std::int64_t steps[]{0};
        if (opset < 18) graph.node(op, {x}, {y}, {OnnxGraphWriter::attribute("axes", std::span{steps})});
        else graph.node(op, {x, graph.wholes(name + ".axes", {0})}, {y});
        return true;
    }
    case LayerKind::Flatten: { // Reshape refuses another number of steps
        static constexpr std::int64_t steps_first[]{1, 0, 2}, features_first[]{1, 2, 0};
        const std::string turned = name + ".turned", flat = name + ".flat";
        const std::span<const std::int64_t> perm = facts.features_first ? features_first : steps_first;
        graph.node("Transpose", {x}, {turned}, Attributes(1, OnnxGraphWriter::attribute("perm", perm)));
        graph.node("Reshape", {turned, graph.wholes(name + ".shape", {0, facts.output})}, {flat});
        graph.node("Unsqueeze", {flat, graph.wholes(name + ".axis", {0})}, {y});
        return true;
    }
    default: return false;
    }
}

} // namespace rondo::io::detail
