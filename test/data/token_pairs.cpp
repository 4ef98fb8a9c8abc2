// SPDX-License-Identifier: MIT
#include <memory/counted.hpp>

#include <rondo/data/token_pairs.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace token_pairs_test {

using namespace rondo;

static_assert(Batches<TokenPairs>);

constexpr int begin = 1, end = 2, padding = 7;
using Lengths = std::vector<std::pair<int, int>>; // of source and target

/// Pair k's source is 1000 k + 10, 1000 k + 11, ..., its target the same from 1000 k + 500 on.
TokenPairs pairs(const Lengths& lengths, int batch) {
    TokenPairs data{batch, begin, end, padding};
    for (int k = 0; k < int(lengths.size()); ++k) {
        std::vector<int> source(std::size_t(lengths[std::size_t(k)].first), 0);
        std::vector<int> target(std::size_t(lengths[std::size_t(k)].second), 0);
        std::iota(source.begin(), source.end(), 1000 * k + 10);
        std::iota(target.begin(), target.end(), 1000 * k + 500);
        data.add(source, target);
    }
    return data;
}

/// Which pairs an epoch shows, batch by batch; checks every token on the way.
std::vector<std::vector<int>> shown(TokenPairs& data, const Lengths& lengths) {
    std::vector<std::vector<int>> all;
    for (std::size_t k = 0; k < data.count(); ++k) {
        const auto [inputs, target, carry, part] = data.at(k);
        const auto& [source, input] = inputs;
        const Extent &of_source = source.extent, &of_target = input.extent;
        EXPECT_EQ(carry, StatePolicy::none);
        EXPECT_EQ(part.sequences, 0);
        EXPECT_EQ(target.extent, of_target) << "the same lengths, too";
        EXPECT_EQ(of_source.batch, of_target.batch);
        const int width = of_source.batch;
        bool unequal_sources = false, unequal_targets = false;
        all.emplace_back();
        for (int b = 0; b < width; ++b) {
            const int pair = source.value[b] / 1000;
            const auto [first, second] = lengths[std::size_t(pair)];
            all.back().push_back(pair);
            EXPECT_EQ(of_source.length(b), first);
            EXPECT_EQ(of_target.length(b), second + 1);
            EXPECT_LE(of_source.length(b), of_source.length(std::max(b - 1, 0))) << "longest source first";
            unequal_sources |= of_source.length(b) != of_source.length(0);
            unequal_targets |= of_target.length(b) != of_target.length(0);
            for (int t = 0; t < of_source.steps; ++t)
                EXPECT_EQ(source.value[t * width + b], t < first ? 1000 * pair + 10 + t : padding);
            for (int t = 0; t < of_target.steps; ++t) {
                const int token = 1000 * pair + 500 + t;
                EXPECT_EQ(input.value[t * width + b], t == 0 ? begin : t <= second ? token - 1 : padding);
                EXPECT_EQ(target.value[t * width + b], t < second ? token : t == second ? end : padding);
            }
        }
        EXPECT_EQ(of_source.steps, of_source.longest());
        EXPECT_EQ(of_target.steps, of_target.longest());
        EXPECT_EQ(of_source.lengths != nullptr, unequal_sources) << "lengths only where they differ";
        EXPECT_EQ(of_target.lengths != nullptr, unequal_targets);
    }
    return all;
}

std::vector<int> sorted(const std::vector<std::vector<int>>& batches) {
    std::vector<int> all;
    for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
    std::ranges::sort(all);
    return all;
}

Lengths many_lengths(std::size_t count) {
    Lengths all;
    for (std::size_t k = 0; k < count; ++k) {
        const PhiloxBlock words = RandomStream{Seed{4}, Purpose::user}.block(k);
        all.push_back({1 + int(words[0] % 20), int(words[1] % 33)});
    }
    return all;
}

std::vector<int> from_zero_to(std::size_t count) {
    std::vector<int> all(count);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

TEST(TokenPairs, TheDecoderReadsOneTokenBehind) {
    TokenPairs data{3, 8, 9};
    const std::vector<int> one{5}, three{2, 3, 4}, none;
    data.add(one, three);
    data.add(three, none);
    const auto [inputs, target, carry, part] = data.at(0);
    const auto& [source, input] = inputs;
    const auto values = [](const Tokens& x) { return std::vector(x.value, x.value + x.size()); };
    const auto lengths = [](const Tokens& x) {
        return std::vector(x.extent.lengths, x.extent.lengths + x.extent.batch);
    };
    EXPECT_EQ(values(source), (std::vector{2, 5, 3, 0, 4, 0}));
    EXPECT_EQ(values(input), (std::vector{8, 8, 0, 2, 0, 3, 0, 4}));
    EXPECT_EQ(values(target), (std::vector{9, 2, 0, 3, 0, 4, 0, 9}));
    EXPECT_EQ(lengths(source), (std::vector{3, 1}));
    EXPECT_EQ(lengths(input), (std::vector{1, 4}));
    EXPECT_EQ(lengths(target), (std::vector{1, 4}));
}

TEST(TokenPairs, AreEachShownOnceAnEpoch) {
    for (const std::size_t count : {1u, 33u, 100u}) {
        const auto lengths = many_lengths(count);
        for (const int batch : {1, 3, 5, 20, 33})
            for (const int pool : {0, 1, 3, 1000}) {
                TokenPairs data = pairs(lengths, batch);
                EXPECT_EQ(data.size(), count);
                EXPECT_EQ(data.count(), (count + std::size_t(batch) - 1) / std::size_t(batch));
                data.group_by_length(pool);
                EXPECT_EQ(sorted(shown(data, lengths)), from_zero_to(count));
                for (const std::int64_t epoch : {0, 1, 2}) {
                    data.begin_epoch(Seed{7}, epoch);
                    const auto batches = shown(data, lengths);
                    EXPECT_EQ(sorted(batches), from_zero_to(count));
                    for (std::size_t k = 0; k + 1 < batches.size(); ++k) EXPECT_EQ(int(batches[k].size()), batch);
                }
            }
    }
}

TEST(TokenPairs, OrderIsAFunctionOfSeedAndEpoch) {
    const auto lengths = many_lengths(50);
    for (const int pool : {0, 3, 1000}) {
        TokenPairs data = pairs(lengths, 4);
        data.group_by_length(pool);
        TokenPairs other = data;
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
}

TEST(TokenPairs, GroupedByLengthHaveLessPadding) {
    const auto lengths = many_lengths(300);
    TokenPairs data = pairs(lengths, 5);
    std::vector<std::size_t> columns; // of sources, of targets
    for (const int pool : {0, 3, 60}) {
        data.group_by_length(pool);
        data.begin_epoch(Seed{1}, 0);
        columns.resize(columns.size() + 2);
        for (std::size_t k = 0; k < data.count(); ++k) {
            const auto [inputs, target, carry, part] = data.at(k);
            columns.end()[-2] += std::get<0>(inputs).columns();
            columns.back() += target.columns();
        }
    }
    EXPECT_LT(columns[2], columns[0] * 9 / 10) << "in pools of three";
    EXPECT_LT(columns[4], columns[2]) << "in one pool";
    EXPECT_LT(columns[5], columns[1]) << "pairs of equal sources are sorted by target";
}

TEST(TokenPairs, AllocateNothingFromTheSecondEpochOn) {
    const auto lengths = many_lengths(43);
    for (const int pool : {0, 2}) {
        TokenPairs data = pairs(lengths, 5);
        data.group_by_length(pool);
        std::size_t tokens = 0;
        const auto epoch = [&](std::int64_t number) {
            data.begin_epoch(Seed{1}, number);
            for (std::size_t k = 0; k < data.count(); ++k) tokens += data.at(k).target.columns();
        };
        EXPECT_GT(counted::allocations([&] { epoch(0); }), 0u) << "the first takes all";
        EXPECT_EQ(counted::allocations([&] {
                      for (std::int64_t number = 1; number < 10; ++number) epoch(number);
                  }),
                  0u);
        EXPECT_GT(tokens, 0u);
    }
}

TEST(TokenPairs, RefusesWhatDoesNotFit) {
    TokenPairs data{5, begin, end};
    const std::vector<int> some{3, 4}, none;
    expect_argument([&] { (void)data.count(); }, "rondo::TokenPairs: expected one pair or more, got none");
    expect_argument([&] { data.at(0); }, "rondo::TokenPairs: expected one pair or more, got none");
    data.add(some, none);
    expect_argument([&] { data.add(none, some); },
                    "rondo::TokenPairs: pair 1: expected a source of one token or more, got none");
    EXPECT_EQ(data.size(), 1u);
    EXPECT_EQ(data.at(0).target.extent, (Extent{1, 1})) << "what was refused left nothing behind";
    expect_argument([&] { data.at(1); }, "rondo::TokenPairs: expected a batch from 0 to below 1, got 1");
    expect_argument([&] { data.group_by_length(-3); },
                    "rondo::TokenPairs: group_by_length: expected 0 (off) or more batches, got -3");
    expect_argument([] { TokenPairs(0, begin, end); }, "rondo::TokenPairs: batch: expected 1 or more, got 0");
    const auto sentence = [](const char* got) {
        return std::string{"rondo::TokenPairs: begin, end and padding: expected tokens of 0 or more, got "} + got;
    };
    expect_argument([] { TokenPairs(1, -1, 2); }, sentence("-1, 2 and 0"));
    expect_argument([] { TokenPairs(1, 1, -2); }, sentence("1, -2 and 0"));
    expect_argument([] { TokenPairs(1, 1, 2, -3); }, sentence("1, 2 and -3"));
}

} // namespace token_pairs_test
