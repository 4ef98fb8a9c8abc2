// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "operators.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

inline std::string check_onnx_body(const OnnxWalk& walk, Message body);

/// Checks that a node of a supported operator has only inputs, outputs and attributes of that operator. Returns an
/// error message, empty on success.
///
/// within  the node is in a subgraph of another node; it may not have a subgraph itself
inline std::string check_onnx_node(const OnnxWalk& walk, const OnnxNode& node, bool within = false) {
    const OnnxOperator* const found = node.domain.empty() ? find_onnx_operator(node.op) : nullptr;
    if (found == nullptr) return {};
    const OnnxOperator& op = *found;
    const std::int64_t opset = walk.graph.opset;
    const auto count = [](const std::vector<std::string_view>& names) { // trailing names may be empty
        std::size_t all = names.size();
        while (all > 0 && names[all - 1].empty()) --all;
        return all;
    };
    const auto too_many = [](const char* what, std::size_t got, std::size_t most) {
        return "it has " + std::to_string(got) + ' ' + what + "; expected at most " + std::to_string(most);
    };
    if (const std::size_t got = count(node.inputs); got > op.inputs) return too_many("inputs", got, op.inputs);
    if (const std::size_t got = count(node.outputs); got > op.outputs) return too_many("outputs", got, op.outputs);
    std::array<bool, std::tuple_size_v<decltype(op.attributes)>> given{};
    for (const Message& message : node.attributes) {
        const OnnxAttribute attribute = read_onnx_attribute(message);
        if (!attribute.problem.empty()) return attribute.problem;
        const auto rule = range::find(op.attributes, attribute.name, &OnnxAttributeRule::name);
        if (rule == op.attributes.end() || attribute.name.empty())
            return "the attribute " + quoted(attribute.name) + " is not known";
        if (opset < rule->since || opset >= rule->until)
            return "it has no attribute " + quoted(attribute.name) + " in opset " + std::to_string(opset);
        if (attribute.type != rule->type)
            return "its attribute " + quoted(attribute.name) + " is of " + onnx_attribute_type_name(attribute.type) +
                   "; expected " + onnx_attribute_type_name(rule->type);
        bool& before = given[std::size_t(rule - op.attributes.begin())];
        if (before) return "its attribute " + quoted(attribute.name) + " comes twice";
        before = true;
        if (!attribute.graph) continue;
        if (within) return "it has a graph within a graph";
        if (std::string problem = check_onnx_body(walk, *attribute.graph); !problem.empty()) return problem;
    }
    for (std::size_t k = 0; k < given.size(); ++k)
        if (const auto& rule = op.attributes[k];
            rule.required && opset >= rule.since && opset < rule.until && !given[k])
            return "it has no attribute " + quoted(rule.name);
    return {};
}

/// Checks all nodes of a subgraph, and that no name is written twice.
inline std::string check_onnx_body(const OnnxWalk& walk, Message body) {
    std::set<std::string_view> names;
    ProtobufReader graph{body};
    while (graph.next()) {
        if (graph.field() != 1) continue;
        OnnxNode node;
        if (std::string problem = read_onnx_node(graph.bytes(), node); !problem.empty()) return problem;
        for (const std::string_view name : node.outputs)
            if (!name.empty() && !names.insert(name).second)
                return "its " + node.called() + ": it writes " + quoted(name) + " again";
        if (std::string problem = check_onnx_node(walk, node, true); !problem.empty())
            return "its " + node.called() + ": " + problem;
    }
    return graph.ok() ? "" : "its graph is no GraphProto: " + graph.problem();
}

} // namespace rondo::io::detail
