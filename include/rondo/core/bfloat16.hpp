// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <bit>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The upper 16 bits of a float: its range, with 8 bits of precision.
///
/// Units   a float is rounded to nearest, ties to even; relative error at most 2^-8. NaN stays NaN.
struct bfloat16 {
    std::uint16_t bits = 0;

    bfloat16() = default;
    explicit bfloat16(float x) {
        const auto all = std::bit_cast<std::uint32_t>(x);
        bits = x == x ? std::uint16_t((all + 0x7fff + (all >> 16 & 1)) >> 16) : std::uint16_t(all >> 16 | 0x40);
    }
    explicit operator float() const { return std::bit_cast<float>(std::uint32_t(bits) << 16); }
    bool operator==(const bfloat16&) const = default;
};

} // namespace rondo
