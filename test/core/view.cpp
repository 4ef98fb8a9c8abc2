// SPDX-License-Identifier: MIT
#include <rondo/core/values.hpp>
#include <rondo/core/view.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <type_traits>
#include <vector>

namespace view_test {

using rondo::ColumnMajorView;
using rondo::RowMajorView;
using rondo::SequenceView;
using rondo::Values;

// Views say nothing of who owns their memory; a const one is made of another, never the reverse.
static_assert(std::is_trivially_copyable_v<SequenceView<float, 3>> &&
              std::is_trivially_copyable_v<ColumnMajorView<float>>);
static_assert(std::is_convertible_v<ColumnMajorView<float>, ColumnMajorView<const float>>);
static_assert(!std::is_convertible_v<ColumnMajorView<const float>, ColumnMajorView<float>>);
static_assert(std::is_convertible_v<RowMajorView<float>, RowMajorView<const float>>);
static_assert(!std::is_convertible_v<RowMajorView<const float>, RowMajorView<float>>);
static_assert(std::is_convertible_v<SequenceView<float, 3>, SequenceView<const float, 3>>);
static_assert(!std::is_convertible_v<SequenceView<const float, 3>, SequenceView<float, 3>>);
static_assert(!std::is_convertible_v<SequenceView<float, 3>, SequenceView<const float, 4>>);
static_assert(SequenceView<float, 3>::rows == 3 && std::is_same_v<SequenceView<const float, 3>::value_type, float>);

TEST(Matrix, PartsKeepTheStride) {
    std::vector<float> numbers(5 * 4);
    std::iota(numbers.begin(), numbers.end(), 0.f);
    const ColumnMajorView<float> all{numbers.data(), 5, 4};
    EXPECT_EQ(all.stride, 5u);
    const auto part = all.from_column(1, 2).from_row(2, 3);
    EXPECT_EQ(part.rows, 3u);
    EXPECT_EQ(part.columns, 2u);
    EXPECT_EQ(part.stride, 5u);
    EXPECT_EQ(part.data[0], 7);
    EXPECT_EQ(part.data[part.stride], 12);
    const ColumnMajorView<const float> same = part;
    EXPECT_EQ(same.stride, 5u);
}

TEST(Weights, RowsLieOneAfterTheOther) {
    std::vector<double> numbers(6 * 3);
    std::iota(numbers.begin(), numbers.end(), 0.);
    const auto part = RowMajorView<double>{numbers.data(), 6, 3}.from_row(2, 2);
    EXPECT_EQ(part.rows, 2u);
    EXPECT_EQ(part.columns, 3u);
    EXPECT_EQ(part.data[0], 6);
}

TEST(SequenceView, IsTheMemoryOfTimeBatchFeatures) {
    std::vector<float> value(2 * 3 * 4), gradient(value.size());
    const SequenceView<float, 4> x{value.data(), gradient.data(), {2, 3}};
    EXPECT_EQ(x.columns(), 6u);
    EXPECT_EQ(x.size(), 24u);
    const rondo::DynamicSequenceView<const float> any = x;
    EXPECT_EQ(any.size(), 24u);
    EXPECT_EQ(any.matrix().rows, 4u);
    EXPECT_EQ(any.matrix().columns, 6u);
    EXPECT_EQ(any.matrix(1 * 3 + 2, 1).data, value.data() + 20); // step 1 of sequence 2
    EXPECT_EQ(any.gradients(5, 1).data, gradient.data() + 20);
    EXPECT_EQ(any.gradients().columns, 6u);
    const SequenceView<const float, 4> same = x;
    EXPECT_EQ(same.value, value.data());
    EXPECT_EQ(same.gradient, gradient.data());
}

TEST(Values, BindByName) {
    constexpr Values<int, 3> values{{1, 2, 3}};
    const auto& [a, b, c] = values;
    EXPECT_EQ(a + 10 * b + 100 * c, 321);
    static_assert(values[2] == 3 && Values<int, 0>{}[0] == 0);
}

} // namespace view_test
