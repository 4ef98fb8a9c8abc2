// SPDX-License-Identifier: MIT
#pragma once

#include "read_number.hpp"

#include <charconv>
#include <string>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// A number in the fewest digits that round-trip in its own type.
template <class T>
std::string to_text(T value) {
    char digits[64];
    return {digits, std::to_chars(digits, digits + sizeof digits, value).ptr};
}

/// A finite number in the fewest digits that round-trip, also through a reader that rounds to double first.
template <class S>
std::string number_text(S value) {
    char digits[32];
    const char* end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    double read = 0;
    const std::string_view text{digits, end};
    if (!read_number(text, read) || S(read) != value)
        end = std::to_chars(digits, digits + sizeof digits, double(value)).ptr;
    return std::string{static_cast<const char*>(digits), end};
}

/// A number in six significant digits, for messages.
inline std::string short_text(double value) {
    char digits[32];
    return {digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::general, 6).ptr};
}

} // namespace rondo::detail
