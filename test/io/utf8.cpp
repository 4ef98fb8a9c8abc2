// SPDX-License-Identifier: MIT
#include <rondo/io/utf8.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace utf8_test {

using rondo::io::detail::append_utf8;
using rondo::io::detail::invalid_utf8;

TEST(Utf8, EveryCodePointIsValidAndNoOtherFormOfItIs) {
    for (char32_t point = 0; point <= 0x10FFFF; ++point) {
        if (point == 0xD800) point = 0xE000;
        std::string text;
        append_utf8(text, point);
        ASSERT_EQ(text.size(), point < 0x80 ? 1u : point < 0x800 ? 2u : point < 0x10000 ? 3u : 4u);
        ASSERT_EQ(invalid_utf8(text), text.npos) << std::hex << static_cast<unsigned>(point);
        text.pop_back();
        ASSERT_EQ(invalid_utf8(text), text.empty() ? text.npos : 0) << std::hex << static_cast<unsigned>(point);
    }
}

TEST(Utf8, KnowsWhereItStops) {
    static_assert(invalid_utf8("") == std::string_view::npos);
    static_assert(invalid_utf8("ab\xFF") == 2);
    for (const std::string_view bad : {
             "\x80",
             "\xBF",
             "\xFE",
             "\xFF", // no lead
             "\xC0\x80",
             "\xC1\xBF",
             "\xE0\x9F\xBF",     // too long a form
             "\xF0\x8F\xBF\xBF", // likewise
             "\xED\xA0\x80",
             "\xED\xBF\xBF", // surrogates
             "\xF4\x90\x80\x80",
             "\xF5\x80\x80\x80", // past U+10FFFF
             "\xC3(",
             "\xE2\x82(",
             "\xF0\x9F\x8E(", // no continuation
         }) {
        EXPECT_EQ(invalid_utf8("ok" + std::string{bad} + "ok"), 2u) << bad;
    }
}

} // namespace utf8_test
