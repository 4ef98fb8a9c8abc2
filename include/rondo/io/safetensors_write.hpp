// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/range.hpp"
#include "bytes.hpp"
#include "file.hpp"
#include "safetensors/header.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// A tensor to be written: row-major, little-endian.
struct TensorData {
    std::string_view name;
    DType dtype = DType::F32;
    std::span<const std::size_t> shape;
    std::span<const std::byte> bytes;
};

namespace detail {

struct SafetensorsParts {
    std::string header;                            // with its length
    std::vector<std::span<const std::byte>> bytes; // of the header, then of the tensors in file order
};

inline std::string name_problem(std::string_view name, const SafetensorsLimits& limits) {
    if (name.size() > limits.name) {
        return "a name has " + std::to_string(name.size()) + " bytes; at most " + std::to_string(limits.name) +
               " are allowed";
    }
    return invalid_utf8(name) == name.npos ? std::string{} : "a name is not UTF-8";
}

inline std::string tensor_problem(const TensorData& tensor, const SafetensorsLimits& limits) {
    if (std::string problem = name_problem(tensor.name, limits); !problem.empty()) return problem;
    const std::string name = "tensor " + json_string(tensor.name);
    if (tensor.name == "__metadata__") return name + ": the format keeps this name for itself";
    if (tensor.shape.size() > limits.rank) {
        return name + " has rank " + std::to_string(tensor.shape.size()) + "; at most " + std::to_string(limits.rank) +
               " is allowed";
    }
    std::size_t size = 0;
    if (const std::string problem = size_problem(tensor.dtype, tensor.shape, size); !problem.empty()) {
        return name + ": " + problem;
    }
    if (size == tensor.bytes.size()) return {};
    return name + ": " + describe(tensor.dtype, tensor.shape) + " takes " + std::to_string(size) + " bytes, but " +
           std::to_string(tensor.bytes.size()) + " are given";
}

inline std::string metadata_problem(const Metadata& metadata, const SafetensorsLimits& limits) {
    for (const auto& [key, value] : metadata) {
        if (std::string problem = name_problem(key, limits); !problem.empty()) return "metadata: " + problem;
        if (invalid_utf8(value) != value.npos) return "metadata " + json_string(key) + " is not UTF-8";
    }
    const auto key = [](const auto& entry) -> auto& { return entry.first; };
    const auto* twice = find_duplicate(metadata, order_by_name(metadata, key), key);
    return twice ? "metadata " + json_string(twice->first) + " comes twice" : std::string{};
}

/// Fills `parts`; returns the problem with the tensors, or an empty string.
[[gnu::cold]] inline std::string lay_out(std::span<const TensorData> tensors, const Metadata& metadata,
                                         const SafetensorsLimits& limits, SafetensorsParts& parts) {
    for (const TensorData& tensor : tensors) {
        if (std::string problem = tensor_problem(tensor, limits); !problem.empty()) return problem;
    }
    if (std::string problem = metadata_problem(metadata, limits); !problem.empty()) return problem;
    const auto name = [](const TensorData& tensor) { return tensor.name; };
    std::vector<std::size_t> order = order_by_name(tensors, name);
    if (const auto* twice = find_duplicate(tensors, order, name)) {
        return "tensor " + json_string(twice->name) + " comes twice";
    }
    range::sort_positions(order, [&](std::size_t a, std::size_t b) {
        const TensorData &x = tensors[a], &y = tensors[b];
        return x.dtype != y.dtype ? x.dtype > y.dtype : x.name < y.name;
    });

    std::string json{'{'};
    const auto separate = [&json] {
        if (json.back() != '{') json += ',';
    };
    if (!metadata.empty()) {
        json += "\"__metadata__\":{";
        for (const auto& [key, value] : metadata) {
            separate();
            json += json_string(key) + ':' + json_string(value);
        }
        json += '}';
    }
    parts.bytes = std::vector<std::span<const std::byte>>(order.size() + 1);
    std::size_t end = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
        const TensorData& tensor = tensors[order[k]];
        separate();
        json += json_string(tensor.name) + ":{\"dtype\":\"";
        json += name_of(tensor.dtype);
        json += "\",\"shape\":" + list(tensor.shape) + ",\"data_offsets\":[" + std::to_string(end) + ',';
        json += std::to_string(end += tensor.bytes.size()) + "]}";
        parts.bytes[k + 1] = tensor.bytes;
    }
    json += '}';
    json.resize((json.size() + 7) / 8 * 8, ' ');
    if (const std::size_t limit = header_limit(limits); json.size() > limit) {
        return "the header takes " + std::to_string(json.size()) + " bytes; at most " + std::to_string(limit) +
               " are allowed";
    }
    const std::uint64_t length = json.size();
    if (sizeof length + json.size() > limits.file || end > limits.file - sizeof length - json.size()) {
        return "the file takes " + std::to_string(sizeof length + json.size() + end) + " bytes; at most " +
               std::to_string(limits.file) + " are allowed";
    }
    parts.header.assign(reinterpret_cast<const char*>(&length), sizeof length);
    parts.header += json;
    parts.bytes[0] = std::as_bytes(std::span{parts.header});
    return {};
}

} // namespace detail

/// Writes a safetensors file: larger elements first, then by name, so that every tensor is aligned to its elements.
///
/// A file written within `limits` can be read with the same limits, and by the reference implementation.
///
/// Errors  argument: a name that is repeated, too long, not UTF-8 or "__metadata__"; a number of bytes that does not
///         match the shape; a rank, header or file above its limit. file: a file that cannot be written; an existing
///         file is unchanged then.
/// Source  huggingface/safetensors, safetensors/src/tensor.rs, fn prepare.
inline void write_safetensors(const std::filesystem::path& path, std::span<const TensorData> tensors,
                              const Metadata& metadata, SafetensorsLimits limits, Error& error) noexcept {
    no_throw(error, [&] {
        detail::SafetensorsParts parts;
        if (const std::string problem = detail::lay_out(tensors, metadata, limits, parts); !problem.empty())
            error = {Error::Kind::argument, path.string() + ": " + problem};
        else write_file(path, parts.bytes, error);
    });
}

inline void write_safetensors(const std::filesystem::path& path, std::span<const TensorData> tensors,
                              const Metadata& metadata = {}, SafetensorsLimits limits = {}) {
    or_fail([&](Error& error) { write_safetensors(path, tensors, metadata, limits, error); });
}

/// The same in memory.
///
/// Errors  argument: as above; memory.
inline Bytes safetensors_bytes(std::span<const TensorData> tensors, const Metadata& metadata, SafetensorsLimits limits,
                               Error& error) noexcept {
    return no_throw(error, [&] {
        detail::SafetensorsParts parts;
        if (const std::string problem = detail::lay_out(tensors, metadata, limits, parts); !problem.empty())
            return error = {Error::Kind::argument, "safetensors: " + problem}, Bytes{};
        std::size_t size = 0;
        for (const auto part : parts.bytes) size += part.size();
        Bytes bytes{size};
        if (bytes.size() != size) {
            error = {Error::Kind::memory, "safetensors: no memory for " + std::to_string(size) + " bytes"};
            return Bytes{};
        }
        std::byte* to = bytes.data();
        for (const auto part : parts.bytes) to = range::copy(part, to);
        return bytes;
    });
}

inline Bytes safetensors_bytes(std::span<const TensorData> tensors, const Metadata& metadata = {},
                               SafetensorsLimits limits = {}) {
    return or_fail([&](Error& error) { return safetensors_bytes(tensors, metadata, limits, error); });
}

} // namespace rondo::io
