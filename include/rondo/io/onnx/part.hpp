// SPDX-License-Identifier: MIT
#pragma once

#include "../../version.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// An extent that may depend on dynamic extents of the graph's input: `times` the product of their powers.
///
/// after  which open number of steps the third power is of; extents of different ones are not equal
struct OnnxDim {
    std::int64_t times = 1;
    std::array<std::uint8_t, 3> powers{}; // of two extents of the graph's input, and of the steps after convolutions
    std::uint32_t after = 0;

    bool known() const { return powers == std::array<std::uint8_t, 3>{}; }
    bool is(std::int64_t number) const { return known() && times == number; }
    bool operator==(const OnnxDim&) const = default;

    /// Nothing if the product is too large.
    static std::optional<OnnxDim> product(const OnnxDim& a, const OnnxDim& b) {
        constexpr std::int64_t most = (std::numeric_limits<std::int32_t>::max)();
        if (a.after != b.after && a.after != 0 && b.after != 0) return std::nullopt;
        OnnxDim result;
        result.after = (std::max)(a.after, b.after);
        if ((std::max)(a.times, b.times) > most || (std::min)(a.times, b.times) < -most) return std::nullopt;
        result.times = a.times * b.times;
        for (std::size_t k = 0; k < 3; ++k) {
            if (a.powers[k] + b.powers[k] > 9) return std::nullopt;
            result.powers[k] = static_cast<std::uint8_t>(a.powers[k] + b.powers[k]);
        }
        return result;
    }
};

/// A part of a layer's output: one block of its features; in a bidirectional layer, a block is one direction.
///
/// layer  0: the graph's input
/// what   all steps, the last or first step, the final state (Y_h), or the final memory (Y_c)
struct OnnxPart {
    enum What : std::uint8_t { steps, last, first, end, memory };
    std::uint32_t layer = 0;
    std::uint8_t block = 0;
    What what = steps;
    bool operator==(const OnnxPart&) const = default;
};

} // namespace rondo::io::detail
