// SPDX-License-Identifier: MIT
#pragma once

#include "protobuf.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::inline v0_1::io::detail {

using Message = std::span<const std::byte>;

/// A name of a file in a message of ours: short, and of letters that every terminal has.
inline std::string quoted(std::string_view name) {
    constexpr std::size_t most = 80;
    std::string text{'"'};
    for (const char c : name.substr(0, most)) text += c >= ' ' && c <= '~' ? c : '?';
    return text += name.size() > most ? "...\"" : "\"";
}

/// A TensorProto where it lies in its file.
struct OnnxTensor {
    enum Type { none = 0, float32 = 1, int32 = 6, int64 = 7, float64 = 11 };

    std::string_view name;
    int type = none;
    std::array<std::size_t, 8> dims{};
    std::size_t rank = 0, size = 1; // size: numbers of it
    Message message;

    bool real() const { return type == float32 || type == float64; }
    std::string shape() const {
        std::string text{'['};
        for (std::size_t k = 0; k < rank; ++k) (text += k > 0 ? "," : "") += std::to_string(dims[k]);
        return text += ']';
    }
};

inline std::string onnx_type_name(int type) {
    constexpr std::string_view names[]{"UNDEFINED", "FLOAT",  "UINT8",   "INT8",   "UINT16", "INT16",
                                       "INT32",     "INT64",  "STRING",  "BOOL",   "FLOAT16", "DOUBLE",
                                       "UINT32",    "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
    if (type >= 0 && std::size_t(type) < std::size(names)) return std::string{names[type]};
    return "type " + std::to_string(type);
}

/// The name of a TensorProto, whatever else it is.
inline std::string_view onnx_tensor_name(Message message) {
    ProtobufReader tensor{message};
    std::string_view name;
    while (tensor.next())
        if (tensor.field() == 8) name = tensor.text();
    return name;
}

/// Reads all but the numbers, and checks that they are there; returns what is wrong, or nothing.
inline std::string read_onnx_tensor(Message message, OnnxTensor& result) {
    OnnxTensor tensor;
    tensor.name = onnx_tensor_name(message);
    tensor.message = message;
    std::size_t raw_size = 0, raws = 0, numbers = 0, foreign = 0;
    std::int64_t location = 0;
    std::string problem;
    int typed = OnnxTensor::none; // of the field that holds numbers
    ProtobufReader reader{message};
    const auto count = [&](int type) {
        if (typed == OnnxTensor::none) typed = type;
        foreign += typed != type;
        ++numbers;
    };
    while (reader.next()) switch (reader.field()) {
        case 1:
            reader.wholes([&](std::int64_t extent) {
                const auto limit = std::numeric_limits<std::size_t>::max() / 8;
                if (tensor.rank == tensor.dims.size()) problem = "has more than 8 dimensions";
                else if (extent < 0) problem = "has a dimension of " + std::to_string(extent);
                else if (extent > 0 && tensor.size > limit / std::size_t(extent))
                    problem = "has more numbers than can be counted";
                else {
                    tensor.dims[tensor.rank++] = std::size_t(extent);
                    tensor.size *= std::size_t(extent);
                }
            });
            break;
        case 2: tensor.type = static_cast<int>(reader.whole()); break;
        case 3: problem = "is a segment of a tensor"; break;
        case 4: reader.fixed<std::uint32_t>([&](std::uint32_t) { count(OnnxTensor::float32); }); break;
        case 5: reader.wholes([&](std::int64_t) { count(OnnxTensor::int32); }); break;
        case 7: reader.wholes([&](std::int64_t) { count(OnnxTensor::int64); }); break;
        case 9:
            raw_size = reader.bytes().size();
            ++raws;
            break;
        case 10: reader.fixed<std::uint64_t>([&](std::uint64_t) { count(OnnxTensor::float64); }); break;
        case 13: location = 1; break;
        case 14: location = reader.whole(); break;
        default: break;
    }
    const std::string name = "tensor " + quoted(tensor.name) + ' ';
    if (!reader.ok()) return name + "is no TensorProto: " + reader.problem();
    if (!problem.empty()) return name + problem;
    if (location != 0) return name + "keeps its numbers in another file; save the model with them in its own";
    const bool wide = tensor.type == OnnxTensor::int64 || tensor.type == OnnxTensor::float64;
    if (!tensor.real() && tensor.type != OnnxTensor::int32 && tensor.type != OnnxTensor::int64)
        return name + "is of " + onnx_type_name(tensor.type) + "; expected FLOAT, DOUBLE, INT32 or INT64";
    const std::string expected = name + "has the shape " + tensor.shape() + " of " +
                                 onnx_type_name(tensor.type) + ", but holds ";
    if (raws > 1 || (raws == 1 && numbers > 0)) return name + "holds its numbers twice";
    if (raws == 1 && raw_size != tensor.size * (wide ? 8 : 4)) return expected + std::to_string(raw_size) + " bytes";
    if (raws == 0 && numbers != tensor.size) return expected + std::to_string(numbers) + " numbers";
    if (foreign > 0 || (numbers > 0 && typed != tensor.type)) return expected + "numbers of another type";
    result = tensor;
    return {};
}

/// The numbers of a tensor that was read: of FLOAT and DOUBLE as double, of INT32 and INT64 as std::int64_t.
template <class T>
    requires std::same_as<T, double> || std::same_as<T, std::int64_t>
std::vector<T> onnx_numbers(const OnnxTensor& tensor) {
    std::vector<T> all;
    all.reserve(tensor.size);
    const auto raw = [&]<class Stored>(Message bytes, Stored) {
        for (std::size_t k = 0; k + sizeof(Stored) <= bytes.size(); k += sizeof(Stored)) {
            Stored number;
            std::memcpy(&number, bytes.data() + k, sizeof number);
            all.push_back(T(number));
        }
    };
    const auto keep = [&](std::int64_t number) { all.push_back(T(number)); };
    ProtobufReader reader{tensor.message};
    while (reader.next()) switch (reader.field()) {
        case 4: reader.fixed<std::uint32_t>([&](std::uint32_t n) { all.push_back(T(std::bit_cast<float>(n))); }); break;
        case 5:
        case 7: reader.wholes(keep); break;
        case 9:
            if (tensor.type == OnnxTensor::float32) raw(reader.bytes(), float{});
            else if (tensor.type == OnnxTensor::float64) raw(reader.bytes(), double{});
            else if (tensor.type == OnnxTensor::int32) raw(reader.bytes(), std::int32_t{});
            else raw(reader.bytes(), std::int64_t{});
            break;
        case 10: reader.fixed<std::uint64_t>([&](std::uint64_t n) { all.push_back(T(std::bit_cast<double>(n))); });
            break;
        default: break;
    }
    return all;
}

} // namespace rondo::io::detail
