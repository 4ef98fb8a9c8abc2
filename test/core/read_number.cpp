// SPDX-License-Identifier: MIT
// The library's own reader of numbers gives what std::from_chars gives, to the bit.
#include <rondo/core/read_number.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>

namespace read_number_test {

using rondo::detail::read_decimal;
using rondo::detail::read_number;

struct Found {
    std::uint64_t bits; // of any NaN the same
    std::errc problem;
    std::ptrdiff_t size;
    bool operator==(const Found&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const Found& f) {
        return out << std::bit_cast<double>(f.bits) << ", " << int(f.problem) << ", " << f.size;
    }
};

template <class Read>
Found found(const std::string& text, Read read) {
    double value = 7;
    const auto [end, problem] = read(text.data(), text.data() + text.size(), value);
    if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
    return {std::bit_cast<std::uint64_t>(value), problem, end - text.data()};
}
Found own(const std::string& text) {
    return found(text, [](const char* a, const char* b, double& v) { return read_decimal(a, b, v); });
}
Found standard(const std::string& text) {
    return found(text, [](const char* a, const char* b, double& v) { return std::from_chars(a, b, v); });
}

std::string digits_of(double value, int count) {
    std::string text(2000, '\0');
    const auto all = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, count);
    return text.substr(0, std::size_t(all.ptr - text.data()));
}

TEST(ReadNumber, ReadsWhatFromCharsReads) {
    for (const std::string text : {"",
                                   "-",
                                   ".",
                                   "-.",
                                   "5.",
                                   ".5",
                                   "5.e3",
                                   "1e",
                                   "1e+",
                                   "1e-",
                                   "1ee",
                                   "1..2",
                                   "1.2.3",
                                   "inf",
                                   "-inf",
                                   "INF",
                                   "infinit",
                                   "Infinity",
                                   "-infinityx",
                                   "nan",
                                   "NaN",
                                   "nano",
                                   "-nan",
                                   "+1",
                                   " 1",
                                   "0",
                                   "-0",
                                   "-0.0e-9",
                                   "0e999",
                                   "0x10",
                                   "00012",
                                   "1,5",
                                   "1e400",
                                   "-1e400",
                                   "1e-400",
                                   "1e99999999999999999999",
                                   "1e-99999999999999999999",
                                   "0.1",
                                   "2.4703282292062327e-324",
                                   "2.4703282292062328e-324",
                                   "4.9e-324",
                                   "1.7976931348623158e308",
                                   "1.7976931348623159e308",
                                   "1e308",
                                   "1e309",
                                   "2.2250738585072011e-308",
                                   "2.2250738585072014e-308",
                                   "9007199254740993",
                                   "9007199254740992.99999999999999999999",
                                   "123456789012345678901234567890"})
        EXPECT_EQ(own(text), standard(text)) << text;
    for (const std::string& text :
         {"0." + std::string(100'000, '0') + "1e100001", std::string(100'000, '1') + "e-100000",
          "1e" + std::string(1000, '1'), "0.1" + std::string(2000, '0') + "1", std::string(100'000, '1')})
        EXPECT_EQ(own(text), standard(text)) << text.substr(0, 20);
}

RC_GTEST_PROP(ReadNumber, RoundsDigitsOfAnyDoubleAsFromCharsDoes, (std::uint64_t bits, std::uint8_t count)) {
    const double value = std::bit_cast<double>(bits);
    RC_PRE(std::isfinite(value));
    const std::string text = digits_of(value, count % 20);
    RC_ASSERT(own(text) == standard(text));
}

RC_GTEST_PROP(ReadNumber, RoundsWhatLiesHalfwayToEven, (std::uint64_t bits, bool small)) {
    // All digits of the middle between a double (or one below the normal ones) and the next.
    bits &= small ? 0x001FFFFFFFFFFFFFu : 0x7FBFFFFFFFFFFFFFu;
    const double low = std::bit_cast<double>(bits), high = std::bit_cast<double>(bits + 1);
    std::string middle = digits_of(low, 1100), other = digits_of(high, 1100);
    RC_PRE(middle.substr(middle.find('e')) == other.substr(other.find('e'))); // one power of ten
    int carry = 0;
    for (std::size_t k = middle.find('e'); k-- > 0;) {
        if (middle[k] == '.') continue;
        const int sum = (middle[k] - '0') + (other[k] - '0') + carry; // of both, halved below
        middle[k] = char('0' + sum % 10);
        carry = sum / 10;
    }
    RC_PRE(carry == 0);
    int rest = 0;
    for (std::size_t k = 0; middle[k] != 'e'; ++k) {
        if (middle[k] == '.') continue;
        const int value = 10 * rest + (middle[k] - '0');
        middle[k] = char('0' + value / 2);
        rest = value % 2;
    }
    const std::size_t exponent = middle.find('e');
    for (const std::string& more : {std::string{}, std::string{"1"}, std::string(900, '0') + '1'}) {
        const std::string text = middle.substr(0, exponent) + more + middle.substr(exponent);
        RC_ASSERT(own(text) == standard(text));
    }
}

TEST(ReadNumber, TakesAllOfATextOrNothing) {
    double value = 7;
    EXPECT_TRUE(read_number("-1.5e1", value));
    EXPECT_EQ(value, -15);
    for (const char* text : {"", "1 ", " 1", "+1", "1x", "1,5", "1e400", "--1"})
        EXPECT_FALSE(read_number(text, value)) << text;
    int whole = 7;
    EXPECT_TRUE(read_number("-12", whole));
    EXPECT_EQ(whole, -12);
    EXPECT_FALSE(read_number("1.5", whole));
    EXPECT_FALSE(read_number("99999999999", whole));
}

} // namespace read_number_test
