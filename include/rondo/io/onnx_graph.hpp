// SPDX-License-Identifier: MIT
#pragma once

#include "onnx_tensor.hpp"
#include "protobuf.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline v0_1::io::detail {

/// An AttributeProto; of the kinds that the operators read here have.
struct OnnxAttribute {
    std::string_view name, text;
    std::int64_t whole = 0;
    float real = 0;
    std::optional<Message> tensor;
    std::vector<std::int64_t> wholes;
    std::vector<std::string_view> texts;
};

inline OnnxAttribute read_onnx_attribute(Message message) {
    OnnxAttribute result;
    ProtobufReader reader{message};
    while (reader.next()) switch (reader.field()) {
        case 1: result.name = reader.text(); break;
        case 2: result.real = reader.real(); break;
        case 3: result.whole = reader.whole(); break;
        case 4: result.text = reader.text(); break;
        case 5: result.tensor = reader.bytes(); break;
        case 8: reader.wholes([&](std::int64_t number) { result.wholes.push_back(number); }); break;
        case 9: result.texts.push_back(reader.text()); break;
        default: break;
    }
    if (!reader.ok()) result = {};
    return result;
}

/// A NodeProto where it lies in its file. An input of no name is one that is left out.
struct OnnxNode {
    std::string_view op, name, domain;
    std::vector<std::string_view> inputs, outputs;
    std::vector<Message> attributes;

    std::string_view input(std::size_t k) const { return k < inputs.size() ? inputs[k] : std::string_view{}; }

    std::optional<OnnxAttribute> find(std::string_view wanted) const {
        for (const Message& attribute : attributes) {
            ProtobufReader reader{attribute};
            while (reader.next())
                if (reader.field() == 1 && reader.text() == wanted) return read_onnx_attribute(attribute);
        }
        return std::nullopt;
    }
    std::int64_t whole(std::string_view wanted, std::int64_t otherwise) const {
        const auto found = find(wanted);
        return found ? found->whole : otherwise;
    }

    /// What messages call it.
    std::string called() const {
        const auto told = std::ranges::find_if(outputs, [](std::string_view output) { return !output.empty(); });
        const std::string_view any = told == outputs.end() ? std::string_view{} : *told;
        return "node " + quoted(name.empty() ? any : name) + " (" + std::string{op.substr(0, 40)} + ')';
    }
    /// Names an attribute that is none of these.
    std::string unknown_attribute(std::initializer_list<std::string_view> known) const {
        for (const Message& attribute : attributes) {
            const std::string_view found = read_onnx_attribute(attribute).name;
            if (std::ranges::find(known, found) == known.end())
                return "the attribute " + quoted(found) + " is not known";
        }
        return {};
    }
};

/// Returns what is wrong, or nothing.
inline std::string read_onnx_node(Message message, OnnxNode& node) {
    ProtobufReader reader{message};
    while (reader.next()) switch (reader.field()) {
        case 1: node.inputs.push_back(reader.text()); break;
        case 2: node.outputs.push_back(reader.text()); break;
        case 3: node.name = reader.text(); break;
        case 4: node.op = reader.text(); break;
        case 5: node.attributes.push_back(reader.bytes()); break;
        case 7: node.domain = reader.text(); break;
        default: break;
    }
    if (!reader.ok()) return node.called() + " is no NodeProto: " + reader.problem();
    for (const Message& attribute : node.attributes) {
        ProtobufReader inner{attribute};
        while (inner.next()) {}
        if (!inner.ok()) return node.called() + ": an attribute is no AttributeProto: " + inner.problem();
    }
    return {};
}

/// A ValueInfoProto of a tensor. An extent that the file leaves open is -1.
struct OnnxValueInfo {
    std::string_view name;
    int type = OnnxTensor::none;
    bool has_shape = false;
    std::vector<std::int64_t> shape;
};

/// Returns what is wrong, or nothing.
inline std::string read_onnx_value_info(Message message, OnnxValueInfo& info) {
    std::string problem;
    const auto each = [&problem](Message inner, unsigned depth, auto visit) {
        ProtobufReader reader{inner};
        while (reader.next()) visit(reader);
        if (!reader.ok() && problem.empty()) problem = "level " + std::to_string(depth) + ": " + reader.problem();
    };
    each(message, 0, [&](ProtobufReader& value) {
        if (value.field() == 1) info.name = value.text();
        if (value.field() != 2) return;
        each(value.bytes(), 1, [&](ProtobufReader& type) {
            if (type.field() != 1) return; // not a tensor
            each(type.bytes(), 2, [&](ProtobufReader& tensor) {
                if (tensor.field() == 1) info.type = static_cast<int>(tensor.whole());
                if (tensor.field() != 2) return;
                info.has_shape = true;
                each(tensor.bytes(), 3, [&](ProtobufReader& shape) {
                    if (shape.field() != 1) return;
                    info.shape.push_back(-1);
                    each(shape.bytes(), 4, [&](ProtobufReader& extent) {
                        if (extent.field() == 1) info.shape.back() = extent.whole();
                    });
                });
            });
        });
    });
    return problem.empty() ? problem : "value " + quoted(info.name) + " is no ValueInfoProto: " + problem;
}

/// Where the parts of a ModelProto's graph lie.
struct OnnxGraph {
    std::int64_t opset = 0; // of ONNX's own operators
    std::vector<Message> nodes, inputs, outputs;
    std::vector<std::pair<std::string_view, Message>> initializers; // by name
};

/// Returns what is wrong, or nothing.
inline std::string read_onnx_graph(Message file, OnnxGraph& result) {
    std::optional<Message> graph;
    bool twice = false;
    ProtobufReader model{file};
    while (model.next()) {
        if (model.field() == 7) {
            twice = graph.has_value();
            graph = model.bytes();
        } else if (model.field() == 8) {
            std::string_view domain;
            std::int64_t version = 0;
            ProtobufReader set{model.bytes()};
            while (set.next()) {
                if (set.field() == 1) domain = set.text();
                if (set.field() == 2) version = set.whole();
            }
            if (!set.ok()) return "an opset is no OperatorSetIdProto: " + set.problem();
            if (domain.empty() || domain == "ai.onnx") result.opset = version;
        }
    }
    if (!model.ok()) return "it is no ModelProto: " + model.problem();
    if (!graph || twice) return twice ? "it has two graphs" : "it has no graph; is it an ONNX model?";
    if (result.opset < 7) return "it is of opset " + std::to_string(result.opset) + "; expected 7 or above";

    const auto each = [&](auto visit) { // counted first, so that no list is larger than it must be
        ProtobufReader reader{*graph};
        while (reader.next()) visit(reader);
        return reader.problem();
    };
    std::size_t counts[16]{};
    std::string problem = each([&](const ProtobufReader& reader) { ++counts[std::min(reader.field(), 15u)]; });
    result.nodes.reserve(counts[1]);
    result.initializers.reserve(counts[5]);
    result.inputs.reserve(counts[11]);
    result.outputs.reserve(counts[12]);
    if (problem.empty()) problem = each([&](ProtobufReader& reader) {
        if (reader.field() == 1) result.nodes.push_back(reader.bytes());
        if (reader.field() == 5) result.initializers.emplace_back(onnx_tensor_name(reader.bytes()), reader.bytes());
        if (reader.field() == 11) result.inputs.push_back(reader.bytes());
        if (reader.field() == 12) result.outputs.push_back(reader.bytes());
    });
    if (!problem.empty()) return "its graph is no GraphProto: " + problem;
    const auto name = [](const auto& initializer) { return initializer.first; };
    std::ranges::sort(result.initializers, {}, name);
    const auto same = std::ranges::adjacent_find(result.initializers, {}, name);
    return same == result.initializers.end() ? "" : "two initializers are called " + quoted(same->first);
}

} // namespace rondo::io::detail
