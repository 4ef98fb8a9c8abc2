// SPDX-License-Identifier: MIT
#include <rondo/loss/cross_entropy.hpp>

#include <support/loss.hpp>

namespace cross_entropy_test {

using rondo::CrossEntropy, rondo::Error;

template <class S> class CrossEntropyOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(CrossEntropyOf, Scalars);

TYPED_TEST(CrossEntropyOf, golden) {
    expect_golden<TypeParam, 5, int>(CrossEntropy{}, "cross_entropy_5");
    expect_golden<TypeParam, 33, int>(CrossEntropy{}, "cross_entropy_33");
}

TYPED_TEST(CrossEntropyOf, extreme_logits) {
    expect_golden<TypeParam, 5, int>(CrossEntropy{}, "cross_entropy_5_extreme");
    expect_golden<TypeParam, 33, int>(CrossEntropy{}, "cross_entropy_33_extreme");
}

TYPED_TEST(CrossEntropyOf, padding) { expect_no_padding<TypeParam, 5, int>(CrossEntropy{}, "cross_entropy_5"); }

TYPED_TEST(CrossEntropyOf, extents) { expect_same_extents<TypeParam, 5, int>(CrossEntropy{}); }

TEST(CrossEntropy, ignores_the_target_it_is_told_to) {
    const Golden golden{"losses", "cross_entropy_5"};
    LossRun<double, 5, int> usual{golden}, other{golden};
    const auto ignored = std::ranges::count(usual.target, -100);
    ASSERT_GT(ignored, 0);
    EXPECT_EQ(CrossEntropy{}.terms(usual.targets()), double(12 - ignored));
    std::ranges::replace(other.target, -100, 3);
    EXPECT_EQ(CrossEntropy{.ignore = 3}.terms(other.targets()), double(12 - std::ranges::count(other.target, 3)));
    std::ranges::replace(usual.target, 3, -100);
    EXPECT_EQ(other(CrossEntropy{.ignore = 3}), usual(CrossEntropy{}));
    EXPECT_EQ(other.gradient, usual.gradient);
}

TEST(CrossEntropy, without_a_target_it_is_zero) {
    LossRun<double, 5, int> run{std::vector<double>(10, 1.0), {-100, -100}, {2, 1}};
    EXPECT_EQ(run(CrossEntropy{}), 0);
    EXPECT_EQ(run.gradient, std::vector<double>(10));
}

TEST(CrossEntropy, names_a_target_that_is_no_class) {
    const auto problem = [](std::vector<int> target) {
        const Error error = CrossEntropy{}.check(rondo::Tokens{target.data(), nullptr, {3, 2}}, 5);
        EXPECT_EQ(error.kind, error ? Error::Kind::argument : Error::Kind::none);
        return error.message;
    };
    EXPECT_EQ(problem({0, 1, 2, 3, 4, -100}), "");
    EXPECT_EQ(problem({0, 1, 2, 5, 4, 0}),
              "rondo::CrossEntropy: target 5 of sequence 1, step 1 is not a class from 0 to 4");
    EXPECT_EQ(problem({0, 1, 2, 3, -1, 0}),
              "rondo::CrossEntropy: target -1 of sequence 0, step 2 is not a class from 0 to 4");
}

} // namespace cross_entropy_test
