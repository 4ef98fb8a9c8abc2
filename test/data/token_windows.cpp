// SPDX-License-Identifier: MIT
#include <rondo/data/token_windows.hpp>

#include <support/failure.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace token_windows_test {

using namespace rondo;

static_assert(Batches<TokenWindows>);

/// A text whose k-th token is 100 + k, so that a token tells its place.
std::vector<int> text(int size) {
    std::vector<int> tokens(std::size_t(size), 0);
    std::iota(tokens.begin(), tokens.end(), 100);
    return tokens;
}

/// Where each window of an epoch begins, in order; checks every batch on the way.
std::vector<int> places(TokenWindows& windows, int length, int batch) {
    std::vector<int> first;
    for (std::size_t k = 0; k < windows.count(); ++k) {
        const auto [inputs, target, carry, part] = windows.at(k);
        const Tokens& x = std::get<0>(inputs);
        EXPECT_EQ(carry, StatePolicy::none);
        EXPECT_EQ(part.sequences, 0);
        EXPECT_EQ(x.gradient, nullptr);
        EXPECT_EQ(x.extent, target.extent);
        EXPECT_EQ(x.extent, (Extent{length, x.extent.batch}));
        EXPECT_TRUE(k + 1 == windows.count() ? x.extent.batch >= 1 && x.extent.batch <= batch
                                             : x.extent.batch == batch);
        for (int b = 0; b < x.extent.batch; ++b) {
            first.push_back(x.value[b] - 100);
            for (int t = 0; t < length; ++t) {
                EXPECT_EQ(x.value[t * x.extent.batch + b], x.value[b] + t);
                EXPECT_EQ(target.value[t * x.extent.batch + b], x.value[b] + t + 1);
            }
        }
    }
    return first;
}

std::vector<int> from_zero_to(int count) {
    std::vector<int> all(std::size_t(count), 0);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

TEST(TokenWindows, ShowsEveryWindowOncePerEpoch) {
    for (const int length : {1, 3, 5, 20, 33})
        for (const int windows : {1, 3, 5, 20, 33})
            for (const int batch : {1, 3, 5, 20, 33}) {
                const auto tokens = text(windows + length);
                TokenWindows data{tokens, length, batch};
                EXPECT_EQ(data.count(), std::size_t((windows + batch - 1) / batch));
                EXPECT_EQ(places(data, length, batch), from_zero_to(windows)) << "before an epoch: their own order";
                for (const std::int64_t epoch : {0, 1, 2}) {
                    data.begin_epoch(Seed{7}, epoch);
                    auto seen = places(data, length, batch);
                    EXPECT_EQ(seen.size(), std::size_t(windows));
                    std::ranges::sort(seen);
                    EXPECT_EQ(seen, from_zero_to(windows));
                }
            }
}

TEST(TokenWindows, LastBatchHoldsWhatIsLeft) {
    const auto tokens = text(40);
    TokenWindows data{tokens, 7, 5}; // 33 windows
    EXPECT_EQ(data.count(), 7u);
    EXPECT_EQ(data.at(5).target.extent.batch, 5);
    EXPECT_EQ(data.at(6).target.extent.batch, 3);
}

TEST(TokenWindows, OrderIsAFunctionOfSeedAndEpoch) {
    const auto tokens = text(40);
    TokenWindows data{tokens, 7, 5}, other{tokens, 7, 5};
    std::set<std::vector<int>> orders;
    for (const std::uint64_t seed : {0u, 1u})
        for (const std::int64_t epoch : {0, 1, 2, 3}) {
            data.begin_epoch(Seed{seed}, epoch);
            orders.insert(places(data, 7, 5));
        }
    EXPECT_EQ(orders.size(), 8u);
    EXPECT_FALSE(orders.contains(from_zero_to(33)));

    other.begin_epoch(Seed{1}, 3); // the first it sees, the last that `data` saw
    EXPECT_EQ(places(other, 7, 5), places(data, 7, 5));
    EXPECT_EQ(places(data, 7, 5), places(data, 7, 5)) << "a batch may be asked for again";
}

TEST(TokenWindows, RefusesWhatHasNoWindow) {
    const auto tokens = text(33);
    EXPECT_EQ(TokenWindows(tokens, 32, 1).count(), 1u);
    expect_argument([&] { TokenWindows(tokens, 33, 1); },
                    "rondo::TokenWindows: a window of 33 needs a text of 34 tokens or more, got 33");
    expect_argument([] { TokenWindows(std::span<const int>{}, 1, 1); },
                    "rondo::TokenWindows: a window of 1 needs a text of 2 tokens or more, got 0");
    expect_argument([&] { TokenWindows(tokens, 0, 5); },
                    "rondo::TokenWindows: length and batch: expected 1 or more, got 0 and 5");
    expect_argument([&] { TokenWindows(tokens, 3, -1); },
                    "rondo::TokenWindows: length and batch: expected 1 or more, got 3 and -1");
}

TEST(TokenWindows, RefusesABatchBeyondTheLast) {
    const std::vector<int> text(20);
    TokenWindows batches{text, 3, 4};
    const std::size_t count = batches.count();
    expect_argument([&] { batches.at(count); }, "rondo::TokenWindows: expected a batch from 0 to below " +
                                                    std::to_string(count) + ", got " + std::to_string(count));
}

/// Tokens that are computed, as those of a file are read.
struct Computed {
    std::size_t tokens;
    std::size_t size() const { return tokens; }
    void copy(std::size_t first, std::span<int> to) const { std::iota(to.begin(), to.end(), 100 + int(first)); }
};

TEST(TokenWindows, OfASourceAreEachWindowOnceInAnOrderOfTheEpoch) {
    for (const int size : {4, 20, 33, 100}) {
        Computed source{std::size_t(size)};
        TokenWindows windows{source, 3, 5};
        std::set<std::vector<int>> orders;
        for (int epoch = 0; epoch < 3; ++epoch) {
            windows.begin_epoch(Seed{7}, epoch);
            std::vector<int> order = places(windows, 3, 5);
            TokenWindows again{source, 3, 5};
            again.begin_epoch(Seed{7}, epoch);
            EXPECT_EQ(places(again, 3, 5), order);
            EXPECT_TRUE(orders.insert(order).second || size < 20) << "another order in each epoch";
            std::ranges::sort(order);
            std::vector<int> all(std::size_t(size - 3));
            std::iota(all.begin(), all.end(), 0);
            EXPECT_EQ(order, all);
        }
    }
}

TEST(TokenText, IsAPartOfItself) {
    Computed source{20};
    const std::vector<int> same = text(20);
    for (const TokenText& all : {TokenText{source}, TokenText{same}}) {
        const TokenText part = all.part(5, 10).part(2, 3);
        EXPECT_EQ(part.size(), 3u);
        std::vector<int> tokens(3);
        part.copy(0, tokens);
        EXPECT_EQ(tokens, (std::vector{107, 108, 109}));
        expect_argument([&] { (void)part.part(2, 2); },
                        "rondo::TokenText: expected a part of 3 tokens, got 2 from 2 on");
    }
}

} // namespace token_windows_test
