// SPDX-License-Identifier: MIT
#include <rondo/loss/mean_squared_error.hpp>

#include <support/loss.hpp>

namespace mean_squared_error_test {

using rondo::MeanSquaredError;

template <class S> class MeanSquaredErrorOf : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(MeanSquaredErrorOf, Scalars);

TYPED_TEST(MeanSquaredErrorOf, golden) { expect_golden<TypeParam, 5, TypeParam>(MeanSquaredError{}, "mse"); }

TYPED_TEST(MeanSquaredErrorOf, padding) { expect_no_padding<TypeParam, 5, TypeParam>(MeanSquaredError{}, "mse"); }

TYPED_TEST(MeanSquaredErrorOf, extents) { expect_same_extents<TypeParam, 5, TypeParam>(MeanSquaredError{}); }

TEST(MeanSquaredError, by_hand) {
    const int lengths[]{2, 1};
    LossRun<double, 1, double> run{{3, 1, -2, 9}, {1, 1, 1, 0}, {2, 2, lengths}};
    EXPECT_EQ(MeanSquaredError{}.terms(run.targets()), 3);
    EXPECT_DOUBLE_EQ(run(MeanSquaredError{}), (4 + 0 + 9) / 3.0);
    const double expected[]{4 / 3.0, 0, -2, 0};
    for (std::size_t k = 0; k < 4; ++k) EXPECT_DOUBLE_EQ(run.gradient[k], expected[k]) << k;
}

TEST(MeanSquaredError, parts_of_a_batch_add_up) {
    LossRun<double, 3, double> all{
        Golden{"losses", "mse"}.get<double>("x"), Golden{"losses", "mse"}.get<double>("target"), {20, 1}};
    const double terms = MeanSquaredError{}.terms(all.targets()), whole = all(MeanSquaredError{});
    double sum = 0;
    for (std::ptrdiff_t first : {0, 30}) {
        LossRun<double, 3, double> part{{all.y.begin() + first, all.y.begin() + first + 30},
                                        {all.target.begin() + first, all.target.begin() + first + 30},
                                        {10, 1}};
        sum += part(MeanSquaredError{}, terms);
        EXPECT_TRUE(std::equal(part.gradient.begin(), part.gradient.end(), all.gradient.begin() + first));
    }
    EXPECT_DOUBLE_EQ(sum, whole);
}

} // namespace mean_squared_error_test
