// SPDX-License-Identifier: MIT
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/model/workspace.hpp>
#include <rondo/op/scheduled_sampling.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace scheduled_sampling_test {

using namespace rondo;
using Net = Linear<1, 1>; // any: it is not called
using B = EigenBackend<double>;
constexpr int batch = 1000, vocabulary = 5;

struct Read {
    std::size_t own = 0, given = 0, other = 0;
    std::vector<int> tokens;
};

// What a decoder reads that scores its column's token n % 3 highest, and is given token 4.
Read read(const Randomness& randomness, const ScheduledSampling& sampling, Extent extent = {1, batch}) {
    const Model<Net, B> model;
    Workspace<Net, B> work;
    std::vector<double> scores(vocabulary * extent.columns());
    for (std::size_t n = 0; n < extent.columns(); ++n)
        scores[n * vocabulary + (n + std::size_t(extent.first_column)) % 3] = 1;
    const std::vector<int> right(extent.columns(), 4);
    const auto tokens = work.record(model, nullptr, randomness, [&](auto& run) {
        return own_or_given(run, SequenceView<const double, vocabulary>{scores.data(), nullptr, extent},
                            Tokens{right.data(), nullptr, extent}, sampling, run.draw());
    });
    Read all;
    for (std::size_t n = 0; n < extent.columns(); ++n) {
        const int token = tokens.value[n];
        ++(token == 4 ? all.given : token == (int(n) + extent.first_column) % 3 ? all.own : all.other);
        all.tokens.push_back(token);
    }
    return all;
}

constexpr ScheduledSampling half{Rate{50}, 10};

TEST(ScheduledSampling, RisesInAStraightLineAndStays) {
    EXPECT_EQ(half.rate(0), 0);
    EXPECT_DOUBLE_EQ(half.rate(5), 0.25);
    EXPECT_DOUBLE_EQ(half.rate(10), 0.5);
    EXPECT_DOUBLE_EQ(half.rate(1000000), 0.5);
}

TEST(ScheduledSampling, ReadsAsManyOwnTokensAsTheRateSays) {
    EXPECT_EQ(read({Seed{1}, 0, true}, half).given, std::size_t(batch));
    const Read some = read({Seed{1}, 5, true}, half), most = read({Seed{1}, 10, true}, half);
    EXPECT_EQ(some.other + most.other, 0u);
    EXPECT_NEAR(double(some.own), 250, 60); // four standard deviations
    EXPECT_NEAR(double(most.own), 500, 64);
}

TEST(ScheduledSampling, IsForTrainingOnly) { EXPECT_EQ(read({Seed{1}, 10, false}, half).given, std::size_t(batch)); }

TEST(ScheduledSampling, DrawsForAPartOfABatchWhatItDrawsForTheWhole) {
    const Read all = read({Seed{1}, 10, true}, half), part = read({Seed{1}, 10, true}, half, {1, 300, nullptr, 0, 200});
    EXPECT_TRUE(std::equal(part.tokens.begin(), part.tokens.end(), all.tokens.begin() + 200));
    EXPECT_NE(read({Seed{2}, 10, true}, half).tokens, all.tokens);
}

} // namespace scheduled_sampling_test
