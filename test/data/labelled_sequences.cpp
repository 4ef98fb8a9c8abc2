// SPDX-License-Identifier: MIT
#include <rondo/data/labelled_sequences.hpp>

#include <memory/counted.hpp>

#include <rondo/data/weighted_samples.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace labelled_sequences_test {

using namespace rondo;
using Data = LabelledSequences<float, 2>;
static_assert(IndexedBatches<Data> && Batches<WeightedSamples<Data, float>>);

using Lengths = std::vector<std::pair<int, int>>; // of input and labels
const Lengths lengths{{3, 1}, {5, 0}, {1, 1}, {5, 4}, {20, 3}, {3, 2}, {5, 4}};

/// Sequence k's inputs are 100 k, 100 k + 1, ..., its labels 10 k + 1, 10 k + 2, ...
Data sequences(int batch) {
    Data data{batch, -1};
    for (std::size_t k = 0; k < lengths.size(); ++k) {
        std::vector<float> input(std::size_t(2 * lengths[k].first));
        std::vector<int> labels(std::size_t(lengths[k].second));
        std::iota(input.begin(), input.end(), float(100 * k));
        std::iota(labels.begin(), labels.end(), int(10 * k + 1));
        data.add(input, labels);
    }
    return data;
}

TEST(LabelledSequences, EachHasItsInputAndItsLabels) {
    for (const int batch : {1, 3, 5, 20})
        for (const int pool : {0, 1, 2}) {
            Data data = sequences(batch);
            data.group_by_length(pool);
            for (const std::int64_t epoch : {0, 1}) {
                data.begin_epoch(Seed{1}, epoch);
                std::vector<int> seen(lengths.size());
                for (std::size_t n = 0; n < data.count(); ++n) {
                    const auto [inputs, target, policy, part] = data.at(n);
                    const auto& [input] = inputs;
                    const Extent &of_input = input.extent, &of_labels = target.extent;
                    ASSERT_EQ(of_input.batch, of_labels.batch);
                    EXPECT_GE(of_labels.steps, 1);
                    for (int b = 0; b < of_input.batch; ++b) {
                        const auto k = std::size_t(input.value[2 * b] / 100);
                        ++seen[k];
                        EXPECT_EQ(data.indices(n)[std::size_t(b)], k);
                        EXPECT_EQ(data.target_steps(k), std::size_t(lengths[k].second));
                        EXPECT_EQ(of_input.length(b), lengths[k].first);
                        EXPECT_EQ(of_labels.length(b), lengths[k].second);
                        EXPECT_LE(of_input.length(b), of_input.length(std::max(b - 1, 0))) << "longest first";
                        for (int t = 0; t < of_input.steps; ++t)
                            EXPECT_EQ(input.value[2 * (t * of_input.batch + b) + 1],
                                      t < lengths[k].first ? float(100 * int(k) + 2 * t + 1) : -1);
                        for (int u = 0; u < of_labels.steps; ++u)
                            EXPECT_EQ(target.value[u * of_labels.batch + b],
                                      u < lengths[k].second ? 10 * int(k) + u + 1 : 0);
                    }
                }
                EXPECT_EQ(std::ranges::count(seen, 1), std::ptrdiff_t(lengths.size()));
            }
        }
}

TEST(LabelledSequences, WithoutLabelsHaveAWeight) {
    Data data = sequences(1);
    std::vector<float> weights(lengths.size());
    std::iota(weights.begin(), weights.end(), 1.f);
    WeightedSamples weighted{data, weights};
    for (std::size_t n = 0; n < weighted.count(); ++n) {
        const auto batch = weighted.at(n);
        EXPECT_EQ(batch.target.weights.value[0], float(data.indices(n)[0] + 1));
    }
}

TEST(LabelledSequences, AllocateNothingAfterTheFirstEpoch) {
    Data data = sequences(3);
    data.group_by_length(2);
    const auto epoch = [&](std::int64_t number) {
        data.begin_epoch(Seed{1}, number);
        for (std::size_t k = 0; k < data.count(); ++k) data.at(k);
    };
    epoch(0);
    EXPECT_EQ(counted::allocations([&] {
                  for (std::int64_t number = 1; number < 20; ++number) epoch(number);
              }),
              0u);
}

TEST(LabelledSequences, NamesWhatIsWrong) {
    Data data{2};
    expect_argument([&] { data.count(); }, "rondo::LabelledSequences: expected one sequence or more, got none");
    data.add(std::vector<float>(2), std::vector<int>{});
    expect_argument([&] { data.add(std::vector<float>(3), std::vector<int>{1}); },
                    "rondo::LabelledSequences: sequence 1: expected a multiple of 2 numbers, got 3");
    expect_argument([&] { data.add({}, std::vector<int>{1}); },
                    "rondo::LabelledSequences: sequence 1: expected one step or more, got none");
    expect_argument([] { Data{0}; }, "rondo::LabelledSequences: batch: expected 1 or more, got 0");
}

} // namespace labelled_sequences_test
