// SPDX-License-Identifier: MIT
#include <rondo/io/json/numbers.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace json_numbers_test {

using rondo::io::detail::JsonReader;
using rondo::io::detail::NestedNumbers;
using rondo::io::detail::read_nested;

NestedNumbers nested(std::string_view text) {
    JsonReader json{text};
    NestedNumbers numbers = read_nested(json);
    json.end();
    EXPECT_EQ(json.problem(), "") << text;
    return numbers;
}
std::string problem(std::string_view text) {
    JsonReader json{text};
    read_nested(json);
    json.end();
    return json.problem();
}

TEST(JsonNumbers, AreListsOfEqualLengths) {
    using Shape = std::vector<std::size_t>;
    EXPECT_EQ(nested("2").shape, Shape{});
    EXPECT_EQ(nested("2").values, std::vector<double>{2});
    EXPECT_EQ(nested("[]").shape, Shape{0});
    EXPECT_EQ(nested("[[], []]").shape, (Shape{2, 0}));
    EXPECT_EQ(nested("[[1,2,3], [4,5,6e-1]]").shape, (Shape{2, 3}));
    EXPECT_EQ(nested("[[1,2,3], [4,5,6e-1]]").values, (std::vector<double>{1, 2, 3, 4, 5, 0.6}));
    EXPECT_EQ(nested("[[[[1]]]]").shape, (Shape{1, 1, 1, 1}));
    EXPECT_EQ(nested("[[1,2],[3,4]]").text(), "[2,2]");
}

TEST(JsonNumbers, AreRefusedOtherwise) {
    EXPECT_EQ(problem("[1,[2]]"), "byte 3: lists of numbers that are not equally deep");
    EXPECT_EQ(problem("[[1],2]"), "byte 5: lists of numbers that are not equally deep");
    EXPECT_EQ(problem("[[],[[]]]"), "byte 5: lists of numbers that are not equally deep");
    EXPECT_EQ(problem("[[],[1]]"), "byte 7: expected a list of 0, got one of 1");
    EXPECT_EQ(problem("[[1,2],[3]]"), "byte 10: expected a list of 2, got one of 1");
    EXPECT_EQ(problem("[[[[[1]]]]]"), "byte 4: lists of numbers nested more than 4 deep");
    EXPECT_EQ(problem(std::string(100'000, '[')), "byte 4: lists of numbers nested more than 4 deep");
    EXPECT_EQ(problem("[1,null]"), "byte 3: expected a number, found 'n'");
    EXPECT_EQ(problem("[1"), "byte 2: expected ',' or ']', found the end");
    EXPECT_EQ(problem("{}"), "byte 0: expected a number, found '{'");
}

} // namespace json_numbers_test
