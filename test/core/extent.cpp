// SPDX-License-Identifier: MIT
#include <rondo/core/extent.hpp>

#include <gtest/gtest.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace extent_test {

using rondo::Extent;
using Runs = std::vector<std::pair<std::size_t, std::size_t>>;

Runs runs_of(const Extent& extent) {
    Runs runs;
    rondo::for_each_valid_range(extent, [&](std::size_t first, std::size_t count) { runs.emplace_back(first, count); });
    return runs;
}
Runs runs_of(const Extent& extent, int t) {
    Runs runs;
    rondo::for_each_valid_range(extent, t, [&](int first, int count) { runs.emplace_back(first, count); });
    return runs;
}

static_assert(std::is_trivially_copyable_v<Extent>);
static_assert(Extent{3, 4}.columns() == 12 && Extent{}.columns() == 1);
static_assert(Extent{3, 4}.length(2) == 3 && Extent{3, 4}.active(2, 3));
static_assert(Extent{1 << 20, 1 << 20}.columns() == std::size_t{1} << 40);

TEST(Extent, WithoutLengthsIsOneRun) {
    EXPECT_EQ(runs_of({5, 3}), (Runs{{0, 15}}));
    EXPECT_EQ(runs_of({5, 3}, 2), (Runs{{0, 3}}));
}

TEST(Extent, OfNothingHasNoRuns) {
    EXPECT_EQ(runs_of({0, 3}), Runs{});
    EXPECT_EQ(runs_of({3, 0}), Runs{});
    const int none[]{0, 0};
    EXPECT_EQ(runs_of({4, 2, none}), Runs{});
}

TEST(Extent, SortedLengthsMakeOneRunAStep) {
    const int lengths[]{4, 2, 1};
    const Extent extent{4, 3, lengths};
    EXPECT_EQ(runs_of(extent, 0), (Runs{{0, 3}}));
    EXPECT_EQ(runs_of(extent, 1), (Runs{{0, 2}}));
    EXPECT_EQ(runs_of(extent, 3), (Runs{{0, 1}}));
    // Over all steps: 0 1 2 | 3 4 - | 6 - - | 9 - -
    EXPECT_EQ(runs_of(extent), (Runs{{0, 5}, {6, 1}, {9, 1}}));
}

TEST(Extent, UnsortedLengthsMakeSeveral) {
    const int lengths[]{1, 3, 0, 3, 2};
    const Extent extent{3, 5, lengths};
    EXPECT_EQ(runs_of(extent, 0), (Runs{{0, 2}, {3, 2}}));
    EXPECT_EQ(runs_of(extent, 1), (Runs{{1, 1}, {3, 2}}));
    EXPECT_EQ(runs_of(extent, 2), (Runs{{1, 1}, {3, 1}}));
    EXPECT_EQ(runs_of(extent), (Runs{{0, 2}, {3, 2}, {6, 1}, {8, 2}, {11, 1}, {13, 1}}));
}

TEST(Extent, ARunGoesOnOverTheEndOfAStep) {
    const int lengths[]{0, 3};
    EXPECT_EQ(runs_of({3, 2, lengths}), (Runs{{1, 1}, {3, 1}, {5, 1}}));
    const int full[]{3, 3};
    EXPECT_EQ(runs_of({3, 2, full}), (Runs{{0, 6}}));
    const int last[]{2, 3};
    EXPECT_EQ(runs_of({3, 2, last}), (Runs{{0, 4}, {5, 1}}));
}

TEST(Extent, RunsCoverTheValidColumnsOnceAndNoMore) {
    // Every way in which three sequences of up to three steps can end.
    for (int code = 0; code < 64; ++code) {
        const int lengths[]{code % 4, code / 4 % 4, code / 16};
        const Extent extent{3, 3, lengths};
        std::vector<int> seen(extent.columns());
        std::size_t end = 0;
        rondo::for_each_valid_range(extent, [&](std::size_t first, std::size_t count) {
            EXPECT_GT(count, 0u);
            EXPECT_TRUE(first > end || (first == 0 && end == 0)) << "runs that touch are one, in order";
            end = first + count;
            for (std::size_t n = first; n < first + count; ++n) ++seen[n];
        });
        for (int t = 0; t < 3; ++t)
            for (int b = 0; b < 3; ++b) EXPECT_EQ(seen[std::size_t(3 * t + b)], t < lengths[b]) << code;
    }
}

TEST(Extent, SaysWhatIsWrongWithIt) {
    const int good[]{0, 3, 2}, longer[]{3, 4, 0}, negative[]{3, 3, -1};
    for (const Extent& e : {Extent{3, 3}, Extent{0, 0}, Extent{3, 3, good}}) EXPECT_FALSE(rondo::problem(e));
    EXPECT_EQ(rondo::problem({3, 3, longer}).message, "rondo: the length of sequence 1: expected 0 to 3 steps, got 4");
    EXPECT_EQ(rondo::problem({3, 3, negative}).message,
              "rondo: the length of sequence 2: expected 0 to 3 steps, got -1");
    EXPECT_EQ(rondo::problem({-1, 3}).message, "rondo: expected 0 or more steps and sequences, got -1 and 3");
    EXPECT_EQ(rondo::problem({1, -3}).message, "rondo: expected 0 or more steps and sequences, got 1 and -3");
}

TEST(Extent, SaysHowItDiffersFromAnother) {
    EXPECT_FALSE(rondo::mismatch("here", {3, 2}, {3, 2}));
    EXPECT_EQ(rondo::mismatch("here", {3, 2}, {3, 1}).message,
              "here: different extents: 3 steps of 2 sequences and 3 steps of 1 sequences");
    EXPECT_TRUE(rondo::mismatch("here", {3, 2}, {4, 2}));
}

} // namespace extent_test
