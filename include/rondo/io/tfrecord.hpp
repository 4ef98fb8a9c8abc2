// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "little_endian.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {
inline constexpr auto crc32c_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        table[byte] = byte;
        for (int bit = 0; bit < 8; ++bit) table[byte] = table[byte] >> 1 ^ (table[byte] & 1 ? 0x82F63B78u : 0u);
    }
    return table;
}();
}

/// The cyclic redundancy check CRC-32C.
///
/// Source  Castagnoli, Braeuer & Herrmann, IEEE Transactions on Communications 41 (1993); RFC 3720, appendix B.4.
constexpr std::uint32_t crc32c(std::span<const std::byte> bytes) {
    std::uint32_t crc = ~0u;
    for (const std::byte byte : bytes)
        crc = crc >> 8 ^ detail::crc32c_table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xFF];
    return ~crc;
}

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
