// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rondo::inline v0_1::io::detail {

/// Where `text` stops being UTF-8, or npos. Overlong forms, surrogates and what lies past U+10FFFF are not UTF-8.
constexpr std::size_t invalid_utf8(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        const unsigned lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80                   ? 1
                                   : lead >= 0xC2 && lead < 0xE0 ? 2
                                   : lead >= 0xE0 && lead < 0xF0 ? 3
                                   : lead >= 0xF0 && lead < 0xF5 ? 4
                                                                 : 0;
        if (length == 0 || length > text.size() - at) return at;
        char32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
        for (std::size_t i = 1; i < length; ++i) {
            const unsigned next = static_cast<unsigned char>(text[at + i]);
            if ((next & 0xC0u) != 0x80u) return at;
            point = point << 6 | (next & 0x3Fu);
        }
        const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
        if (overlong || (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF) return at;
        at += length;
    }
    return std::string_view::npos;
}

/// Appends a code point, which is no surrogate and at most U+10FFFF.
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
