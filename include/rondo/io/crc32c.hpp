// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "little_endian.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {
// Table k: the check of a byte with k bytes after it.
inline constexpr auto crc32c_tables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        tables[0][byte] = byte;
        for (int bit = 0; bit < 8; ++bit)
            tables[0][byte] = tables[0][byte] >> 1 ^ (tables[0][byte] & 1 ? 0x82F63B78u : 0u);
    }
    for (std::size_t k = 1; k < 8; ++k)
        for (std::size_t byte = 0; byte < 256; ++byte)
            tables[k][byte] = tables[k - 1][byte] >> 8 ^ tables[0][tables[k - 1][byte] & 0xFF];
    return tables;
}();
}

/// The cyclic redundancy check CRC-32C, of eight bytes at a time. `before`: that of the bytes before these.
///
/// Source  Castagnoli, Braeuer & Herrmann, IEEE Transactions on Communications 41 (1993); RFC 3720, appendix B.4;
///         Kounavis & Berry, "A systematic approach to building high performance software-based CRC generators" (2005).
inline std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0) {
    const auto& tables = detail::crc32c_tables;
    std::uint32_t crc = ~before;
    const std::byte* from = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; left -= 8, from += 8) {
        std::uint32_t low = 0, high = 0;
        std::memcpy(&low, from, 4);
        std::memcpy(&high, from + 4, 4);
        low ^= crc;
        crc = tables[7][low & 0xFF] ^ tables[6][low >> 8 & 0xFF] ^ tables[5][low >> 16 & 0xFF] ^ tables[4][low >> 24] ^
              tables[3][high & 0xFF] ^ tables[2][high >> 8 & 0xFF] ^ tables[1][high >> 16 & 0xFF] ^
              tables[0][high >> 24];
    }
    for (; left > 0; --left, ++from) crc = crc >> 8 ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*from)) & 0xFF];
    return ~crc;
}

} // namespace rondo::io
