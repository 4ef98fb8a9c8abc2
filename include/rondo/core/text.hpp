// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A string as a template argument: Named<"lstm", ...>.
template <std::size_t N>
struct Text {
    char text[N]{};
    constexpr Text(const char (&source)[N]) {
        for (std::size_t k = 0; k < N; ++k) text[k] = source[k];
    }
    constexpr std::string_view view() const { return {text, N - 1}; }
};

namespace detail {
// Not constexpr: a call in a constant expression is an error, and every compiler prints the line with the message.
// (throw would do the same, but not under -fno-exceptions.)
inline std::size_t rejected(const char*) { return 0; }
}

/// A short string of fixed capacity that constant expressions can build: the name of a tensor.
///
/// Errors  a string that does not fit is not a constant expression: the network does not compile.
struct Label {
    char text[96]{};
    int size = 0;

    constexpr Label() = default;
    constexpr Label(const char* source) { add(std::string_view{source}); }
    constexpr Label& add(std::string_view part) {
        for (char c : part) add(c);
        return *this;
    }
    constexpr Label& add(int number) {
        char digits[12]{};
        int count = 0;
        do {
            digits[count++] = char('0' + number % 10);
            number /= 10;
        } while (number > 0);
        while (count > 0) add(digits[--count]);
        return *this;
    }
    constexpr std::string_view view() const { return {text, std::size_t(size)}; }

private:
    constexpr void add(char c) {
        if (std::size_t(size) == sizeof text) detail::rejected("rondo: the name of a tensor is too long");
        else text[size++] = c;
    }
};

} // namespace rondo
