// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The distinct bytes of a text in ascending order; a byte's token is its index among them.
///
/// Errors  token returns -1 for a byte that is not in the text.
template <int count>
struct Alphabet {
    static constexpr int size = count;
    std::array<char, std::size_t(count)> symbols{};

    constexpr int token(char c) const {
        for (int k = 0; k < count; ++k)
            if (symbols[std::size_t(k)] == c) return k;
        return -1;
    }
    constexpr char symbol(int token) const { return symbols[std::size_t(token)]; }
    std::vector<int> tokens(std::string_view text) const {
        std::vector<int> all;
        all.reserve(text.size());
        for (char c : text) all.push_back(token(c));
        return all;
    }
};

/// The alphabet of a text known at compile time, so that its size can be a network's: alphabet_of<text>, where text is
/// a `static constexpr std::string_view`.
template <const std::string_view& text>
constexpr auto alphabet_of = [] {
    constexpr auto has = [] {
        std::array<bool, 256> seen{};
        for (char c : text) seen[static_cast<unsigned char>(c)] = true;
        return seen;
    }();
    Alphabet<int(std::count(has.begin(), has.end(), true))> alphabet;
    std::size_t k = 0;
    for (std::size_t byte = 0; byte < 256; ++byte)
        if (has[byte]) alphabet.symbols[k++] = static_cast<char>(static_cast<unsigned char>(byte));
    return alphabet;
}();

/// All 256 bytes: the alphabet of any file.
inline constexpr Alphabet<256> byte_alphabet = [] {
    Alphabet<256> all;
    for (std::size_t byte = 0; byte < 256; ++byte)
        all.symbols[byte] = static_cast<char>(static_cast<unsigned char>(byte));
    return all;
}();

} // namespace rondo
