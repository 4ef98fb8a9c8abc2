// SPDX-License-Identifier: MIT
// Spelling to sound, the network of examples/pronounce.cpp: what its equations say (test/golden/pronounce.py), word by
// word as streams and as a whole sequence.
#include "../../examples/common/spelling.hpp"

#include <rondo/io/model.hpp>
#include <rondo/model/workspace.hpp>

#include <support/data.hpp>
#include <support/edited.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace pronounce_test {

using namespace rondo;

// The phonemes of a word by the network's forward, which trains: the likeliest after each of those said before.
template <class Net>
std::vector<int> said_as_a_whole(const Model<Net>& model, const std::string& word, std::vector<int> said) {
    const std::vector<int> letters = common::Letters::tokens(word);
    said.insert(said.begin(), common::Phonemes::begin);
    Workspace<Net, EigenBackend<float>> work;
    const auto y = work.forward(model, Tokens{letters.data(), nullptr, {int(letters.size()), 1}},
                                Tokens{said.data(), nullptr, {int(said.size()), 1}});
    std::vector<int> all;
    for (std::size_t t = 0; t < said.size(); ++t) {
        const float* scores = y.value + t * common::Phonemes::count;
        all.push_back(int(std::max_element(scores, scores + common::Phonemes::count) - scores));
    }
    return all;
}

TEST(Pronounce, SaysThePhonemesOfTheEquations) {
    const std::filesystem::path path = test_data() / "golden" / "pronounce.safetensors";
    Model<common::Speller<5>> model;
    load(model, path, common::names_of_g2p_en());
    common::Pronouncer<5> pronounce{model};
    std::istringstream words{std::string{EditedFile{path}.number("words")}};
    std::size_t count = 0;
    for (std::string line; std::getline(words, line, ';'); ++count) {
        const std::string word = line.substr(0, line.find('='));
        std::istringstream numbers{line.substr(word.size() + 1)};
        std::vector<int> expected;
        for (int number = 0; numbers >> number;) expected.push_back(number);
        EXPECT_EQ(pronounce(word), expected) << word;

        std::vector<int> whole = said_as_a_whole(model, word, expected);
        if (expected.size() < std::size_t(pronounce.longest)) expected.push_back(common::Phonemes::end);
        else whole.resize(expected.size());
        EXPECT_EQ(whole, expected) << word;
    }
    EXPECT_EQ(count, 8u);
}

TEST(Pronounce, WordsAreLettersAndAnEnd) {
    EXPECT_EQ(common::Letters::tokens("az"), (std::vector<int>{3, 28, 2}));
    EXPECT_EQ(common::Letters::tokens("Ab'\xC3\xA9"), (std::vector<int>{1, 4, 1, 1, 2})); // a code point each
    EXPECT_EQ(common::Letters::tokens(""), std::vector<int>{2});
}

TEST(Pronounce, RulesSpell) {
    const auto sound = [](const char* word) { return common::Phonemes::text(common::spelled_sounds(word)); };
    EXPECT_EQ(sound("make"), "M EY1 K");
    EXPECT_EQ(sound("cell"), "S EH1 L");
    EXPECT_EQ(sound("gem"), "JH EH1 M");
    EXPECT_EQ(sound("shoot"), "SH UW1 T");
    EXPECT_EQ(sound("quarters"), "K W AA1 R T ER0 S");
    EXPECT_EQ(sound("tee"), "T IY1");
    EXPECT_EQ(sound("boxes"), "B AA1 K S EH0 S");
}

} // namespace pronounce_test
