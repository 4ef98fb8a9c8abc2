// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/printable.hpp"
#include "../../core/range.hpp"
#include "protobuf.hpp"
#include "tensor.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// An AttributeProto, of the types that supported operators use.
struct OnnxAttribute {
    enum Type : std::int64_t {
        none = 0,
        of_float = 1,
        of_int = 2,
        of_string = 3,
        of_tensor = 4,
        of_graph = 5,
        of_floats = 6,
        of_ints = 7,
        of_strings = 8
    };

    std::string_view name, text;
    std::int64_t type = none, whole = 0;
    float real = 0;
    std::optional<Message> tensor, graph;
    std::vector<std::int64_t> wholes;
    std::vector<double> reals;
    std::vector<std::string_view> texts;
    std::string problem{}; // empty if there is none
};

inline std::string onnx_attribute_type_name(std::int64_t type) {
    constexpr std::string_view names[]{
        "UNDEFINED", "FLOAT",   "INT",    "STRING",        "TENSOR",         "GRAPH",      "FLOATS",     "INTS",
        "STRINGS",   "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"};
    if (type >= 0 && type < std::int64_t(std::size(names))) return std::string{names[std::size_t(type)]};
    return "type " + std::to_string(type);
}

/// Reads an attribute. Its value must have its type and, unless it is a list, must not be repeated.
inline OnnxAttribute read_onnx_attribute(Message message) {
    OnnxAttribute result;
    std::int64_t holds = OnnxAttribute::none, told = OnnxAttribute::none;
    bool mixed = false, again = false, refers = false;
    const auto value = [&](std::int64_t type, bool list = false) {
        mixed = mixed || (holds != OnnxAttribute::none && holds != type);
        again = again || (holds == type && !list);
        holds = type;
    };
    ProtobufReader reader{message};
    while (reader.next()) switch (reader.field()) {
        case 1: result.name = reader.text(); break;
        case 2: value(1), result.real = reader.real(); break;
        case 3: value(2), result.whole = reader.whole(); break;
        case 4: value(3), result.text = reader.text(); break;
        case 5: value(4), result.tensor = reader.bytes(); break;
        case 6: value(5), result.graph = reader.bytes(); break;
        case 7:
            value(6, true);
            reader.fixed<std::uint32_t>(
                [&](std::uint32_t bits) { result.reals.push_back(std::bit_cast<float>(bits)); });
            break;
        case 8:
            value(7, true);
            reader.wholes([&](std::int64_t number) { result.wholes.push_back(number); });
            break;
        case 9: value(8, true), result.texts.push_back(reader.text()); break;
        case 10: value(9, true); break;
        case 11: value(10, true); break;
        case 14: value(13); break;
        case 15: value(14, true); break;
        case 20: told = reader.whole(); break;
        case 21: refers = true; break;
        case 22: value(11); break;
        case 23: value(12, true); break;
        default: break;
        }
    result.type = told != OnnxAttribute::none ? told : holds;
    const auto called = [&] { return "its attribute " + quoted(result.name) + ' '; };
    if (!reader.ok()) result.problem = "an attribute is no AttributeProto: " + reader.problem();
    else if (refers) result.problem = called() + "is a parameter of a function";
    else if (mixed || again) result.problem = called() + "holds more than one value";
    else if (holds != OnnxAttribute::none && holds != result.type)
        result.problem =
            called() + "is of " + onnx_attribute_type_name(told) + ", but holds " + onnx_attribute_type_name(holds);
    return result;
}

/// A non-owning view of a NodeProto. An input with an empty name is omitted.
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

    /// Its description in error messages.
    std::string called() const {
        const auto told = range::find_if(outputs, [](std::string_view output) { return !output.empty(); });
        const std::string_view any = told == outputs.end() ? std::string_view{} : *told;
        return "node " + quoted(name.empty() ? any : name) + " (" + printable(op.substr(0, 40)) + ')';
    }
};

/// Returns an error message, empty on success.
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
    if (node.domain == "ai.onnx") node.domain = {};
    return reader.ok() ? "" : node.called() + " is no NodeProto: " + reader.problem();
}

/// A ValueInfoProto of a tensor. A dynamic extent is -1; `open` are the names of dynamic extents, empty for others.
struct OnnxValueInfo {
    std::string_view name;
    std::int64_t type = OnnxTensor::none;
    bool has_shape = false;
    std::vector<std::int64_t> shape;
    std::vector<std::string_view> open;
};

/// Returns an error message, empty on success.
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
                if (tensor.field() == 1) info.type = tensor.whole();
                if (tensor.field() != 2) return;
                info.has_shape = true;
                each(tensor.bytes(), 3, [&](ProtobufReader& shape) {
                    if (shape.field() != 1) return;
                    info.shape.push_back(-1);
                    info.open.emplace_back();
                    each(shape.bytes(), 4, [&](ProtobufReader& extent) {
                        if (extent.field() == 1) info.shape.back() = extent.whole();
                        if (extent.field() == 2) info.open.back() = extent.text();
                    });
                });
            });
        });
    });
    return problem.empty() ? problem : "value " + quoted(info.name) + " is no ValueInfoProto: " + problem;
}

/// A non-owning view of the graph of a ModelProto.
struct OnnxGraph {
    std::int64_t opset = 0; // of ONNX's own operators
    std::vector<Message> nodes, inputs, outputs;
    std::vector<std::pair<std::string_view, Message>> initializers;       // by name
    std::vector<std::pair<std::string_view, std::string_view>> functions; // defined in the file: domain and name
};

/// Returns an error message, empty on success.
inline std::string read_onnx_opset(Message message, OnnxGraph& result) {
    std::string_view domain;
    std::int64_t version = 0;
    ProtobufReader set{message};
    while (set.next()) {
        if (set.field() == 1) domain = set.text();
        if (set.field() == 2) version = set.whole();
    }
    if (!set.ok()) return "an opset is no OperatorSetIdProto: " + set.problem();
    if (!domain.empty() && domain != "ai.onnx") return {};
    if (result.opset != 0) return "it has two opsets of ONNX's own operators";
    result.opset = version;
    return {};
}

/// Returns an error message, empty on success.
inline std::string read_onnx_function(Message message, OnnxGraph& result) {
    std::string_view name, domain;
    ProtobufReader function{message};
    while (function.next()) {
        if (function.field() == 1) name = function.text();
        if (function.field() == 10) domain = function.text();
    }
    result.functions.emplace_back(domain == "ai.onnx" ? std::string_view{} : domain, name);
    return function.ok() ? "" : "a function is no FunctionProto: " + function.problem();
}

/// Returns an error message, empty on success.
inline std::string read_onnx_graph(Message file, OnnxGraph& result) {
    std::optional<Message> graph;
    bool twice = false;
    std::int64_t version = 0;
    std::string problem;
    ProtobufReader model{file};
    while (problem.empty() && model.next()) {
        if (model.field() == 1) version = model.whole();
        if (model.field() == 8) problem = read_onnx_opset(model.bytes(), result);
        if (model.field() == 25) problem = read_onnx_function(model.bytes(), result);
        if (model.field() != 7) continue;
        twice = twice || graph.has_value();
        graph = model.bytes();
    }
    if (!model.ok()) return "it is no ModelProto: " + model.problem();
    if (!problem.empty()) return problem;
    if (!graph || twice) return twice ? "it has two graphs" : "it has no graph; is it an ONNX model?";
    if (version < 3)
        return (version == 0 ? "it has no ir_version" : "its ir_version is " + std::to_string(version)) +
               "; expected 3 or above";
    if (result.opset < 7) return "it is of opset " + std::to_string(result.opset) + "; expected 7 or above";

    const auto each = [&](auto visit) { // a first pass counts, so that lists are allocated at their exact size
        ProtobufReader reader{*graph};
        while (reader.next()) visit(reader);
        return reader.problem();
    };
    std::size_t counts[17]{};
    problem = each([&](const ProtobufReader& reader) { ++counts[(std::min)(reader.field(), 16u)]; });
    if (counts[15] > 0) return "it has sparse initializers; expected dense ones";
    result.nodes.reserve(counts[1]);
    result.initializers.reserve(counts[5]);
    result.inputs.reserve(counts[11]);
    result.outputs.reserve(counts[12]);
    if (problem.empty())
        problem = each([&](ProtobufReader& reader) {
            if (reader.field() == 1) result.nodes.push_back(reader.bytes());
            if (reader.field() == 5) result.initializers.emplace_back(onnx_tensor_name(reader.bytes()), reader.bytes());
            if (reader.field() == 11) result.inputs.push_back(reader.bytes());
            if (reader.field() == 12) result.outputs.push_back(reader.bytes());
        });
    if (!problem.empty()) return "its graph is no GraphProto: " + problem;
    const auto name = [](const auto& initializer) { return initializer.first; };
    range::sort(result.initializers, {}, name);
    const auto same = range::adjacent_find(result.initializers, {}, name);
    return same == result.initializers.end() ? "" : "two initializers are called " + quoted(same->first);
}

} // namespace rondo::io::detail
