// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <bit>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Converts IEEE 754 binary16 to float, exactly, including subnormals, infinities and NaN.
constexpr float from_float16(std::uint16_t bits) noexcept {
    const std::uint32_t sign = std::uint32_t(bits & 0x8000u) << 16, rest = bits & 0x7FFFu;
    const std::uint32_t exponent = rest >> 10;
    if (exponent == 0) { // zero, or a multiple of 2^-24
        const float value = float(rest) * 0x1p-24f;
        return sign != 0 ? -value : value;
    }
    constexpr std::uint32_t bias = 127 - 15;
    const std::uint32_t moved = exponent == 31 ? 255 : exponent + bias;
    return std::bit_cast<float>(sign | moved << 23 | (rest & 0x3FFu) << 13);
}

/// Converts bfloat16, the upper half of a float, to float.
constexpr float from_bfloat16(std::uint16_t bits) noexcept { return std::bit_cast<float>(std::uint32_t(bits) << 16); }

} // namespace rondo::io::detail
