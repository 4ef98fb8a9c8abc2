// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/io/safetensors.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

/// A safetensors file with this header and `data` bytes of data: 0, 1, 2, ...
inline std::string safetensors_file(std::string_view header, std::size_t data = 0) {
    std::string file;
    for (int i = 0; i < 8; ++i) file += static_cast<char>(std::uint64_t{header.size()} >> 8 * i & 0xFF);
    file += header;
    for (std::size_t i = 0; i < data; ++i) file += static_cast<char>(i & 0xFF);
    return file;
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text}); }

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file of test/io/data.
inline std::filesystem::path data_file(std::string_view name) {
    // __FILE__ is relative to the build folder; tests run there or in a folder below it.
    std::filesystem::path here = __FILE__, start = std::filesystem::current_path();
    while (!std::filesystem::exists(start / here) && start.has_relative_path()) start = start.parent_path();
    return (start / here).parent_path() / "data" / name;
}

/// The problem with a file, or an empty string.
inline std::string problem(std::string_view file, rondo::io::SafetensorsLimits limits = {}) {
    rondo::Error error;
    const rondo::io::Safetensors safetensors{bytes_of(file), limits, error};
    if (!error) return "";
    EXPECT_EQ(error.kind, rondo::Error::Kind::format);
    EXPECT_TRUE(error.message.starts_with("safetensors: ")) << error.message;
    EXPECT_TRUE(safetensors.tensors().empty());
    EXPECT_TRUE(safetensors.metadata().empty());
    return error.message.substr(std::string_view{"safetensors: "}.size());
}

/// One tensor "w" with these fields.
inline std::string tensor(std::string_view fields) { return "{\"w\":{" + std::string{fields} + "}}"; }
inline std::string tensor(std::string_view dtype, std::string_view shape, std::string_view offsets) {
    return tensor("\"dtype\":\"" + std::string{dtype} + "\",\"shape\":" + std::string{shape} +
                  ",\"data_offsets\":" + std::string{offsets});
}
