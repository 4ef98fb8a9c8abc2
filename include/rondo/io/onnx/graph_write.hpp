// SPDX-License-Identifier: MIT
#pragma once

#include "protobuf_write.hpp"
#include "tensor.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Writes a graph node by node; every layer reads the output of the previous one, (T, B, features).
class OnnxGraphWriter {
public:
    using Attributes = std::vector<ProtobufWriter>;

    static ProtobufWriter attribute(std::string_view name, std::int64_t value) {
        return ProtobufWriter{}.text(1, name).whole(3, value).whole(20, 2);
    }
    static ProtobufWriter attribute(std::string_view name, std::string_view value) {
        return ProtobufWriter{}.text(1, name).text(4, value).whole(20, 3);
    }
    static ProtobufWriter attribute(std::string_view name, std::span<const std::int64_t> values) {
        ProtobufWriter result = ProtobufWriter{}.text(1, name).whole(20, 7);
        for (const std::int64_t value : values) result.whole(8, value);
        return result;
    }
    static ProtobufWriter attribute(std::string_view name, std::span<const std::string_view> values) {
        ProtobufWriter result = ProtobufWriter{}.text(1, name).whole(20, 8);
        for (const std::string_view value : values) result.text(9, value);
        return result;
    }

    static ProtobufWriter attribute(std::string_view name, std::span<const float> values) {
        ProtobufWriter result = ProtobufWriter{}.text(1, name).whole(20, 6);
        for (const float value : values) result.real(7, value);
        return result;
    }

    void node(std::string_view op, const std::vector<std::string_view>& inputs,
              std::initializer_list<std::string_view> outputs, const Attributes& attributes = {}) {
        ProtobufWriter node;
        for (const std::string_view input : inputs) node.text(1, input);
        for (const std::string_view output : outputs) node.text(2, output);
        node.text(3, *outputs.begin()).text(4, op);
        for (const ProtobufWriter& attribute : attributes) node.message(5, attribute);
        graph_.message(1, node);
    }
    template <class T>
    std::string tensor(std::string name, std::initializer_list<std::size_t> dims, std::span<const T> values) {
        constexpr int type = std::is_same_v<T, float>    ? OnnxTensor::float32
                             : std::is_same_v<T, double> ? OnnxTensor::float64
                                                         : OnnxTensor::int64;
        ProtobufWriter tensor;
        for (const std::size_t extent : dims) tensor.whole(1, std::int64_t(extent));
        const auto bytes = std::as_bytes(values);
        tensor.whole(2, type).text(8, name).text(9, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        graph_.message(5, tensor);
        return name;
    }
    std::string wholes(std::string name, std::initializer_list<std::int64_t> values) {
        return tensor<std::int64_t>(std::move(name), {values.size()}, {values.begin(), values.size()});
    }

    /// (T, B), or with features (T, B, features). `steps` names T, if it is not `count`; empty: 1.
    static ProtobufWriter value(std::string_view name, int type, std::string_view steps, int size,
                                std::int64_t count = 0) {
        ProtobufWriter shape;
        if (steps.empty()) count = 1;
        shape.message(1, count > 0 ? ProtobufWriter{}.whole(1, count) : ProtobufWriter{}.text(2, steps));
        shape.message(1, ProtobufWriter{}.text(2, "sequences"));
        if (size > 0) shape.message(1, ProtobufWriter{}.whole(1, size));
        const ProtobufWriter tensor = ProtobufWriter{}.whole(1, type).message(2, shape);
        return ProtobufWriter{}.text(1, name).message(2, ProtobufWriter{}.message(1, tensor));
    }
    ProtobufWriter model(const ProtobufWriter& input, const ProtobufWriter& output, std::int64_t opset = 17) {
        graph_.text(2, "rondo").message(11, input).message(12, output);
        const std::int64_t version = opset < 20 ? 8 : opset < 23 ? 9 : 11; // 8 and opset 17: those of ONNX 1.12
        return ProtobufWriter{}
            .whole(1, version)
            .text(2, "rondo")
            .message(7, graph_)
            .message(8, ProtobufWriter{}.text(1, "").whole(2, opset));
    }

protected:
    ProtobufWriter graph_;
};

} // namespace rondo::io::detail
