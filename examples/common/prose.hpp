// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/data/vocabulary.hpp>
#include <rondo/data/words.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace common {

/// The training text of examples/words.cpp, some 300 words.
inline constexpr std::string_view prose =
    "A machine can learn a language without being told its rules. It reads one word, guesses the next, and looks at "
    "what the text really says. Where the guess was poor, every weight of the machine moves a little, so that the "
    "right word would have been less of a surprise. Then it reads on, and guesses again. Nothing else happens, but it "
    "happens many thousand times. To guess well, the machine has to remember. It keeps a row of numbers, the state, "
    "and at each word it decides what of the state to keep, what to forget, and what to write. These decisions are "
    "made by gates. A gate is a number between nothing and one: nothing closes the way, one opens it, and what lies "
    "between lets a part of the old state pass. The machine is never told when to open a gate; it learns that, too, "
    "from its own errors. How good are the guesses? We ask how many words the machine still hesitates between, on "
    "average. This number is called perplexity. A machine that knows nothing hesitates between all the words of the "
    "vocabulary; a machine that knows the text by heart hesitates between hardly more than one. But to know one text "
    "by heart is not to know the language. So we hide a part of the text, train the machine on the rest, and count "
    "its surprise on the part that it has never read. When the machine has learned, it can write. We give it a few "
    "words, it guesses the next, we take the guess for the text, and it goes on from there. If we always take the "
    "best guess, the machine soon walks in circles. If we take any guess, it talks nonsense. Between the two lies a "
    "way to write: take one of the better guesses, by chance, and be a little surprised, as a reader should be.";

/// Joins words to a text, the inverse of words(text, Punctuation::apart): blanks between words, but none before a
/// comma, inside brackets or quotes, around a hyphen or at a line's end. Double quotes open and close alternately; an
/// apostrophe, which is ambiguous, is treated as an opening quote.
class Joiner {
public:
    /// The word, preceded by a blank if there is one.
    std::string next(const std::string& word) {
        constexpr std::string_view closing = ",.;:!?)]}%-\n", opening = "([{$#'-\n";
        const bool mark = word.size() == 1, quote = word == "\"";
        const bool closes = quote ? quoted_ : mark && closing.find(word[0]) != closing.npos,
                   opens = quote ? !quoted_ : mark && opening.find(word[0]) != opening.npos;
        const bool blank = blank_ && !closes;
        blank_ = !opens;
        quoted_ = quoted_ != quote;
        return blank ? ' ' + word : word;
    }

private:
    bool quoted_ = false, blank_ = false;
};

/// The most frequent word; punctuation only if there is nothing else.
inline std::string commonest_word(const rondo::Vocabulary& vocabulary) {
    for (int token = rondo::Vocabulary::unknown + 1; token < vocabulary.size(); ++token)
        if (!rondo::words(vocabulary.word(token)).empty()) return vocabulary.word(token);
    return vocabulary.word(rondo::Vocabulary::unknown + 1);
}

} // namespace common
