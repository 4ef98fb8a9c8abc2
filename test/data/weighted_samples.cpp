// SPDX-License-Identifier: MIT
#include <rondo/data/weighted_samples.hpp>

#include <rondo/data/samples.hpp>
#include <rondo/data/series_windows.hpp>
#include <rondo/data/token_pairs.hpp>
#include <rondo/data/token_windows.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace weighted_samples_test {

using namespace rondo;

using Steps = Samples<float, 1, int, 1>; // the number of the sample; its target is 10 sample + step
static_assert(IndexedBatches<Steps> && IndexedBatches<SeriesWindows<float, 1>> && IndexedBatches<TokenPairs>);
static_assert(!IndexedBatches<TokenWindows> && Batches<WeightedSamples<Steps, float>>);

Steps samples(Steps::Target target) {
    Steps data{3, target};
    for (int n = 0; n < 8; ++n) {
        const std::size_t steps = std::size_t(n % 3 + 1);
        std::vector<int> targets(target == Steps::Target::each_step ? steps : 1);
        std::iota(targets.begin(), targets.end(), 10 * n);
        data.add(std::vector<float>(steps, float(n)), targets);
    }
    return data;
}

TEST(WeightedSamples, EachColumnHasTheWeightOfItsSample) {
    for (const auto kind : {Steps::Target::each_sequence, Steps::Target::each_step}) {
        Steps data = samples(kind);
        std::vector<double> weights(8);
        std::iota(weights.begin(), weights.end(), 0.0);
        WeightedSamples weighted{data, weights};
        EXPECT_EQ(weighted.count(), 3u);
        for (const std::int64_t epoch : {0, 1}) {
            weighted.begin_epoch(Seed{1}, epoch);
            int columns = 0;
            for (std::size_t k = 0; k < weighted.count(); ++k) {
                const auto batch = weighted.at(k);
                const Extent& e = batch.target.extent;
                EXPECT_EQ(e, batch.target.values.extent);
                EXPECT_EQ(e, batch.target.weights.extent);
                for_each_valid_range(e, [&](std::size_t first, std::size_t count) {
                    for (std::size_t n = first; n < first + count; ++n, ++columns)
                        EXPECT_EQ(batch.target.weights.value[n], batch.target.values.value[n] / 10);
                });
            }
            EXPECT_EQ(columns, kind == Steps::Target::each_step ? 15 : 8);
        }
    }
}

TEST(WeightedSamples, OrOfItsStep) {
    Steps data = samples(Steps::Target::each_step);
    std::vector<float> weights;
    for (int n = 0; n < 8; ++n)
        for (int t = 0; t < n % 3 + 1; ++t) weights.push_back(float(10 * n + t));
    WeightedSamples weighted{data, weights};
    weighted.begin_epoch(Seed{2}, 0);
    for (std::size_t k = 0; k < weighted.count(); ++k) {
        const auto batch = weighted.at(k);
        for_each_valid_range(batch.target.extent, [&](std::size_t first, std::size_t count) {
            for (std::size_t n = first; n < first + count; ++n)
                EXPECT_EQ(batch.target.weights.value[n], float(batch.target.values.value[n]));
        });
    }
}

TEST(WeightedSamples, OfWindowsAndPairs) {
    const std::vector<double> series{0, 1, 2, 3, 4, 5};
    SeriesWindows<double, 1> windows{series, {.length = 2, .horizon = 1, .batch = 3}};
    WeightedSamples weighted{windows, std::vector<double>{20, 30, 40, 50}};
    weighted.begin_epoch(Seed{3}, 0);
    for (std::size_t k = 0; k < weighted.count(); ++k) {
        const auto batch = weighted.at(k);
        for (std::size_t b = 0; b < std::size_t(batch.target.extent.batch); ++b)
            EXPECT_EQ(batch.target.weights.value[b], 10 * batch.target.values.value[b]);
    }
    TokenPairs pairs{2, 0, 1};
    pairs.add(std::vector{5}, std::vector{2, 3});
    pairs.add(std::vector{5, 6}, std::vector<int>{});
    EXPECT_EQ(WeightedSamples(pairs, std::vector<float>{1, 2, 3, 4}).at(0).target.weights.extent.columns(), 6u);
}

TEST(WeightedSamples, NamesANumberOfWeightsThatDoesNotFit) {
    Steps data = samples(Steps::Target::each_step);
    expect_argument([&] { WeightedSamples(data, std::vector<float>(7)); },
                    "rondo::WeightedSamples: expected a weight for each of 8 samples, or of the 15 steps of their "
                    "targets, got 7");
    WeightedSamples weighted{data, std::vector<float>(8)};
    data.add(std::vector<float>{1}, std::vector<int>{1});
    expect_argument([&] { weighted.at(0); }, "rondo::WeightedSamples: expected the 8 samples that have weights, got 9");
}

} // namespace weighted_samples_test
