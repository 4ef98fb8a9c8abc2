// SPDX-License-Identifier: MIT
#include <rondo/data/samples.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <vector>

namespace samples_test {

using namespace rondo;

using Labelled = Samples<int, 1, float, 2>; // tokens, two numbers per sequence
using Tracked = Samples<double, 3, int, 1>; // three features, a class a step
static_assert(Batches<Labelled> && Batches<Tracked>);

/// Samples of these lengths: sample k begins with token 100 k, its target is (k, -k).
Labelled labelled(const std::vector<int>& lengths, int batch, int padding = -7) {
    Labelled data{batch, Labelled::Target::each_sequence, padding};
    for (std::size_t k = 0; k < lengths.size(); ++k) {
        std::vector<int> tokens;
        for (int t = 0; t < lengths[k]; ++t) tokens.push_back(100 * int(k) + t);
        const float target[]{float(k), -float(k)};
        data.add(tokens, target);
    }
    return data;
}

/// Which samples an epoch shows, batch by batch; checks every number on the way.
std::vector<std::vector<int>> shown(Labelled& data, const std::vector<int>& lengths) {
    std::vector<std::vector<int>> all;
    for (std::size_t k = 0; k < data.count(); ++k) {
        const auto [inputs, target, carry, part] = data.at(k);
        const auto& x = std::get<0>(inputs);
        const Extent& e = x.extent;
        EXPECT_EQ(carry, StatePolicy::none);
        EXPECT_EQ(part.sequences, 0);
        EXPECT_EQ(target.extent, (Extent{1, e.batch}));
        all.emplace_back();
        for (int b = 0; b < e.batch; ++b) {
            const int sample = int(target.value[2 * b]);
            all.back().push_back(sample);
            EXPECT_EQ(target.value[2 * b + 1], -float(sample));
            EXPECT_EQ(e.length(b), lengths[std::size_t(sample)]);
            EXPECT_LE(e.length(b), e.length(std::max(b - 1, 0))) << "longest first";
            for (int t = 0; t < e.steps; ++t)
                EXPECT_EQ(x.value[t * e.batch + b], e.active(t, b) ? 100 * sample + t : -7)
                    << "step " << t << " of sample " << sample;
        }
        EXPECT_EQ(e.steps, e.length(0));
        EXPECT_EQ(e.lengths == nullptr, e.length(0) == e.length(e.batch - 1)) << "lengths only where they differ";
    }
    return all;
}

std::vector<int> sorted(const std::vector<std::vector<int>>& batches) {
    std::vector<int> all;
    for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
    std::ranges::sort(all);
    return all;
}

const std::vector<int> lengths{3, 1, 20, 5, 5, 33, 1, 3, 5, 5, 2};
const std::vector<int> all_samples{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

TEST(Samples, PadsAndSortsEachBatch) {
    for (const int batch : {1, 3, 5, 20}) {
        Labelled data = labelled(lengths, batch);
        EXPECT_EQ(data.size(), 11u);
        EXPECT_EQ(data.count(), std::size_t((11 + batch - 1) / batch));
        EXPECT_EQ(sorted(shown(data, lengths)), all_samples);
        for (const std::int64_t epoch : {0, 1, 2}) {
            data.begin_epoch(Seed{5}, epoch);
            const auto batches = shown(data, lengths);
            EXPECT_EQ(sorted(batches), all_samples);
            EXPECT_EQ(int(batches.back().size()), 11 - batch * (int(data.count()) - 1));
        }
    }
}

TEST(Samples, OrderIsAFunctionOfSeedAndEpoch) {
    Labelled data = labelled(lengths, 3), other = data;
    std::set<std::vector<std::vector<int>>> orders;
    for (const std::uint64_t seed : {0u, 1u})
        for (const std::int64_t epoch : {0, 1, 2}) {
            data.begin_epoch(Seed{seed}, epoch);
            orders.insert(shown(data, lengths));
        }
    EXPECT_EQ(orders.size(), 6u);
    other.begin_epoch(Seed{1}, 2);
    EXPECT_EQ(shown(other, lengths), shown(data, lengths));
    EXPECT_EQ(shown(data, lengths), shown(data, lengths)) << "a batch may be asked for again";
}

TEST(Samples, AClassForEachStep) {
    Tracked data{5, Tracked::Target::each_step};
    for (const int steps : {2, 4}) {
        std::vector<double> x;
        std::vector<int> y;
        for (int t = 0; t < steps; ++t) {
            for (int row = 0; row < 3; ++row) x.push_back(steps + 0.1 * t + 0.01 * row);
            y.push_back(10 * steps + t);
        }
        data.add(x, y);
    }
    const auto [inputs, target, carry, part] = data.at(0);
    const auto& x = std::get<0>(inputs);
    EXPECT_EQ(x.extent, target.extent);
    ASSERT_EQ(x.extent.steps, 4);
    ASSERT_EQ(x.extent.batch, 2);
    EXPECT_EQ(std::vector<int>(target.extent.lengths, target.extent.lengths + 2), (std::vector{4, 2}));
    for (int t = 0; t < 4; ++t) {
        EXPECT_EQ(target.value[2 * t], 40 + t);
        EXPECT_EQ(target.value[2 * t + 1], t < 2 ? 20 + t : 0);
        for (int row = 0; row < 3; ++row) {
            EXPECT_EQ(x.value[(2 * t) * 3 + row], 4 + 0.1 * t + 0.01 * row);
            EXPECT_EQ(x.value[(2 * t + 1) * 3 + row], t < 2 ? 2 + 0.1 * t + 0.01 * row : 0);
        }
    }
}

/// Many lengths, some of them often.
std::vector<int> many_lengths(int count) {
    std::vector<int> all(std::size_t(count), 0);
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = 1 + int(RandomStream{Seed{4}, Purpose::user}.wide(k) % 33);
    return all;
}

/// How many steps of an epoch are padding.
int padding(const std::vector<std::vector<int>>& batches, const std::vector<int>& of) {
    int sum = 0;
    for (const auto& batch : batches)
        for (const int sample : batch) sum += of[std::size_t(batch.front())] - of[std::size_t(sample)];
    return sum;
}

TEST(Samples, ATargetOfOneNumber) {
    using Classes = Samples<float, 2, int, 1>;
    Classes one{3, Classes::Target::each_sequence}, same = one;
    for (int k = 0; k < 3; ++k) {
        const std::vector<float> input{float(k), 1};
        one.add(input, k);
        same.add(input, std::vector<int>{k});
    }
    for (int b = 0; b < 3; ++b) EXPECT_EQ(one.at(0).target.value[b], same.at(0).target.value[b]);
    Classes steps{3, Classes::Target::each_step};
    steps.add(std::vector<float>{1, 2}, 1);
    expect_argument(
        [&] { steps.add(std::vector<float>{1, 2, 3, 4}, 1); },
        "rondo::Samples: sample 1: expected 2 numbers per step and 2 of the target (each_step), got 4 and 1");
    Samples<float, 1, float, 1> numbers{1, Samples<float, 1, float, 1>::Target::each_sequence};
    numbers.add(std::vector<float>{1}, 0.5f);
    EXPECT_EQ(numbers.at(0).target.value[0], 0.5f);
}

TEST(Samples, GroupedByLengthAreAllShownWithLessPadding) {
    const auto of = many_lengths(203);
    std::vector<int> all(of.size());
    std::iota(all.begin(), all.end(), 0);
    for (const int batch : {1, 3, 5, 20, 203, 500})
        for (const int pool : {1, 2, 3, 1000, std::numeric_limits<int>::max()}) {
            Labelled plain = labelled(of, batch), grouped = plain;
            grouped.group_by_length(pool);
            EXPECT_EQ(shown(grouped, of), shown(plain, of)) << "before an epoch: their own order";
            int before = 0, after = 0;
            for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
                plain.begin_epoch(Seed{5}, epoch);
                grouped.begin_epoch(Seed{5}, epoch);
                before += padding(shown(plain, of), of);
                const auto batches = shown(grouped, of);
                after += padding(batches, of);
                EXPECT_EQ(sorted(batches), all);
                ASSERT_EQ(batches.size(), grouped.count());
                for (std::size_t k = 0; k + 1 < batches.size(); ++k) EXPECT_EQ(int(batches[k].size()), batch);
                EXPECT_EQ(int(batches.back().size()), 203 - batch * (int(batches.size()) - 1)) << "it stays last";
            }
            if (batch == 1 || batch >= 203 || pool == 1) {
                EXPECT_EQ(after, before);
            } else {
                EXPECT_LT(after, before * 4 / 5);
                EXPECT_LT(after, pool < 1000 ? before : before / 5);
            }
        }
}

TEST(Samples, GroupedByLengthPoolsAreSorted) {
    const auto of = many_lengths(100);
    Labelled data = labelled(of, 5);
    data.group_by_length(1000);
    data.begin_epoch(Seed{1}, 0);
    auto batches = shown(data, of);
    std::vector<std::vector<int>> of_batches;
    for (const auto& batch : batches) {
        of_batches.emplace_back();
        for (const int sample : batch) of_batches.back().push_back(of[std::size_t(sample)]);
    }
    EXPECT_FALSE(std::ranges::is_sorted(of_batches)) << "whole batches are shuffled";
    std::ranges::sort(of_batches);
    for (std::size_t k = 1; k < of_batches.size(); ++k)
        EXPECT_LE(of_batches[k - 1].front(), of_batches[k].back()) << "the longest, the shortest of the next";
}

TEST(Samples, GroupedByLengthDifferFromEpochToEpoch) {
    const auto many = many_lengths(103);
    const std::vector<int> equal(103, 3);
    for (const auto& of : {many, equal})
        for (const int pool : {1, 3, 1000}) {
            Labelled data = labelled(of, 5), other = data;
            data.group_by_length(pool);
            other.group_by_length(pool);
            std::set<std::vector<std::vector<int>>> orders;
            std::set<std::set<int>> batches, last;
            for (std::int64_t epoch = 0; epoch < 8; ++epoch) {
                data.begin_epoch(Seed{1}, epoch);
                const auto order = shown(data, of);
                orders.insert(order);
                for (const auto& batch : order) batches.insert({batch.begin(), batch.end()});
                last.insert({order.back().begin(), order.back().end()});
            }
            EXPECT_EQ(orders.size(), 8u);
            EXPECT_GT(batches.size(), 4 * data.count()) << "not only their order";
            EXPECT_GT(last.size(), 4u) << "what the smaller one holds, too";
            other.begin_epoch(Seed{1}, 7);
            EXPECT_EQ(shown(other, of), shown(data, of));
            other.begin_epoch(Seed{2}, 7);
            EXPECT_NE(shown(other, of), shown(data, of));
        }
}

TEST(Samples, GroupedByLengthNoMore) {
    Labelled data = labelled(lengths, 3), plain = data;
    data.group_by_length(2);
    data.begin_epoch(Seed{1}, 0);
    data.group_by_length(0);
    for (const std::int64_t epoch : {1, 2}) {
        data.begin_epoch(Seed{1}, epoch);
        plain.begin_epoch(Seed{1}, epoch);
        EXPECT_EQ(shown(data, lengths), shown(plain, lengths));
    }
    expect_argument([&] { data.group_by_length(-1); },
                    "rondo::Samples: group_by_length: expected 0 (off) or more batches, got -1");
}

TEST(Samples, RefusesWhatDoesNotFit) {
    const double x[7]{};
    const int y[3]{};
    const float z[2]{};
    Tracked steps{5, Tracked::Target::each_step};
    steps.add({x, 6}, {y, 2});
    const std::span<const double> seven{x, 7}, six{x, 6};
    expect_argument(
        [&] { steps.add(seven, {y, 2}); },
        "rondo::Samples: sample 1: expected 3 numbers per step and 2 of the target (each_step), got 7 and 2");
    expect_argument(
        [&] { steps.add(six, {y, 3}); },
        "rondo::Samples: sample 1: expected 3 numbers per step and 2 of the target (each_step), got 6 and 3");
    expect_argument([&] { steps.add(std::span<const double>{}, std::span<const int>{}); },
                    "rondo::Samples: sample 1: expected one step or more, got none");
    EXPECT_EQ(steps.size(), 1u);
    EXPECT_EQ(std::get<0>(steps.at(0).inputs).extent, (Extent{2, 1})) << "what was refused left nothing behind";

    Labelled whole{5, Labelled::Target::each_sequence};
    expect_argument(
        [&] { whole.add(y, {z, 1}); },
        "rondo::Samples: sample 0: expected 1 numbers per step and 2 of the target (each_sequence), got 3 and 1");
    expect_argument([&] { whole.add(std::span<const int>{}, z); },
                    "rondo::Samples: sample 0: expected one step or more, got none");
    expect_argument([&] { (void)whole.count(); }, "rondo::Samples: expected one sample or more, got none");
    expect_argument([] { Labelled(0, Labelled::Target::each_step); },
                    "rondo::Samples: batch: expected 1 or more, got 0");
}

} // namespace samples_test
