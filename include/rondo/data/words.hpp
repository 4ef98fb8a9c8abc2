// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Whether punctuation is dropped, or each of its characters and each end of a line is a word.
enum class Punctuation { dropped, apart };

/// The words of a text, in lower case, split at white space.
///
/// With Punctuation::dropped, "Don't -- stop!" is dont, stop. With Punctuation::apart it is don't, -, -, stop, !: an
/// apostrophe or hyphen between two letters or digits is part of its word, any other character of punctuation is a
/// word, and so is each newline.
///
/// Units   letters, punctuation and white space are those of ASCII, in any locale; any other byte is kept unchanged,
///         and treated as a letter.
inline std::vector<std::string> words(std::string_view text, Punctuation punctuation = Punctuation::dropped) {
    const bool apart = punctuation == Punctuation::apart;
    const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
    const auto is_mark = [](char c) {
        return (c > ' ' && c < '0') || (c > '9' && c < 'A') || (c > 'Z' && c < 'a') || (c > 'z' && c < '\x7F');
    };
    // There is no letter before or after the text; 0 - 1 wraps past any end.
    const auto is_letter = [&](std::size_t k) { return k < text.size() && !is_space(text[k]) && !is_mark(text[k]); };

    std::vector<std::string> all;
    std::string word;
    const auto end_word = [&] {
        if (!word.empty()) all.push_back(std::exchange(word, {}));
    };
    for (std::size_t k = 0; k < text.size(); ++k) {
        const char c = text[k];
        const bool joins = (c == '\'' || c == '-') && is_letter(k - 1) && is_letter(k + 1);
        if (is_space(c)) {
            end_word();
            if (apart && c == '\n') all.emplace_back("\n");
        } else if (!is_mark(c) || (apart && joins)) {
            word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        } else if (apart) {
            end_word();
            all.emplace_back(1, c);
        }
    }
    end_word();
    return all;
}

} // namespace rondo
