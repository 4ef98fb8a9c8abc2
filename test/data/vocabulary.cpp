// SPDX-License-Identifier: MIT
#include <rondo/data/vocabulary.hpp>

#include <rondo/data/words.hpp>

#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <climits>
#include <string>
#include <string_view>
#include <vector>

namespace vocabulary_test {

using namespace rondo;
using Words = std::vector<std::string>;

Words all(const Vocabulary& vocabulary) {
    Words words;
    for (int k = 0; k < vocabulary.size(); ++k) words.push_back(vocabulary.word(k));
    return words;
}

const Words text = words("the cat sat on the mat; the dog sat too");

TEST(Vocabulary, IsTheWordsByFallingFrequency) {
    const Vocabulary v{text};
    EXPECT_EQ(all(v), (Words{"<pad>", "<unk>", "the", "sat", "cat", "dog", "mat", "on", "too"}));
    EXPECT_EQ(v.size(), 9);
    for (int k = 0; k < v.size(); ++k) {
        EXPECT_EQ(v.token(v.word(k)), k);
        EXPECT_TRUE(v.contains(v.word(k)));
    }
    EXPECT_EQ(v.token("<pad>"), Vocabulary::padding);
    for (const char* other : {"", "<unk>", "The", "th", "theo", "zebra", "!"}) {
        EXPECT_EQ(v.token(other), Vocabulary::unknown) << other;
        EXPECT_EQ(v.contains(other), other == std::string{"<unk>"}) << other;
    }
    EXPECT_EQ(v.tokens(Words{"the", "zebra", "sat"}), (std::vector{2, 1, 3}));
    EXPECT_EQ(v.tokens(Words{}), std::vector<int>{});
    EXPECT_EQ(v, Vocabulary{text});
    EXPECT_FALSE(v == Vocabulary{});
    const Vocabulary copy = v; // looks up in words of its own
    EXPECT_EQ(copy.token("too"), 8);
}

TEST(Vocabulary, OrdersBytesWithoutTheirSign) {
    EXPECT_EQ(all(Vocabulary{Words{"\u00E9", "z", "\n", "a"}}), (Words{"<pad>", "<unk>", "\n", "a", "z", "\u00E9"}));
}

TEST(Vocabulary, IsLimitedByCapacityAndCount) {
    EXPECT_EQ(all(Vocabulary(text, {.capacity = 5})), (Words{"<pad>", "<unk>", "the", "sat", "cat"}));
    EXPECT_EQ(all(Vocabulary(text, {.min_count = 2})), (Words{"<pad>", "<unk>", "the", "sat"}));
    EXPECT_EQ(all(Vocabulary(text, {.capacity = 3, .min_count = 2})), (Words{"<pad>", "<unk>", "the"}));
    EXPECT_EQ(Vocabulary(text, {.capacity = 9}), Vocabulary{text});
    const Vocabulary none{text, {.min_count = 4}};
    EXPECT_EQ(all(none), (Words{"<pad>", "<unk>"}));
    EXPECT_EQ(none.token("the"), Vocabulary::unknown);
    EXPECT_EQ(Vocabulary(text, {.capacity = 2}), none);
    EXPECT_EQ(Vocabulary{Words{}}, none);
    EXPECT_EQ(Vocabulary{}, none);
}

TEST(Vocabulary, TakesSpecialsInATextAsSuch) {
    const Vocabulary v{Words{"<unk>", "a", "<unk>", "<pad>", "<eos>"}};
    EXPECT_EQ(all(v), (Words{"<pad>", "<unk>", "<eos>", "a"}));
    EXPECT_EQ(v.tokens(Words{"<unk>", "<pad>", "a"}), (std::vector{1, 0, 3}));
}

TEST(Vocabulary, RefusesWhatIsOutOfRange) {
    expect_argument([] { Vocabulary(text, {.capacity = 1}); },
                    "rondo::Vocabulary: capacity: expected 2 or more, got 1");
    expect_argument([] { Vocabulary(text, {.capacity = INT_MIN}); },
                    "rondo::Vocabulary: capacity: expected 2 or more, got -2147483648");
    expect_argument([] { Vocabulary(text, {.min_count = 0}); },
                    "rondo::Vocabulary: min_count: expected 1 or more, got 0");
    expect_argument([] { Vocabulary{Words{"a", "b", ""}}; },
                    "rondo::Vocabulary: word 2: expected a word, got an empty one");
    expect_argument([] { Vocabulary{Words{"a", "gr\xFC\xDF"}}; }, "rondo::Vocabulary: word 1: expected UTF-8");
    const Vocabulary v{text};
    for (const int token : {-1, 9, INT_MAX})
        expect_argument([&] { (void)v.word(token); },
                        "rondo::Vocabulary: expected a token from 0 to 8, got " + std::to_string(token));
}

struct VocabularyFile : testing::Test {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder / "words.txt";

    void write(std::string_view lines) const { io::write_file(path, std::as_bytes(std::span{lines})); }
    void expect(const std::string& problem, int largest = INT_MAX, Error::Kind kind = Error::Kind::format) const {
        Error error;
        EXPECT_EQ(Vocabulary::load(path, largest, error), Vocabulary{});
        EXPECT_EQ(error, (Error{kind, path.string() + ": " + problem}));
        EXPECT_EQ(failure_of([&] { Vocabulary::load(path, largest); }), error);
    }
};

TEST_F(VocabularyFile, HasAWordALine) {
    const Vocabulary v{Words{"the", "\n", "gr\u00FC\u00DFe", "\\n", "a b", "\r", "\\", "\\\n\\"}};
    v.save(path);
    EXPECT_EQ(io::read_text(path), "<pad>\n<unk>\n\\n\n\r\n\\\\\n\\\\\\n\\\\\n\\\\n\na b\ngr\u00FC\u00DFe\nthe\n");
    EXPECT_EQ(Vocabulary::load(path), v);
    EXPECT_EQ(Vocabulary::load(path).token("\n"), 2);
    EXPECT_EQ(folder.names(), Words{"words.txt"});
    Error error{Error::Kind::argument, "from before"};
    Vocabulary{}.save(path, error);
    EXPECT_EQ(Vocabulary::load(path, 2, error), Vocabulary{});
    EXPECT_EQ(error, (Error{Error::Kind::argument, "from before"}));
    write("<pad>\n<unk>\nb\na"); // any order, the last line without its end
    EXPECT_EQ(all(Vocabulary::load(path)), (Words{"<pad>", "<unk>", "b", "a"}));
    EXPECT_EQ(Vocabulary::load(path).token("a"), 3);
}

TEST_F(VocabularyFile, MustBeginWithTheSpecials) {
    for (const char* lines : {"<unk>\n<pad>\n", "\n<pad>\n<unk>\n", "the\n", "<pad>\r\n<unk>\r\n"}) {
        write(lines);
        const std::string first{lines, std::string_view{lines}.find('\n')};
        expect("line 1: expected <pad>, got '" + printable(first) + "'");
    }
    write("<pad>\nthe\n<unk>\n");
    expect("line 2: expected <unk>, got 'the'");
    for (const char* lines : {"<pad>\n", "<pad>"}) {
        write(lines);
        expect("line 2: expected <unk>, got the end of the file");
    }
}

TEST_F(VocabularyFile, MustHaveWordsOnceAndWhole) {
    write("<pad>\n<unk>\nthe\na\nthe\n");
    expect("line 5: the word 'the' is on line 3 already");
    write("<pad>\n<unk>\nthe\n<pad>");
    expect("line 4: the word '<pad>' is on line 1 already");
    write("<pad>\n<unk>\n\x1b[2J\n\x1b[2J\n");
    expect(R"(line 4: the word '\x1b[2J' is on line 3 already)");
    write("<pad>\n<unk>\n\nthe\n");
    expect("line 3: expected a word, got an empty one");
    write("<pad>\n<unk>\nthe\n\n");
    expect("line 4: expected a word, got an empty one");
    for (const char* bad : {"\\", "a\\", "\\t", "\\N", "\\\\\\", "\\ n"}) {
        write(std::string{"<pad>\n<unk>\nthe\n"} + bad);
        expect("line 4: expected n or a backslash after a backslash");
        write(std::string{"<pad>\n<unk>\n"} + bad + "\nn\n");
        expect("line 3: expected n or a backslash after a backslash");
    }
}

TEST_F(VocabularyFile, MustFitTheNetwork) {
    Vocabulary{text}.save(path);
    EXPECT_EQ(Vocabulary::load(path, 9), Vocabulary{text});
    for (const int largest : {8, 0, -1})
        expect("expected at most " + std::to_string(largest) + " words, got 9", largest, Error::Kind::mismatch);
}

TEST_F(VocabularyFile, MustBeATextThatIsThere) {
    const auto missing = "cannot read " + path.string() + ": No such file or directory";
    EXPECT_EQ(failure_of([&] { Vocabulary::load(path); }), (Error{Error::Kind::file, missing}));
    write("");
    expect("expected a text, got an empty file");
    write("<pad>\n<unk>\n\xFF\n");
    expect("expected UTF-8, but byte 12 is not part of any");
    const auto nowhere = folder / "no" / "words.txt";
    const Error error = failure_of([&] { Vocabulary{}.save(nowhere); });
    EXPECT_EQ(error, (Error{Error::Kind::file, "cannot write " + nowhere.string() + ": No such file or directory"}));
    Error again;
    Vocabulary{}.save(nowhere, again);
    EXPECT_EQ(again, error);
}

RC_GTEST_PROP(Vocabulary, ReadsWhatItWrites, ()) {
    const auto letters = rc::gen::element('a', 'b', '\\', 'n', '\n', '\r', ' ', '<');
    const Vocabulary v{*rc::gen::container<Words>(rc::gen::nonEmpty(rc::gen::container<std::string>(letters)))};
    const TemporaryFolder folder;
    v.save(folder / "words");
    RC_ASSERT(Vocabulary::load(folder / "words", v.size()) == v);
}

} // namespace vocabulary_test
