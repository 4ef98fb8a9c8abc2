// SPDX-License-Identifier: MIT
#include <rondo/io/json.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace json_test {

using rondo::io::detail::invalid_utf8;
using rondo::io::detail::json_string;
using rondo::io::detail::JsonReader;

struct Result {
    std::string value, problem;
    bool operator==(const Result&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Result& r) { return out << r.value << " | " << r.problem; }
};

Result string(std::string_view text, std::size_t limit = 100) {
    JsonReader json{text};
    std::string value = json.string(limit);
    json.end();
    return json.ok() ? Result{value, ""} : Result{"", json.problem()};
}

Result whole(std::string_view text) {
    JsonReader json{text};
    const std::size_t value = json.whole();
    json.end();
    return json.ok() ? Result{std::to_string(value), ""} : Result{"", json.problem()};
}

/// Lists of numbers by name, as "a:1,2;b:".
Result object(std::string_view text) {
    JsonReader json{text};
    std::string seen;
    json.object(100, [&](const std::string& name) {
        seen += name + ':';
        json.array(3, [&] { seen += std::to_string(json.whole()) + ','; });
        seen += ';';
    });
    json.end();
    return json.ok() ? Result{seen, ""} : Result{"", json.problem()};
}

TEST(Json, ReadsStrings) {
    EXPECT_EQ(string(R"("")"), (Result{"", ""}));
    EXPECT_EQ(string(" \t\r\n\"a b\" \n"), (Result{"a b", ""}));
    EXPECT_EQ(string(R"("\"\\\/\b\f\n\r\t")"), (Result{"\"\\/\b\f\n\r\t", ""}));
    EXPECT_EQ(string(R"("\u0041\u00e9\u20AC\uD83c\uDFBC")"), (Result{"A\u00e9\u20ac\U0001F3BC", ""}));
    EXPECT_EQ(string(R"("a\u0000b")"), (Result{std::string{"a\0b", 3}, ""}));
    EXPECT_EQ(string("\"\u00e9\U0001F3BC\""), (Result{"\u00e9\U0001F3BC", ""}));
    EXPECT_EQ(string(R"("abcd")", 4), (Result{"abcd", ""}));
    EXPECT_EQ(string(R"("\u20AC")", 3), (Result{"\u20ac", ""}));
}

TEST(Json, RefusesStrings) {
    const auto refused = [](std::string_view text, std::string_view problem) {
        EXPECT_EQ(string(text, 4), (Result{"", std::string{problem}})) << text;
    };
    refused("", "byte 0: expected a string, found the end");
    refused("a", "byte 0: expected a string, found 'a'");
    refused(R"("abc)", "byte 4: a string without an end");
    refused(R"("abcde")", "byte 6: a string longer than 4 bytes");
    refused(R"("a" "b")", "byte 4: expected the end, found '\"'");
    refused("\"a\nb\"", "byte 2: a control character in a string");
    refused("\"a\x1F\"", "byte 2: a control character in a string");
    refused(std::string_view{"\"a\0\"", 4}, "byte 2: a control character in a string");
    refused(R"("\)", "byte 2: expected an escape, found the end");
    refused(R"("\x41")", "byte 2: expected an escape, found 'x'");
    refused(std::string_view{"\"\\\0\"", 4}, "byte 2: expected an escape, found byte 0x00");
    refused(R"("\u12")", "byte 3: expected four hexadecimal digits, found '1'");
    refused(R"("\u12)", "byte 3: expected four hexadecimal digits, found '1'");
    refused(R"("\u-123")", "byte 3: expected four hexadecimal digits, found '-'");
    refused(R"("\u 123")", "byte 3: expected four hexadecimal digits, found byte 0x20");
    refused(R"("\ud800")", "byte 7: half of a surrogate pair");
    refused(R"("\udc00")", "byte 7: half of a surrogate pair");
    refused(R"("\ud800\u0041")", "byte 13: half of a surrogate pair");
    refused(R"("\ud800\ud800")", "byte 13: half of a surrogate pair");
    refused(R"("\udfbc\ud83c")", "byte 7: half of a surrogate pair");
    refused(R"("\ud800\u12")", "byte 9: expected four hexadecimal digits, found '1'");
}

TEST(Json, ReadsWholeNumbers) {
    const std::string most = std::to_string(std::numeric_limits<std::size_t>::max());
    for (const std::string& number : {std::string{"0"}, std::string{"7"}, std::string{"1234567890"}, most}) {
        EXPECT_EQ(whole(number), (Result{number, ""}));
        EXPECT_EQ(whole(" \n" + number + '\t'), (Result{number, ""}));
    }
}

TEST(Json, RefusesOtherNumbers) {
    const auto refused = [](std::string_view text, std::string_view problem) {
        EXPECT_EQ(whole(text), (Result{"", std::string{problem}})) << text;
    };
    const std::string most = std::to_string(std::numeric_limits<std::size_t>::max());
    refused("", "byte 0: expected a whole number, 0 or more, found the end");
    refused("-1", "byte 0: expected a whole number, 0 or more, found '-'");
    refused("-0", "byte 0: expected a whole number, 0 or more, found '-'");
    refused("+1", "byte 0: expected a whole number, 0 or more, found '+'");
    refused("\"1\"", "byte 0: expected a whole number, 0 or more, found '\"'");
    refused("null", "byte 0: expected a whole number, 0 or more, found 'n'");
    refused(".5", "byte 0: expected a whole number, 0 or more, found '.'");
    refused("1.0", "byte 1: expected a whole number, found '.'");
    refused("1e3", "byte 1: expected a whole number, found 'e'");
    refused("1E3", "byte 1: expected a whole number, found 'E'");
    refused("00", "byte 0: a number with a leading 0");
    refused("01", "byte 0: a number with a leading 0");
    refused("0x10", "byte 1: expected the end, found 'x'");
    refused(most + "0", "byte 0: a number above " + most);
    refused("18446744073709551616", "byte 0: a number above " + most);
    refused("1\xC2\xB2", "byte 1: expected the end, found byte 0xC2");
}

TEST(Json, ReadsObjectsAndArrays) {
    EXPECT_EQ(object("{}"), (Result{"", ""}));
    EXPECT_EQ(object(" { } "), (Result{"", ""}));
    EXPECT_EQ(object(R"({"a":[]})"), (Result{"a:;", ""}));
    EXPECT_EQ(object(" {\t\"a\" :\r[ 1 ,\n2 ] , \"b\" : [ ] } "), (Result{"a:1,2,;b:;", ""}));
}

TEST(Json, RefusesOtherObjectsAndArrays) {
    const auto refused = [](std::string_view text, std::string_view problem) {
        EXPECT_EQ(object(text), (Result{"", std::string{problem}})) << text;
    };
    refused("", "byte 0: expected '{', found the end");
    refused("[]", "byte 0: expected '{', found '['");
    refused("\xEF\xBB\xBF{}", "byte 0: expected '{', found byte 0xEF");
    refused("{", "byte 1: expected a string, found the end");
    refused("{a:[]}", "byte 1: expected a string, found 'a'");
    refused(R"({"a")", "byte 4: expected ':', found the end");
    refused(R"({"a",[]})", "byte 4: expected ':', found ','");
    refused(R"({"a":{}})", "byte 5: expected '[', found '{'");
    refused(R"({"a":[[]]})", "byte 6: expected a whole number, 0 or more, found '['");
    refused(R"({"a":[1)", "byte 7: expected ',' or ']', found the end");
    refused(R"({"a":[1 2]})", "byte 8: expected ',' or ']', found '2'");
    refused(R"({"a":[1,]})", "byte 8: expected a whole number, 0 or more, found ']'");
    refused(R"({"a":[1,2,3,4]})", "byte 12: more than 3 entries");
    refused(R"({"a":[1])", "byte 8: expected ',' or '}', found the end");
    refused(R"({"a":[1],})", "byte 9: expected a string, found '}'");
    refused(R"({"a":[1]"b":[]})", "byte 8: expected ',' or '}', found '\"'");
    refused("{}{}", "byte 2: expected the end, found '{'");
    refused("{} // end", "byte 3: expected the end, found '/'");
}

/// A number as text, or the problem with it.
std::string number(std::string_view text) {
    JsonReader json{text};
    const double value = json.number();
    json.end();
    return json.ok() ? std::to_string(value) : json.problem();
}

TEST(Json, ReadsNumbers) {
    EXPECT_EQ(number("0"), "0.000000");
    EXPECT_EQ(number(" -0.5 "), "-0.500000");
    EXPECT_EQ(number("12.25e1"), "122.500000");
    EXPECT_EQ(number("1E+2"), "100.000000");
    EXPECT_EQ(number("5e-1"), "0.500000");
    JsonReader json{"0.1,5e-324,-1.7976931348623157e308"};
    EXPECT_EQ(json.number(), 0.1); // rounded to nearest
    EXPECT_TRUE(json.ok());
    EXPECT_EQ(JsonReader{"5e-324"}.number(), std::numeric_limits<double>::denorm_min());
    EXPECT_EQ(JsonReader{"-1.7976931348623157e308"}.number(), std::numeric_limits<double>::lowest());
}

TEST(Json, RefusesWhatIsNoNumber) {
    EXPECT_EQ(number(""), "byte 0: expected a number, found the end");
    EXPECT_EQ(number("-"), "byte 0: expected a number, found '-'");
    EXPECT_EQ(number("+1"), "byte 0: expected a number, found '+'");
    EXPECT_EQ(number(".5"), "byte 0: expected a number, found '.'");
    EXPECT_EQ(number("5."), "byte 0: expected a number, found '5'");
    EXPECT_EQ(number("01"), "byte 0: expected a number, found '0'");
    EXPECT_EQ(number("-01"), "byte 0: expected a number, found '-'");
    EXPECT_EQ(number("1e"), "byte 0: expected a number, found '1'");
    EXPECT_EQ(number("1e+"), "byte 0: expected a number, found '1'");
    EXPECT_EQ(number("1.5,"), "byte 3: expected the end, found ','");
    EXPECT_EQ(number("0x10"), "byte 1: expected the end, found 'x'");
    EXPECT_EQ(number("inf"), "byte 0: expected a number, found 'i'");
    for (const std::string_view text : {"NaN", "Infinity", "-Infinity", "1e400", "-1e999999999"}) {
        JsonReader json{text};
        json.number();
        EXPECT_TRUE(json.not_finite()) << text;
        EXPECT_FALSE(json.ok());
    }
    JsonReader json{"-"};
    json.number();
    EXPECT_FALSE(json.not_finite());
}

TEST(Json, GoesPastWhatIsNotExpected) {
    const auto skip = [](std::string_view text) {
        JsonReader json{text};
        json.skip(3);
        json.end();
        return json.problem();
    };
    for (const std::string_view text : {"null", "true", " false ", "-1.5e3", "NaN", "Infinity", "-Infinity",
                                        R"("a\"b")", "[]", "{}", R"({"a": [1, {"b": null}], "c": "d"})", "[[[1]]]"})
        EXPECT_EQ(skip(text), "") << text;
    EXPECT_EQ(skip("[[[[]]]]"), "byte 3: objects and arrays nested too deeply");
    EXPECT_EQ(skip("[1,]"), "byte 3: expected a number, found ']'");
    EXPECT_EQ(skip("nul"), "byte 0: expected a number, found 'n'");
    EXPECT_EQ(skip(R"({"a")"), "byte 4: expected ':', found the end");
    const std::string nested(100'000, '[');
    JsonReader json{nested};
    json.skip();
    EXPECT_EQ(json.problem(), "byte 32: objects and arrays nested too deeply");
}

TEST(Json, GoesPastAByteOrderMark) {
    JsonReader json{"\xEF\xBB\xBF 7"};
    json.skip_byte_order_mark();
    EXPECT_EQ(json.whole(), 7u);
    JsonReader twice{"\xEF\xBB\xBF\xEF\xBB\xBF 7"};
    twice.skip_byte_order_mark();
    twice.skip_byte_order_mark();
    twice.whole();
    EXPECT_EQ(twice.problem(), "byte 3: expected a whole number, 0 or more, found byte 0xEF");
}

TEST(Json, ReadsBooleansAndNulls) {
    JsonReader json{"[true, false, null, 1]"};
    std::string seen;
    json.array(4, [&] {
        if (json.next_is('t') || json.next_is('f')) seen += json.boolean() ? 'T' : 'F';
        else seen += json.take_null() ? 'N' : '1';
        if (seen.back() == '1') json.whole();
    });
    EXPECT_EQ(json.problem(), "");
    EXPECT_EQ(seen, "TFN1");
    JsonReader other{"1"};
    other.boolean();
    EXPECT_EQ(other.problem(), "byte 0: expected true or false, found '1'");
}

TEST(Json, KeepsTheFirstProblem) {
    JsonReader json{"x"};
    json.whole();
    const std::string first = json.problem();
    json.refuse("second");
    json.string(1);
    json.array(1, [] { FAIL(); });
    json.object(1, [](const std::string&) { FAIL(); });
    json.number();
    json.skip();
    json.boolean();
    json.end();
    EXPECT_EQ(json.problem(), first);
}

TEST(Json, WritesStringsAsTheReferenceDoes) {
    EXPECT_EQ(json_string(""), R"("")");
    EXPECT_EQ(json_string("a/b \x7F \u00e9"), "\"a/b \x7F \u00e9\"");
    EXPECT_EQ(json_string("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
    EXPECT_EQ(json_string({"\0\x01\x1F", 3}), R"("\u0000\u0001\u001f")");
}

RC_GTEST_PROP(Json, ReadsWhatItWrites, ()) {
    std::string text;
    for (const auto point : *rc::gen::container<std::vector<char32_t>>(
             rc::gen::oneOf(rc::gen::inRange<char32_t>(0, 0x80), rc::gen::inRange<char32_t>(0, 0xD800),
                            rc::gen::inRange<char32_t>(0xE000, 0x110000)))) {
        rondo::io::detail::append_utf8(text, point);
    }
    const std::string quoted = json_string(text);
    RC_ASSERT(invalid_utf8(quoted) == quoted.npos);
    RC_ASSERT(string(quoted, text.size()) == (Result{text, ""}));
}

} // namespace json_test
