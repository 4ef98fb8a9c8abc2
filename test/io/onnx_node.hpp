// SPDX-License-Identifier: MIT
#pragma once

#include "onnx_file.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// ONNX files of one node.
namespace onnx_node {

using Whole = std::int64_t;
using Attributes = rondo::io::detail::OnnxGraphWriter::Attributes;

inline OnnxFile::Writer list(std::string_view name, const std::vector<Whole>& values) {
    return OnnxFile::attribute(name, std::span<const Whole>{values});
}
inline OnnxFile::Writer real(std::string_view name, float value) {
    return OnnxFile::Writer{}.text(1, name).real(2, value).whole(20, 1);
}
inline constexpr std::string_view refused = "onnx: node \"y\" (";

/// One node that reads x, whose further inputs the file may have made.
inline std::string one(std::initializer_list<Whole> shape, std::string_view op, const Attributes& attributes,
                       std::vector<std::string_view> more = {}, Whole opset = 17) {
    OnnxFile file;
    file.input("x", shape).output("y");
    file.count("w", {4, 3, 2});
    file.count("depthwise", {3, 1, 3});
    file.count("plane", {4, 3, 2, 2});
    file.count("row", {4, 3, 1, 2});
    file.count("b", {4});
    file.count("three", {3});
    file.count("column", {3, 1});
    file.count("all", {5, 3});
    file.tensor<float>("one", {1}, std::vector<float>{0.5f});
    more.insert(more.begin(), "x");
    file.node(op, more, {"y"}, attributes);
    return layers_of(file.bytes(opset));
}

} // namespace onnx_node
