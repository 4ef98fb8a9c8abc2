// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "crc32c.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// A record of a TFRecord file: its length, the check of the length, the data, the check of the data.
///
/// Source  tensorflow.org/tutorials/load_data/tfrecord.
inline std::string tfrecord(std::span<const std::byte> data) {
    const auto masked = [](std::uint32_t crc) { return std::rotr(crc, 15) + 0xA282EAD8u; };
    std::string record;
    const auto add = [&](auto number) {
        const auto bytes = std::bit_cast<std::array<char, sizeof number>>(number);
        record.append(bytes.data(), bytes.size());
    };
    const std::uint64_t size = data.size();
    add(size);
    add(masked(crc32c(std::as_bytes(std::span{&size, 1}))));
    for (const std::byte byte : data) record.push_back(std::to_integer<char>(byte));
    add(masked(crc32c(data)));
    return record;
}

} // namespace rondo::io
