// SPDX-License-Identifier: MIT
#include <rondo/core/printable.hpp>
#include <rondo/io/utf8.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace printable_test {

using rondo::printable;
using std::string_view_literals::operator""sv;

TEST(Printable, LeavesTextsAsTheyAre) {
    for (const std::string_view text : {"", "level (m)", R"(C:\models\a.onnx)", "café, 東京, ☕, 👍🏽, e\u0301"})
        EXPECT_EQ(printable(text), text);
}

TEST(Printable, WritesControlCharactersAsInC) {
    EXPECT_EQ(printable("a\tb\r\nc"), R"(a\tb\r\nc)");
    EXPECT_EQ(printable("\x1b[2J\a\b\0\x7f"sv), R"(\x1b[2J\x07\x08\x00\x7f)");
    EXPECT_EQ(printable("\u0085\u009b31m"), R"(\u0085\u009b31m)"); // a terminal takes U+009B for ESC [
    EXPECT_EQ(printable("user\u202etxt.exe\u2066\u2069\u200e\u200f\u061c"),
              R"(user\u202etxt.exe\u2066\u2069\u200e\u200f\u061c)");
    EXPECT_EQ(printable("\ufeffday\u2028"), R"(\ufeffday\u2028)");
}

TEST(Printable, WritesBytesThatAreNotUtf8ByTheirNumbers) {
    EXPECT_EQ(printable("ok\xff\xc3(\x9b\xed\xa0\x80\xc3"), R"(ok\xff\xc3(\x9b\xed\xa0\x80\xc3)");
    EXPECT_EQ(printable("\xf0\x9f\x91"), R"(\xf0\x9f\x91)");
}

TEST(Printable, KeepsWhatItIsTold) { EXPECT_EQ(printable("two\nlines\t\x1b\r", "\n\t"), "two\nlines\t\\x1b\\r"); }

TEST(Printable, OfEveryCodePointIsUtf8WithoutControls) {
    for (char32_t point = 0; point <= 0x10FFFF; ++point) {
        if (point == 0xD800) point = 0xE000;
        std::string text;
        rondo::io::detail::append_utf8(text, point);
        const std::string shown = printable(text);
        ASSERT_EQ(shown == text, !rondo::detail::is_control(point)) << std::hex << static_cast<unsigned>(point);
        if (shown != text) {
            for (const char c : shown) ASSERT_TRUE(c > ' ' && c <= 'z') << std::hex << static_cast<unsigned>(point);
        }
    }
}

} // namespace printable_test
