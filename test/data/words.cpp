// SPDX-License-Identifier: MIT
#include <rondo/data/words.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace words_test {

using namespace rondo;
using namespace std::string_view_literals;
using Words = std::vector<std::string>;

TEST(Words, AreLoweredAndSplitAtWhiteSpace) {
    for (const auto p : {Punctuation::dropped, Punctuation::apart}) {
        EXPECT_EQ(words("The CAT\tsat\v on\f\r THE 2nd mat ", p),
                  (Words{"the", "cat", "sat", "on", "the", "2nd", "mat"}));
        EXPECT_EQ(words("AZaz", p), (Words{"azaz"}));
        EXPECT_EQ(words("", p), Words{});
        EXPECT_EQ(words(" \t\r ", p), Words{});
        EXPECT_EQ(words("a\0B"sv, p), (Words{std::string{"a\0b"sv}}));
    }
}

TEST(Words, DropPunctuation) {
    EXPECT_EQ(words("Don't -- stop!\n\n(It's 'well-known'.)"), (Words{"dont", "stop", "its", "wellknown"}));
    EXPECT_EQ(words("a!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~b"), (Words{"ab"}));
    EXPECT_EQ(words("... !"), Words{});
}

TEST(Words, OrSetItApart) {
    const auto apart = [](std::string_view text) { return words(text, Punctuation::apart); };
    EXPECT_EQ(apart("Don't -- stop!"), (Words{"don't", "-", "-", "stop", "!"}));
    EXPECT_EQ(apart("one,\r\n\ntwo\n"), (Words{"one", ",", "\n", "\n", "two", "\n"}));
    EXPECT_EQ(
        apart("'tis the dogs' well-known 4-3 rock-'n'-roll-"),
        (Words{"'", "tis", "the", "dogs", "'", "well-known", "4-3", "rock", "-", "'", "n", "'", "-", "roll", "-"}));
    EXPECT_EQ(apart("a.b a--b a- -b"), (Words{"a", ".", "b", "a", "-", "-", "b", "a", "-", "-", "b"}));
    EXPECT_EQ(apart("-"), (Words{"-"}));
    Words marks;
    for (const char c : "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"sv) marks.emplace_back(1, c);
    EXPECT_EQ(marks.size(), 32u);
    EXPECT_EQ(apart("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"), marks);
}

TEST(Words, KeepOtherBytes) {
    EXPECT_EQ(words("Gr\u00FC\u00DFe \u4E16\u754C\u3002 \U0001F642!"),
              (Words{"gr\u00FC\u00DFe", "\u4E16\u754C\u3002", "\U0001F642"}));
    EXPECT_EQ(words("l'\u00E9t\u00E9 \u00C9T\u00C9", Punctuation::apart), (Words{"l'\u00E9t\u00E9", "\u00C9t\u00C9"}));
    EXPECT_EQ(words("\xFF\x80 \x85"), (Words{"\xFF\x80", "\x85"}));
}

RC_GTEST_PROP(Words, LoseNothingButWhiteSpaceAndCase, (const std::string& text)) {
    std::string kept, without;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c); // of the C locale
        if (!std::isspace(byte) || c == '\n') kept += static_cast<char>(std::tolower(byte));
        if (!std::isspace(byte) && !std::ispunct(byte)) without += static_cast<char>(std::tolower(byte));
    }
    std::string apart, dropped;
    for (const std::string& word : words(text, Punctuation::apart)) apart += word;
    for (const std::string& word : words(text)) {
        RC_ASSERT(!word.empty());
        dropped += word;
    }
    RC_ASSERT(apart == kept);
    RC_ASSERT(dropped == without);
}

} // namespace words_test
