// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/io/onnx.hpp>
#include <rondo/io/onnx_write.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Builds an ONNX file node by node, with input "x" and output "y".
class OnnxFile : public rondo::io::detail::OnnxGraphWriter {
public:
    using Writer = rondo::io::detail::ProtobufWriter;
    using Tensor = rondo::io::detail::OnnxTensor;

    /// An input or output; an extent of 0 is dynamic.
    static Writer value_of(std::string_view name, std::initializer_list<std::int64_t> shape,
                           int type = Tensor::float32) {
        Writer extents;
        for (const std::int64_t extent : shape)
            extents.message(1, extent > 0 ? Writer{}.whole(1, extent) : Writer{}.text(2, "open"));
        return Writer{}.text(1, name).message(2, Writer{}.message(1, Writer{}.whole(1, type).message(2, extents)));
    }
    OnnxFile& input(std::string_view name, std::initializer_list<std::int64_t> shape, int type = Tensor::float32) {
        graph_.message(11, value_of(name, shape, type));
        return *this;
    }
    OnnxFile& output(std::string_view name) {
        graph_.message(12, value_of(name, {}));
        return *this;
    }
    /// A tensor with the elements from, from + 1, ...
    std::string count(const std::string& name, std::initializer_list<std::size_t> shape, float from = 1) {
        std::size_t size = 1;
        for (const std::size_t extent : shape) size *= extent;
        std::vector<float> values(size);
        for (std::size_t k = 0; k < size; ++k) values[k] = from + float(k);
        return tensor<float>(name, shape, values);
    }
    /// W, R and B of a recurrent layer.
    void recurrent(const std::string& name, std::size_t directions, std::size_t gates, std::size_t in,
                   std::size_t hidden) {
        count(name + ".W", {directions, gates * hidden, in});
        count(name + ".R", {directions, gates * hidden, hidden}, 1000);
        count(name + ".B", {directions, 2 * gates * hidden}, 2000);
    }
    /// The graph as the body of a Loop.
    Writer body() const { return Writer{}.text(1, "body").message(6, graph_).whole(20, 5); }
    void raw(unsigned field, const Writer& message) { graph_.message(field, message); }

    std::string bytes(std::int64_t opset = 17) const {
        const Writer model = Writer{}.whole(1, 8).message(7, graph_).message(8, Writer{}.whole(2, opset));
        const auto file = model.bytes();
        return {reinterpret_cast<const char*>(file.data()), file.size()};
    }
};

/// x (T, B, 3) through a recurrent layer of 2 units to "Y" and "Y_h".
inline OnnxFile with_layer(const std::string& op, std::size_t gates,
                           std::initializer_list<OnnxFile::Writer> attributes = {}, std::size_t directions = 1,
                           std::initializer_list<std::int64_t> shape = {0, 0, 3}) {
    OnnxFile file;
    file.input("x", shape).output("y");
    file.recurrent("l", directions, gates, 3, 2);
    file.node(op, {"x", "l.W", "l.R", "l.B"}, {"Y", "Y_h"}, attributes);
    return file;
}

inline rondo::io::ModelWeights read(std::string_view bytes, rondo::Error& error, std::string_view output = {}) {
    return rondo::io::read_onnx(std::as_bytes(std::span{bytes}), {.output = output}, error);
}

/// The layers of a file as text, or the problem with it.
inline std::string layers_of(std::string_view bytes, std::string_view output = {}) {
    rondo::Error error;
    const auto weights = read(bytes, error, output);
    if (error) return error.message;
    std::string text;
    for (const auto& layer : weights.layers) text += (text.empty() ? "" : "; ") + describe(layer.facts);
    return text;
}
inline std::string layers_of(const OnnxFile& file) { return layers_of(file.bytes()); }
