// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "little_endian.hpp"

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// The element types of safetensors with the format's names, from the smallest alignment to the largest.
///
/// Source  huggingface/safetensors, safetensors/src/tensor.rs, enum Dtype.
enum class DType : unsigned char {
    BOOL,
    F4,
    F6_E2M3,
    F6_E3M2,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    F8_E8M0,
    F8_E4M3FNUZ,
    F8_E5M2FNUZ,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
};

namespace detail {
struct DTypeFacts {
    std::string_view name;
    std::size_t bits;
};
inline constexpr std::array<DTypeFacts, 22> dtype_facts{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};
} // namespace detail

constexpr std::string_view name_of(DType dtype) noexcept {
    return detail::dtype_facts[static_cast<std::size_t>(dtype)].name;
}

/// The number of bits of one element.
constexpr std::size_t bits_of(DType dtype) noexcept {
    return detail::dtype_facts[static_cast<std::size_t>(dtype)].bits;
}

constexpr std::optional<DType> dtype_named(std::string_view name) noexcept {
    for (std::size_t i = 0; i < detail::dtype_facts.size(); ++i) {
        if (detail::dtype_facts[i].name == name) return static_cast<DType>(i);
    }
    return std::nullopt;
}

/// The element type of a C++ type: dtype_of<float> is DType::F32.
template <class Scalar>
    requires std::same_as<Scalar, float> || std::same_as<Scalar, double> || std::integral<Scalar>
inline constexpr DType dtype_of = [] {
    constexpr std::array with_sign{DType::I8, DType::I16, DType::I32, DType::I64};
    constexpr std::array without_sign{DType::U8, DType::U16, DType::U32, DType::U64};
    constexpr auto which = static_cast<std::size_t>(std::countr_zero(sizeof(Scalar)));
    if constexpr (std::same_as<Scalar, bool>) return DType::BOOL;
    if constexpr (std::floating_point<Scalar>) return std::array{DType::F32, DType::F64}[which - 2];
    return (std::signed_integral<Scalar> ? with_sign : without_sign)[which];
}();

} // namespace rondo::io
