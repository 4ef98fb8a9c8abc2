// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "text.hpp"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::int8 {

/// Whether a matrix is stored as int8. Smaller ones stay in float: little would be saved, and the few outputs of a last
/// layer, or the few inputs of a first one, need the precision.
constexpr bool stored(int rows, int columns) { return rows >= 4 && columns > 4; }

/// The scale of a row whose largest magnitude is given, so that w is scale times an integer in [-127, 127].
///
/// Units   at least largest / 127, rounded up to 17 bits: a product with an integer of 7 bits is exact, so that a row
///         of such products has the same scale, and the same integers. 1 for a row of zeros, or of numbers below 1e-30;
///         NaN for a row that is not finite.
inline float scale_of(float largest) {
    if (!std::isfinite(largest)) return std::numeric_limits<float>::quiet_NaN();
    if (largest < 1e-30f) return 1;
    const auto bits = std::bit_cast<std::uint32_t>(largest / 127);
    return std::bit_cast<float>((bits + 0x7f) & ~std::uint32_t(0x7f));
}
/// The scale of a row of numbers, row(k) for k < columns.
template <class Row>
float scale_of_row(const Row& row, std::size_t columns) {
    float largest = 0;
    for (std::size_t k = 0; k < columns; ++k) {
        const float size = std::abs(float(row(k)));
        if (!std::isfinite(size)) return scale_of(size);
        largest = size > largest ? size : largest;
    }
    return scale_of(largest);
}
/// w / scale, rounded to nearest, ties to even.
inline std::int8_t of(float w, float scale) {
    const double quotient = std::nearbyint(double(w) / double(scale));
    return std::abs(quotient) <= 127 ? std::int8_t(quotient) : std::int8_t(0);
}

} // namespace rondo::int8

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A type of weights: W, except for layers, or networks in a network, of these names, whose weights stay in the
/// backend's scalar type: Packed<Net, EigenBackend<float>, Except<std::int8_t, "fc">>.
template <class W, Text... layers>
struct Except {};

} // namespace rondo
