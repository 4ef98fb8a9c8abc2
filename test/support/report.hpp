// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

/// Records the largest difference in a test; --gtest_output=xml shows it as "largest_difference".
inline void report(double difference) {
    static std::map<const testing::TestInfo*, double> largest;
    double& all = largest[testing::UnitTest::GetInstance()->current_test_info()];
    all = std::max(all, difference);
    char text[32];
    std::snprintf(text, sizeof text, "%.2e", all);
    testing::Test::RecordProperty("largest_difference", text);
}
