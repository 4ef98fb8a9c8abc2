// SPDX-License-Identifier: MIT
#pragma once

#include "../core/printable.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// The position of the first byte of `text` that is not valid UTF-8, or npos. Overlong forms, surrogates and code
/// points past U+10FFFF are invalid.
constexpr std::size_t invalid_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = rondo::detail::first_code_point(text.substr(at)).length;
        if (length == 0) return at;
        at += length;
    }
    return std::string_view::npos;
}

/// Appends a code point, which must not be a surrogate or above U+10FFFF.
inline void append_utf8(std::string& text, char32_t point) {
    const auto append = [&](char32_t bits) { text.push_back(static_cast<char>(static_cast<unsigned char>(bits))); };
    if (point < 0x80) return append(point);
    if (point < 0x800) {
        append(0xC0 | point >> 6);
    } else {
        if (point < 0x10000) {
            append(0xE0 | point >> 12);
        } else {
            append(0xF0 | point >> 18);
            append(0x80 | (point >> 12 & 0x3F));
        }
        append(0x80 | (point >> 6 & 0x3F));
    }
    append(0x80 | (point & 0x3F));
}

} // namespace rondo::io::detail
