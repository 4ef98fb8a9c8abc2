// SPDX-License-Identifier: MIT
#include <rondo/core/range.hpp>

#include <array>
#include <cstddef>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

using namespace rondo;

namespace range_test {

struct Named {
    std::string name;
    int value = 0;
    bool positive() const { return value > 0; }
};
const std::vector<Named> all{{"c", 3}, {"a", -1}, {"b", 3}, {"a", 0}};

TEST(Range, FindsTheFirstThatIsEqualOrSatisfies) {
    EXPECT_EQ(range::find(all, "a", &Named::name)->value, -1);
    EXPECT_EQ(range::find(all, "d", &Named::name), all.end());
    EXPECT_EQ(range::find_if(all, [](const Named& n) { return n.value == 0; }) - all.begin(), 3);
    EXPECT_EQ(range::find_if(all, &Named::positive), all.begin());
    static constexpr int numbers[]{4, 5};
    EXPECT_EQ(range::find(numbers, 5), numbers + 1);
    EXPECT_EQ(range::find(numbers, 6), std::end(numbers));
    EXPECT_TRUE(range::contains(numbers, 4));
    EXPECT_FALSE(range::contains(numbers, 6));
}
TEST(Range, AllAnyAndNoneOfAnEmptyRangeToo) {
    const std::vector<Named> none;
    EXPECT_TRUE(range::any_of(all, &Named::positive));
    EXPECT_FALSE(range::all_of(all, &Named::positive));
    EXPECT_FALSE(range::none_of(all, &Named::positive));
    EXPECT_FALSE(range::any_of(none, &Named::positive));
    EXPECT_TRUE(range::all_of(none, &Named::positive));
    EXPECT_TRUE(range::none_of(none, &Named::positive));
    EXPECT_EQ(range::count(std::string{"a\nb\n"}, '\n'), 2);
}
TEST(Range, EqualComparesLengthsAndProjections) {
    const std::vector<int> a{1, 2}, longer{1, 2, 3};
    EXPECT_TRUE(range::equal(a, std::array{1, 2}));
    EXPECT_FALSE(range::equal(a, longer));
    EXPECT_FALSE(range::equal(longer, a));
    EXPECT_FALSE(range::equal(a, std::array{1, 3}));
    const auto half = [](int n) { return n / 2; };
    EXPECT_TRUE(range::equal(a, std::array{0, 3}, {}, half, half));
}
TEST(Range, SortsByProjectionAndSearchesWhatIsSorted) {
    std::vector<Named> sorted = all;
    std::vector<std::size_t> order{3, 0, 2, 1}; // of equal elements the second condition decides
    range::sort_positions(order, [&](std::size_t a, std::size_t b) {
        return all[a].value != all[b].value ? all[a].value > all[b].value : a < b;
    });
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 2, 3, 1}));
    range::sort(sorted, {}, [](const Named& n) { return std::pair{n.name, n.value}; });
    EXPECT_EQ(sorted[0].value, -1);
    EXPECT_EQ(range::adjacent_find(sorted, {}, &Named::name), sorted.begin());
    EXPECT_EQ(range::lower_bound(sorted, "b", {}, &Named::name) - sorted.begin(), 2);
    EXPECT_EQ(range::lower_bound(sorted, "d", {}, &Named::name), sorted.end());
    EXPECT_EQ(range::upper_bound(sorted, "a", {}, &Named::name) - sorted.begin(), 2);
    EXPECT_EQ(range::max_element(all, {}, &Named::value), all.begin()); // the first of two
    std::vector<int> copy(3);
    EXPECT_EQ(range::copy(std::array{7, 8}, copy.begin()), copy.begin() + 2);
    EXPECT_EQ(copy, (std::vector{7, 8, 0}));
}

} // namespace range_test
