// SPDX-License-Identifier: MIT
#include <rondo/core/number_text.hpp>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace number_text_test {

using rondo::detail::number_text;
using rondo::detail::short_text;

double read(const std::string& text) {
    double value = 0;
    EXPECT_EQ(std::from_chars(text.data(), text.data() + text.size(), value).ptr, text.data() + text.size());
    return value;
}

TEST(NumberText, IsTheShortest) {
    EXPECT_EQ(number_text(0.1f), "0.1");
    EXPECT_EQ(number_text(0.1), "0.1");
    EXPECT_EQ(number_text(-0.0), "-0");
    EXPECT_EQ(number_text(double(0.1f)), "0.10000000149011612");
    EXPECT_EQ(number_text(1e30f), "1e+30");
    EXPECT_EQ(read(number_text(std::numeric_limits<double>::denorm_min())), std::numeric_limits<double>::denorm_min());
    EXPECT_EQ(float(read(number_text(std::numeric_limits<float>::denorm_min()))),
              std::numeric_limits<float>::denorm_min());
    EXPECT_EQ(short_text(1.0 / 3e7), "3.33333e-08");
    EXPECT_EQ(short_text(std::numeric_limits<double>::quiet_NaN()), "nan");
}

RC_GTEST_PROP(NumberText, GivesEveryFloatBackByWayOfADouble, (std::uint32_t bits)) {
    const float value = std::bit_cast<float>(bits);
    RC_PRE(std::isfinite(value));
    RC_ASSERT(std::bit_cast<std::uint32_t>(float(read(number_text(value)))) == bits);
}

RC_GTEST_PROP(NumberText, GivesEveryDoubleBack, (std::uint64_t bits)) {
    const double value = std::bit_cast<double>(bits);
    RC_PRE(std::isfinite(value));
    RC_ASSERT(std::bit_cast<std::uint64_t>(read(number_text(value))) == bits);
}

} // namespace number_text_test
