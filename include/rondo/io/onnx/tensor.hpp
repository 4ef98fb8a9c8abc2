// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "../float16.hpp"
#include "../little_endian.hpp"
#include "protobuf.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

using Message = std::span<const std::byte>;

/// The largest extent of an axis: sizes of layers, and small multiples of them, must fit into int.
inline constexpr std::int64_t onnx_most_extent = (std::numeric_limits<std::int32_t>::max)() / 8;

/// A name from a file for use in an error message: shortened, and with printable characters only.
inline std::string quoted(std::string_view name) {
    constexpr std::size_t most = 80;
    std::string text{'"'};
    for (const char c : name.substr(0, most)) text += c >= ' ' && c <= '~' ? c : '?';
    return text += name.size() > most ? "...\"" : "\"";
}

/// The location of a TensorProto's elements in another file; without a length, their number is that of the shape.
struct OnnxPlace {
    std::string_view location;
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length;
};

/// A non-owning view of a TensorProto, or a folded constant.
struct OnnxTensor {
    enum Type : std::int64_t {
        none = 0,
        float32 = 1,
        int32 = 6,
        int64 = 7,
        boolean = 9,
        float16 = 10,
        float64 = 11,
        bfloat16 = 16
    };

    std::string_view name{};
    std::int64_t type = none;
    std::array<std::size_t, 8> dims{};
    std::size_t rank = 0, size = 1;                        // size: number of elements
    Message message{};                                     // contains the elements, unless they are
    std::optional<Message> raw{};                          // raw bytes, in this file or in another,
    std::optional<OnnxPlace> place{};                      // in another file that is not yet read,
    std::shared_ptr<const std::vector<double>> computed{}; // or folded

    bool half() const { return type == float16 || type == bfloat16; }
    bool real() const { return type == float32 || type == float64 || half(); }
    std::size_t bytes_each() const {
        if (type == boolean) return 1;
        return half() ? 2 : type == int64 || type == float64 ? 8 : 4;
    }
    std::string shape() const {
        std::string text{'['};
        for (std::size_t k = 0; k < rank; ++k) (text += k > 0 ? "," : "") += std::to_string(dims[k]);
        return text += ']';
    }
    /// Its description in error messages.
    std::string called() const { return "tensor " + quoted(name) + ' '; }
};

inline std::string onnx_type_name(std::int64_t type) {
    constexpr std::string_view names[]{"UNDEFINED", "FLOAT",  "UINT8",     "INT8",       "UINT16",  "INT16",
                                       "INT32",     "INT64",  "STRING",    "BOOL",       "FLOAT16", "DOUBLE",
                                       "UINT32",    "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
    if (type >= 0 && type < std::int64_t(std::size(names))) return std::string{names[std::size_t(type)]};
    return "type " + std::to_string(type);
}

/// The name of a TensorProto; its other fields are not checked.
inline std::string_view onnx_tensor_name(Message message) {
    ProtobufReader tensor{message};
    std::string_view name;
    while (tensor.next())
        if (tensor.field() == 8) name = tensor.text();
    return name;
}

/// Adds one entry of external_data; returns an error message, empty on success.
inline std::string read_onnx_place(Message entry, OnnxPlace& place, std::vector<std::string_view>& keys) {
    std::string_view key, value;
    ProtobufReader reader{entry};
    while (reader.next()) {
        if (reader.field() == 1) key = reader.text();
        if (reader.field() == 2) value = reader.text();
    }
    if (!reader.ok()) return "has external data that are no StringStringEntryProto: " + reader.problem();
    if (key != "location" && key != "offset" && key != "length" && key != "checksum")
        return "has the external data's " + quoted(key) + "; expected location, offset, length and checksum";
    if (range::find(keys, key) != keys.end()) return "has the external data's " + std::string{key} + " twice";
    keys.push_back(key);
    const auto number = [&value](std::uint64_t& result) {
        const char* const end = value.data() + value.size();
        const auto [stop, problem] = std::from_chars(value.data(), end, result);
        return problem == std::errc{} && stop == end;
    };
    std::uint64_t length = 0;
    if (key == "location") return place.location = value, std::string{};
    if (key == "checksum") return {}; // of the whole file; not compared
    if (!number(key == "offset" ? place.offset : length))
        return "has the external data's " + std::string{key} + ' ' + quoted(value) + "; expected a number of bytes";
    if (key == "length") place.length = length;
    return {};
}

/// Reads everything except the elements, and checks that their number is right; returns an error message, empty on
/// success. For elements in another file, `place` is their location.
inline std::string read_onnx_tensor(Message message, OnnxTensor& result) {
    OnnxTensor tensor;
    tensor.name = onnx_tensor_name(message);
    tensor.message = message;
    std::size_t raws = 0, numbers = 0, foreign = 0;
    std::int64_t location = 0;
    std::string problem;
    unsigned typed = 0; // the field that contains the elements
    OnnxPlace place;
    std::vector<std::string_view> keys;
    ProtobufReader reader{message};
    const auto count = [&](auto) {
        if (typed == 0) typed = reader.field();
        foreign += typed != reader.field();
        ++numbers;
    };
    while (reader.next()) switch (reader.field()) {
        case 1:
            reader.wholes([&](std::int64_t extent) {
                const auto limit = (std::numeric_limits<std::size_t>::max)() / 8;
                if (tensor.rank == tensor.dims.size()) problem = "has more than 8 dimensions";
                else if (extent < 0) problem = "has a dimension of " + std::to_string(extent);
                else if (std::uint64_t(extent) > limit || (extent > 0 && tensor.size > limit / std::size_t(extent)))
                    problem = "has more numbers than can be counted";
                else {
                    tensor.dims[tensor.rank++] = std::size_t(extent);
                    tensor.size *= std::size_t(extent);
                }
            });
            break;
        case 2: tensor.type = reader.whole(); break;
        case 3: problem = "is a segment of a tensor"; break;
        case 4: reader.fixed<std::uint32_t>(count); break;
        case 5:
        case 7: reader.wholes(count); break;
        case 9:
            tensor.raw = reader.bytes();
            ++raws;
            break;
        case 10: reader.fixed<std::uint64_t>(count); break;
        case 13:
            if (std::string wrong = read_onnx_place(reader.bytes(), place, keys); problem.empty()) problem = wrong;
            break;
        case 14: location = reader.whole(); break;
        default: break;
        }
    const std::string name = tensor.called();
    if (!reader.ok()) return name + "is no TensorProto: " + reader.problem();
    if (!problem.empty()) return name + problem;
    const bool whole =
        tensor.type == OnnxTensor::int32 || tensor.type == OnnxTensor::int64 || tensor.type == OnnxTensor::boolean;
    if (!tensor.real() && !whole)
        return name + "is of " + onnx_type_name(tensor.type) + "; expected FLOAT, DOUBLE, INT32 or INT64";
    if (location != 0 && location != 1) return name + "has the data_location " + std::to_string(location);
    const bool outside = location == 1;
    if (outside != !keys.empty())
        return name + (outside ? "keeps its numbers in another file, but does not say where"
                               : "says where numbers lie in another file, but its data_location is not EXTERNAL");
    if (raws + std::size_t(outside) > 1 || (raws + std::size_t(outside) == 1 && numbers > 0))
        return name + "holds its numbers twice";
    if (outside) {
        if (place.location.empty()) return name + "keeps its numbers in another file, but does not say in which";
        tensor.place = place;
        return result = std::move(tensor), std::string{};
    }
    const std::string expected =
        name + "has the shape " + tensor.shape() + " of " + onnx_type_name(tensor.type) + ", but holds ";
    if (raws == 1 && tensor.raw->size() != tensor.size * tensor.bytes_each())
        return expected + std::to_string(tensor.raw->size()) + " bytes";
    if (raws == 0 && numbers != tensor.size) return expected + std::to_string(numbers) + " numbers";
    const unsigned field = tensor.type == OnnxTensor::float32   ? 4
                           : tensor.type == OnnxTensor::float64 ? 10
                           : tensor.type == OnnxTensor::int64   ? 7
                                                                : 5;
    if (foreign > 0 || (numbers > 0 && typed != field)) return expected + "numbers of another type";
    result = std::move(tensor);
    return {};
}

/// Sets `raw` of a tensor whose elements are in `file`; returns an error message, empty on success.
inline std::string place_onnx_tensor(OnnxTensor& tensor, Message file) {
    const OnnxPlace place = *tensor.place;
    const std::uint64_t size = std::uint64_t(tensor.size) * tensor.bytes_each(), length = place.length.value_or(size);
    if (length != size)
        return tensor.called() + "has the shape " + tensor.shape() + " of " + onnx_type_name(tensor.type) + ", " +
               std::to_string(size) + " bytes, but the external data's length is " + std::to_string(length);
    if (place.offset > file.size() || length > file.size() - place.offset)
        return tensor.called() + "lies at the bytes from " + std::to_string(place.offset) + " on, " +
               std::to_string(length) + " of them, of " + quoted(place.location) + ", which has " +
               std::to_string(file.size());
    tensor.raw = file.subspan(std::size_t(place.offset), std::size_t(length));
    tensor.place.reset();
    return {};
}

/// The elements of a tensor: FLOAT, DOUBLE, FLOAT16 and BFLOAT16 as double, other types as std::int64_t.
template <class T>
    requires std::same_as<T, double> || std::same_as<T, std::int64_t>
std::vector<T> onnx_numbers(const OnnxTensor& tensor) {
    std::vector<T> all;
    all.reserve(tensor.size);
    if (tensor.computed) {
        for (const double number : *tensor.computed) all.push_back(T(number));
        return all;
    }
    const auto half = [&](std::uint16_t bits) {
        return T(tensor.type == OnnxTensor::float16 ? from_float16(bits) : from_bfloat16(bits));
    };
    const auto raw = [&]<class Stored>(Stored, auto&& value) {
        for (std::size_t k = 0; k + sizeof(Stored) <= tensor.raw->size(); k += sizeof(Stored)) {
            Stored number;
            std::memcpy(&number, tensor.raw->data() + k, sizeof number);
            all.push_back(value(number));
        }
    };
    const auto same = [](auto number) { return T(number); };
    if (tensor.raw) {
        if (tensor.half()) raw(std::uint16_t{}, half);
        else if (tensor.type == OnnxTensor::float32) raw(float{}, same);
        else if (tensor.type == OnnxTensor::float64) raw(double{}, same);
        else if (tensor.type == OnnxTensor::int32) raw(std::int32_t{}, same);
        else if (tensor.type == OnnxTensor::boolean) raw(std::uint8_t{}, same);
        else raw(std::int64_t{}, same);
        return all;
    }
    const auto keep = [&](std::int64_t number) {
        all.push_back(tensor.half() ? half(static_cast<std::uint16_t>(number & 0xFFFF)) : T(number));
    };
    ProtobufReader reader{tensor.message};
    while (reader.next()) switch (reader.field()) {
        case 4: reader.fixed<std::uint32_t>([&](std::uint32_t n) { all.push_back(T(std::bit_cast<float>(n))); }); break;
        case 5:
        case 7: reader.wholes(keep); break;
        case 10:
            reader.fixed<std::uint64_t>([&](std::uint64_t n) { all.push_back(T(std::bit_cast<double>(n))); });
            break;
        default: break;
        }
    return all;
}

} // namespace rondo::io::detail
