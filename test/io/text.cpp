// SPDX-License-Identifier: MIT
#include <rondo/io/text.hpp>

#include <support/failure.hpp>
#include <support/folder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace text_test {

using namespace rondo;
using io::read_text;

struct Text : testing::Test {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder / "text";

    void write(std::string_view text) const { io::write_file(path, std::as_bytes(std::span{text})); }
    Error problem() const {
        Error error;
        EXPECT_EQ(read_text(path, error), "");
        EXPECT_EQ(failure_of([this] { (void)read_text(path); }), error);
        return error;
    }
    Error format(const std::string& message) const {
        return {Error::Kind::format, path.string() + ": expected " + message};
    }
};

TEST_F(Text, IsReadByteByByte) {
    using namespace std::string_view_literals;
    for (const auto text : {"a"sv, "one\r\ntwo\n\n"sv, "\0\0"sv, "grüße, 世界 🙂"sv}) {
        write(text);
        EXPECT_EQ(read_text(path), text);
        Error error{Error::Kind::argument, "from before"};
        EXPECT_EQ(read_text(path, error), text);
        EXPECT_EQ(error, (Error{Error::Kind::argument, "from before"}));
    }
}

TEST_F(Text, MustNotBeEmpty) {
    write("");
    EXPECT_EQ(problem(), format("a text, got an empty file"));
}

TEST_F(Text, MustBeUtf8) {
    using namespace std::string_view_literals;
    for (const auto text : {"\xFF\xFE"
                            "a\0"sv,
                            "\xFE\xFF\0a"sv}) {
        write(text);
        EXPECT_EQ(problem(), format("UTF-8, got UTF-16"));
    }
    write("gr\xFC\xDF"
          "e"); // Latin-1
    EXPECT_EQ(problem(), format("UTF-8, but byte 2 is not part of any"));
    write("cut \xE4\xB8");
    EXPECT_EQ(problem(), format("UTF-8, but byte 4 is not part of any"));
}

TEST_F(Text, MustBeThere) {
    EXPECT_EQ(problem(), (Error{Error::Kind::file, "cannot read " + path.string() + ": No such file or directory"}));
}

} // namespace text_test
