// SPDX-License-Identifier: MIT
#include <rondo/io/token_file_write.hpp>

#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace token_file_test {

using namespace rondo;
using io::TokenFile, io::TokenFileWriter;

std::vector<int> numbers(std::size_t count, int vocabulary) {
    std::vector<int> tokens(count);
    for (std::size_t k = 0; k < count; ++k) tokens[k] = int(k * 7919 % std::size_t(vocabulary));
    return tokens;
}

struct Tokens : testing::Test {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder / "text.tokens";

    void write(std::span<const int> tokens, int vocabulary) const {
        TokenFileWriter writer{path, vocabulary};
        for (std::size_t k = 0; k < tokens.size(); k += 1000)
            writer.add(tokens.subspan(k, std::min<std::size_t>(1000, tokens.size() - k)));
        writer.finish();
    }
    std::string bytes() const {
        std::ifstream file{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    void put(std::string_view text) const {
        std::ofstream{path, std::ios::binary}.write(text.data(), std::streamsize(text.size()));
    }
    // The error of opening the file or of reading all of it.
    Error problem() const {
        return failure_of([&] {
            TokenFile file{path};
            std::vector<int> all(file.size());
            file.copy(0, all);
        });
    }
};

TEST_F(Tokens, AreReadAsTheyWereWritten) {
    for (const int vocabulary : {1, 256, 65'536, 65'537, 2'000'000'000})
        for (const std::size_t count : {0u, 1u, 5u, 16'383u, 16'384u, 16'385u, 32'768u, 32'769u, 100'000u}) {
            const std::vector<int> tokens = numbers(count, vocabulary);
            write(tokens, vocabulary);
            TokenFile file{path};
            EXPECT_EQ(file.size(), count);
            EXPECT_EQ(file.vocabulary(), vocabulary);
            std::vector<int> all(count);
            file.copy(0, all);
            EXPECT_EQ(all, tokens);
            EXPECT_EQ(bytes().size(), 80 + count * (vocabulary > 65'536 ? 4 : 2) +
                                          4 * ((count * (vocabulary > 65'536 ? 4 : 2) + 65'535) / 65'536));
        }
    TokenFile file{path}, moved{std::move(file)};
    EXPECT_EQ(file.size(), 0u);
    EXPECT_EQ(moved.size(), 100'000u);
}

TEST_F(Tokens, AreReadInAnyOrder) {
    const std::vector<int> tokens = numbers(100'000, 60'000);
    write(tokens, 60'000);
    TokenFile file{path, 100'000}; // gives pages back again and again
    std::vector<int> part(33);
    for (std::size_t k = 0; k < 2000; ++k) {
        const std::size_t first = k * 104'729 % (tokens.size() - part.size() + 1);
        file.copy(first, part);
        ASSERT_TRUE(std::equal(part.begin(), part.end(), tokens.begin() + std::ptrdiff_t(first)));
    }
    EXPECT_EQ(failure_of([&] { file.copy(99'968, part); }),
              (Error{Error::Kind::argument, path.string() + ": expected tokens up to 100000, got 99968 to 100001"}));
}

TEST_F(Tokens, RefuseAnyChange) {
    write(numbers(50, 100), 100);
    const std::string whole = bytes();
    for (std::size_t k = 0; k < whole.size(); ++k) {
        std::string changed = whole;
        changed[k] = char(changed[k] ^ 1);
        put(changed);
        EXPECT_EQ(problem().kind, Error::Kind::format) << k;
        put(std::string_view{whole}.substr(0, k));
        EXPECT_EQ(problem().kind, Error::Kind::format) << k;
    }
    put(whole + "1");
    EXPECT_EQ(problem().kind, Error::Kind::format);
    std::string changed = whole;
    changed[64 + 20] = 7;
    put(changed);
    EXPECT_EQ(problem().message, path.string() + ": tokens 0 to 49 were changed: checksum mismatch");
    TokenFile file{path};
    std::vector<int> all(file.size());
    for (int k = 0; k < 2; ++k) EXPECT_EQ(failure_of([&] { file.copy(0, all); }).kind, Error::Kind::format) << k;
    put("some text that is no file of tokens, and that is long enough to be one of these: eighty bytes are needed");
    EXPECT_EQ(problem().message, path.string() + ": expected a file of tokens, as `rondo tokenize` writes it");
}

// A block whose check is right, but whose tokens are not.
TEST_F(Tokens, RefuseTokensOutsideTheVocabulary) {
    write(numbers(50, 100), 100);
    std::string text = bytes();
    text[64 + 20] = 100;
    const auto raw = std::as_bytes(std::span{text});
    const std::vector<std::uint32_t> checks{io::crc32c(raw.subspan(64, 100))};
    std::memcpy(text.data() + 164, checks.data(), 4);
    const auto footer = io::detail::TokenLayout{50, 2, 100}.footer(checks);
    std::memcpy(text.data() + 168, footer.data(), footer.size());
    put(text);
    EXPECT_EQ(problem().message, path.string() + ": tokens 0 to 49: expected tokens below 100, got a larger one");
}

TEST_F(Tokens, OldFileStaysUntilTheNewOneIsWhole) {
    write(numbers(5, 10), 10);
    {
        TokenFileWriter writer{path, 20};
        writer.add(numbers(100'000, 20));
        EXPECT_EQ(failure_of([&] { writer.add(std::vector{20}); }).message,
                  "rondo::io::TokenFileWriter: expected tokens from 0 to below 20, got 20");
        EXPECT_EQ(failure_of([&] { writer.add(std::vector{-1}); }).kind, Error::Kind::argument);
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder / "."}, {}), 1) << "nothing is left beside it";
    EXPECT_EQ(TokenFile{path}.size(), 5u);
    {
        TokenFileWriter first{path, 20}, second{path, 20}; // each has a file of its own
        first.add(numbers(30'000, 20));
        second.add(numbers(40'000, 20));
        first.finish();
        EXPECT_EQ(TokenFile{path}.size(), 30'000u);
        second.finish();
        EXPECT_EQ(failure_of([&] { second.finish(); }).kind, Error::Kind::argument);
    }
    EXPECT_EQ(problem(), Error{});
    EXPECT_EQ(TokenFile{path}.size(), 40'000u);
    EXPECT_EQ(failure_of([&] { TokenFileWriter{path, 0}; }).kind, Error::Kind::argument);
    EXPECT_EQ(failure_of([&] { TokenFileWriter{folder / "none" / "x", 5}; }).kind, Error::Kind::file);
    EXPECT_EQ(failure_of([&] { TokenFile{folder / "none"}; }).kind, Error::Kind::file);
    EXPECT_EQ(failure_of([&] { TokenFile{folder / "."}; }).kind, Error::Kind::file);
}

// 20 GB of zeros that take no space, of which random places are read.
TEST_F(Tokens, OfAFileThatIsLargerThanMemoryStayOnDisk) {
    constexpr std::uint64_t count = 10'000'000'000;
    const std::vector<std::byte> zeros(65'536);
    io::detail::TokenLayout layout{count, 2, 1};
    std::vector<std::uint32_t> checks(layout.blocks(), io::crc32c(zeros));
    checks.back() = io::crc32c(std::span{zeros}.first(layout.size() % zeros.size()));
    put({reinterpret_cast<const char*>(layout.header(2).data()), 64});
    std::filesystem::resize_file(path, 64 + layout.size());
    {
        std::ofstream end{path, std::ios::binary | std::ios::app};
        end.write(reinterpret_cast<const char*>(checks.data()), std::streamsize(4 * checks.size()));
        const auto footer = layout.footer(checks);
        end.write(reinterpret_cast<const char*>(footer.data()), footer.size());
    }
    constexpr std::size_t resident = 16 << 20;
    TokenFile file{path, resident};
    ASSERT_EQ(file.size(), count);
    const auto peak = [] {
        ::rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        return std::size_t(usage.ru_maxrss) * 1024;
    };
    std::vector<int> part(33);
    file.copy(0, part);
    const std::size_t before = peak();
    for (std::size_t k = 1; k <= 1500; ++k) file.copy(k * 6'666'600, part); // 98 MB of blocks
    file.copy(count - 33, part);
    EXPECT_LT(peak() - before, 4 * resident);
}

TEST(Crc32c, IsTheOneOfRfc3720) {
    const std::string_view digits = "123456789";
    const auto bytes = std::as_bytes(std::span{digits});
    EXPECT_EQ(io::crc32c(bytes), 0xE3069283u);
    for (std::size_t k = 0; k <= bytes.size(); ++k)
        EXPECT_EQ(io::crc32c(bytes.subspan(k), io::crc32c(bytes.first(k))), 0xE3069283u);
    const std::vector<std::byte> zeros(32), ones(32, std::byte{0xFF});
    EXPECT_EQ(io::crc32c(zeros), 0x8A9136AAu);
    EXPECT_EQ(io::crc32c(ones), 0x62A8AB43u);
}

} // namespace token_file_test
