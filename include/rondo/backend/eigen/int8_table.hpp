// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/int8.hpp"

#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// Rows of a table in int8, each with a scale.
///
/// Shapes  table (rows x Size), y (Size).
template <int rows, int Size>
struct Int8Table {
    static constexpr std::size_t scales_size = (std::size_t(rows) * sizeof(float) + 63) / 64 * 64;
    static constexpr std::size_t size = scales_size + std::size_t(rows) * Size;

    template <class Table>
    static void pack(const Table& table, std::byte* to) {
        float* const scales = reinterpret_cast<float*>(to);
        auto* weights = reinterpret_cast<std::int8_t*>(to + scales_size);
        for (std::size_t at = 0; at < std::size_t(rows); ++at) {
            const auto row = [&](std::size_t k) { return table[at * Size + k]; };
            scales[at] = int8::scale_of_row(row, Size);
            for (std::size_t k = 0; k < Size; ++k) *weights++ = int8::of(row(k), scales[at]);
        }
    }
    static void row(const std::byte* packed, int at, float* y) {
        const float scale = reinterpret_cast<const float*>(packed)[at];
        const auto* weights = reinterpret_cast<const std::int8_t*>(packed + scales_size) + std::size_t(at) * Size;
        for (int k = 0; k < Size; ++k) y[k] = float(weights[k]) * scale;
    }
};

} // namespace rondo::eigen
