// SPDX-License-Identifier: MIT
#pragma once

#include "speller.hpp"

#include <rondo/core/random.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace common {

/// Letters, and what they sound as; the first that fits is taken. The first vowel of a word is stressed.
struct SpellingRule {
    std::string_view letters, sound;
};
inline constexpr SpellingRule spelling_rules[]{
    {"tch", "CH"}, {"sh", "SH"},   {"ch", "CH"}, {"th", "TH"}, {"ph", "F"},  {"ck", "K"},  {"ng", "NG"}, {"qu", "K W"},
    {"ee", "IY"},  {"ea", "IY"},   {"oo", "UW"}, {"ai", "EY"}, {"oa", "OW"}, {"ow", "AW"}, {"oy", "OY"}, {"ar", "AA R"},
    {"er", "ER"},  {"or", "AO R"}, {"ll", "L"},  {"ss", "S"},  {"a", "AE"},  {"b", "B"},   {"c", "K"},   {"d", "D"},
    {"e", "EH"},   {"f", "F"},     {"g", "G"},   {"h", "HH"},  {"i", "IH"},  {"j", "JH"},  {"k", "K"},   {"l", "L"},
    {"m", "M"},    {"n", "N"},     {"o", "AA"},  {"p", "P"},   {"q", "K"},   {"r", "R"},   {"s", "S"},   {"t", "T"},
    {"u", "AH"},   {"v", "V"},     {"w", "W"},   {"x", "K S"}, {"y", "Y"},   {"z", "Z"},
};

/// The phonemes of a word of the letters a to z, by rules: those above; c and g before e and i as in "cell" and "gem";
/// a vowel, a consonant and a silent e at the end as in "make".
inline std::vector<int> spelled_sounds(std::string_view word) {
    constexpr std::string_view vowels = "aeiou";
    const auto at = [&](std::size_t k) { return k < word.size() ? word[k] : ' '; };
    const auto is_vowel = [&](char letter) { return vowels.find(letter) != vowels.npos; };
    std::vector<int> sounds;
    char stress = '1';
    for (std::size_t k = 0; k < word.size();) {
        const auto rule = std::ranges::find_if(
            spelling_rules, [&](const SpellingRule& r) { return word.substr(k).starts_with(r.letters); });
        std::string sound{rule->sound};
        const bool long_vowel = rule->letters.size() == 1 && is_vowel(at(k)) && k + 3 == word.size() &&
                                !is_vowel(at(k + 1)) && at(k + 2) == 'e';
        const bool soft = at(k + 1) == 'e' || at(k + 1) == 'i';
        if (long_vowel) sound = std::array{"EY", "IY", "AY", "OW", "UW"}[vowels.find(at(k))];
        else if (rule->letters == "c" && soft) sound = "S";
        else if (rule->letters == "g" && soft) sound = "JH";
        std::istringstream names{sound};
        for (std::string name; names >> name;) {
            if (is_vowel(char(name[0] | 0x20))) name += std::exchange(stress, '0');
            sounds.push_back(Phonemes::token(name));
        }
        k += long_vowel ? 1 : rule->letters.size();
        if (k + 1 == word.size() && k >= 2 && at(k) == 'e' && is_vowel(at(k - 2)) && !is_vowel(at(k - 1))) break;
    }
    return sounds;
}

/// `count` different invented words: one to three syllables.
inline std::vector<std::string> invented_words(std::size_t count, rondo::Seed seed) {
    constexpr std::string_view onsets[]{"b",  "c",  "d",  "f",  "g",  "h",  "j",  "k",  "l",  "m",
                                        "n",  "p",  "r",  "s",  "t",  "v",  "w",  "y",  "z",  "sh",
                                        "ch", "th", "ph", "qu", "br", "st", "pl", "tr", "gl", "cr"},
        middles[]{"a",  "e",  "i",  "o",  "u",  "a",  "e",  "i",  "o",  "u",
                  "ee", "ea", "oo", "ai", "oa", "ow", "oy", "ar", "er", "or"},
        codas[]{"", "", "", "n", "t", "s", "l", "m", "p", "ck", "ng", "sh", "tch", "x", "ll", "ss", "te", "ke", "ne"};
    std::vector<std::string> words;
    std::set<std::string> known;
    for (std::uint64_t k = 0; words.size() < count; ++k) {
        const rondo::RandomStream draw{seed, rondo::Purpose::user, k};
        std::string word;
        for (std::uint64_t syllable = 0; syllable <= draw.wide(0) % 3; ++syllable) {
            const auto one_of = [&](const auto& parts, std::uint64_t part) {
                return parts[draw.wide(1 + 3 * syllable + part) % std::size(parts)];
            };
            (word += one_of(onsets, 0)) += one_of(middles, 1);
            if (syllable == draw.wide(0) % 3) word += one_of(codas, 2);
        }
        if (known.insert(word).second) words.push_back(word);
    }
    return words;
}

} // namespace common
