// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {

/// The code point at the beginning of `text` and its length in bytes, 0 if there is none. Overlong forms, surrogates
/// and code points past U+10FFFF are not UTF-8.
struct CodePoint {
    char32_t value = 0;
    std::size_t length = 0;
};
constexpr CodePoint first_code_point(std::string_view text) noexcept {
    if (text.empty()) return {};
    const unsigned lead = static_cast<unsigned char>(text[0]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                                                             : 0;
    if (length == 0 || length > text.size()) return {};
    char32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0u) != 0x80u) return {};
        point = point << 6 | (next & 0x3Fu);
    }
    const bool overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (overlong || (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF) return {};
    return {point, length};
}

/// Whether a terminal may interpret a code point as a command, or reorder the text after it: C0, DEL, C1, line
/// separators, directional formatting characters (UAX 9), the byte order mark.
constexpr bool is_control(char32_t point) noexcept {
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C || point == 0x200E || point == 0x200F ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x206F) || point == 0xFEFF;
}

}

/// Text that is safe to print on one line of a terminal or a log: control characters, directional formatting characters
/// and bytes that are not UTF-8 are escaped as in C: `\n`, `\t`, `\r`, `\x1b`, `\u202e`. ASCII characters in `kept` are
/// not escaped.
///
///   printable("caf\xC3\xA9\x1B[2J")       "café\x1b[2J", with a backslash in place of the escape character
///   printable("two\nlines\t\a", "\n\t")   lines and tabs stay, the bell does not
///
/// Backslashes are not escaped: the result is for reading and cannot be converted back.
inline std::string printable(std::string_view text, std::string_view kept = {}) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string all;
    while (!text.empty()) {
        const detail::CodePoint point = detail::first_code_point(text);
        const std::size_t length = point.length > 0 ? point.length : 1;
        const bool escaped = point.length == 0 || (detail::is_control(point.value) && kept.find(text[0]) == kept.npos);
        if (!escaped) {
            all += text.substr(0, length);
        } else if (const std::size_t at = std::string_view{"\t\n\r"}.find(text[0]); at != std::string_view::npos) {
            (all += '\\') += "tnr"[at];
        } else {
            const bool is_short = point.value < 0x80; // a byte that is not UTF-8 has no code point: 0
            const unsigned value = point.length > 0 ? unsigned(point.value) : static_cast<unsigned char>(text[0]);
            all += is_short ? "\\x" : "\\u";
            for (int shift = is_short ? 4 : 12; shift >= 0; shift -= 4) all += digits[value >> shift & 15];
        }
        text.remove_prefix(length);
    }
    return all;
}

} // namespace rondo
