// SPDX-License-Identifier: MIT
// Runs all tests of a program, or only those of the source named by its first argument: several are compiled as one.
#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <string_view>

namespace {

/// "Suite.Name:Suite.Name:" of the tests written in the file whose path ends with `source`.
std::string tests_of(std::string_view source) {
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    std::string names;
    for (int s = 0; s < all.total_test_suite_count(); ++s) {
        const testing::TestSuite& suite = *all.GetTestSuite(s);
        for (int t = 0; t < suite.total_test_count(); ++t) {
            const testing::TestInfo& test = *suite.GetTestInfo(t);
            const std::string name = std::string{suite.name()} + '.' + test.name();
            const std::string_view file = test.file();
            if (!file.ends_with(".cpp")) {
                std::cerr << name << " stands in " << file << ": expected a source, since tests run by source\n";
                return {};
            }
            if (file.ends_with(source)) names += name + ':';
        }
    }
    if (names.empty()) std::cerr << source << ": expected tests in this source, but this program has none of it\n";
    return names;
}

} // namespace

int main(int count, char** arguments) {
    testing::InitGoogleTest(&count, arguments);
    if (count > 1) {
        const std::string names = tests_of(std::string{"/"} + arguments[1]);
        if (names.empty()) return 1;
        if (testing::GTEST_FLAG(filter) == "*") testing::GTEST_FLAG(filter) = names;
    }
    return RUN_ALL_TESTS();
}
