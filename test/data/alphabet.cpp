// SPDX-License-Identifier: MIT
#include <rondo/data/alphabet.hpp>

#include <rondo/layer/embedding.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace alphabet_test {

using namespace rondo;

constexpr std::string_view rhyme = "a rose is a rose is a rose\n";
constexpr auto alphabet = alphabet_of<rhyme>;

// Known to the compiler: a network can have its size.
static_assert(alphabet.size == 8);
static_assert(alphabet.token('a') == 2 && alphabet.symbol(2) == 'a' && alphabet.token('b') == -1);
static_assert(Embedding<alphabet.size, 5>::vocabulary == 8);

TEST(Alphabet, IsTheDistinctBytesInRisingOrder) {
    EXPECT_EQ(std::string(alphabet.symbols.begin(), alphabet.symbols.end()), "\n aeiors");
}

TEST(Alphabet, TokensAndSymbolsAreEachOthersInverse) {
    for (int k = 0; k < alphabet.size; ++k) EXPECT_EQ(alphabet.token(alphabet.symbol(k)), k);
    std::string back;
    for (const int token : alphabet.tokens(rhyme)) back += alphabet.symbol(token);
    EXPECT_EQ(back, rhyme);
    EXPECT_EQ(alphabet.tokens("ab\n"), (std::vector{2, -1, 0}));
    EXPECT_TRUE(alphabet.tokens("").empty());
}

constexpr std::string_view signs = "\xFFz\x80\x7F\0z"; // ends at the zero
constexpr std::string_view zeros{"\0\xFF\0", 3}, single = "aaa", nothing = "";

TEST(Alphabet, OrdersBytesWithoutTheirSign) {
    constexpr auto all = alphabet_of<signs>;
    static_assert(all.size == 4);
    EXPECT_EQ(all.symbols, (std::array{'z', '\x7F', '\x80', '\xFF'}));
    constexpr auto with_zero = alphabet_of<zeros>;
    static_assert(with_zero.size == 2);
    EXPECT_EQ(with_zero.token('\0'), 0);
    EXPECT_EQ(with_zero.token('\xFF'), 1);
    static_assert(alphabet_of<single>.size == 1 && alphabet_of<nothing>.size == 0);
    EXPECT_EQ(alphabet_of<nothing>.token('a'), -1);
}

TEST(Alphabet, OfAllBytesIsTheBytesThemselves) {
    static_assert(byte_alphabet.size == 256);
    for (int k = 0; k < 256; ++k) {
        EXPECT_EQ(byte_alphabet.token(static_cast<char>(k)), k);
        EXPECT_EQ(byte_alphabet.symbol(k), static_cast<char>(k));
    }
}

} // namespace alphabet_test
