// SPDX-License-Identifier: MIT
#include <rondo/generate/candidates.hpp>

#include <rondo/core/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace candidates_test {

using rondo::Candidate;
using rondo::Error;
using rondo::Sampling;

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();

static_assert(rondo::Logits<std::vector<float>> && rondo::Logits<std::array<double, 3>> &&
              rondo::Logits<std::span<const float>> && rondo::Logits<std::span<double, 2>> && rondo::Logits<float[4]>);
static_assert(!rondo::Logits<std::vector<int>> && !rondo::Logits<double> && !rondo::Logits<std::string>);

std::vector<Candidate> candidates(const std::vector<double>& logits, const Sampling& sampling) {
    std::vector<Candidate> scratch(logits.size());
    const auto kept = rondo::candidates(logits, sampling, scratch);
    return {kept.begin(), kept.end()};
}

std::vector<int> tokens(const std::vector<double>& logits, const Sampling& sampling) {
    std::vector<int> result;
    for (const Candidate& candidate : candidates(logits, sampling)) result.push_back(candidate.token);
    return result;
}

using Tokens = std::vector<int>;

TEST(Candidates, AreAllTokensUnlessAsked) {
    const auto kept = candidates({std::log(1.0), std::log(4.0), std::log(2.0), std::log(1.0)}, {});
    ASSERT_EQ(kept.size(), 4u);
    const double expected[] = {0.125, 0.5, 0.25, 0.125};
    for (int token = 0; token < 4; ++token) {
        const auto k = static_cast<std::size_t>(token);
        EXPECT_EQ(kept[k].token, token);
        EXPECT_NEAR(kept[k].probability, expected[k], 1e-15);
    }
}

TEST(Candidates, TemperatureDividesTheLogits) {
    for (double temperature : {0.25, 0.5, 2.0, 10.0}) {
        const auto kept = candidates({1, 3, 2}, {.temperature = temperature});
        const double total = std::exp(1 / temperature) + std::exp(3 / temperature) + std::exp(2 / temperature);
        ASSERT_EQ(kept.size(), 3u);
        EXPECT_NEAR(kept[0].probability, std::exp(1 / temperature) / total, 1e-14);
        EXPECT_NEAR(kept[1].probability, std::exp(3 / temperature) / total, 1e-14);
        EXPECT_NEAR(kept[2].probability, std::exp(2 / temperature) / total, 1e-14);
    }
}

TEST(Candidates, TemperatureHasBothLimits) {
    EXPECT_EQ(candidates({1, 3, 2, 3}, {.temperature = 0}), (std::vector<Candidate>{{1, 1.0}}));
    const auto cold = candidates({1, 3, 2, 3}, {.temperature = std::numeric_limits<double>::denorm_min()});
    EXPECT_EQ(cold, (std::vector<Candidate>{{0, 0}, {1, 0.5}, {2, 0}, {3, 0.5}}));
    const auto hot = candidates({1, 3, -infinity, 3}, {.temperature = std::numeric_limits<double>::max()});
    EXPECT_EQ(hot, (std::vector<Candidate>{{0, 1.0 / 3}, {1, 1.0 / 3}, {2, 0}, {3, 1.0 / 3}}));
}

TEST(Candidates, LogitsOfAnySizeGiveProbabilities) {
    const double most = std::numeric_limits<double>::max();
    EXPECT_EQ(candidates({most, -most, most}, {}), (std::vector<Candidate>{{0, 0.5}, {1, 0}, {2, 0.5}}));
    EXPECT_EQ(candidates({-1e300, -2e300}, {}), (std::vector<Candidate>{{0, 1}, {1, 0}}));
}

TEST(TopK, KeepsTheLargestAndOfEqualsTheFirst) {
    const std::vector<double> logits{1, 5, 3, 5, 3, 3, 0};
    EXPECT_EQ(tokens(logits, {.top_k = 1}), (Tokens{1}));
    EXPECT_EQ(tokens(logits, {.top_k = 2}), (Tokens{1, 3}));
    EXPECT_EQ(tokens(logits, {.top_k = 3}), (Tokens{1, 2, 3}));
    EXPECT_EQ(tokens(logits, {.top_k = 4}), (Tokens{1, 2, 3, 4}));
    EXPECT_EQ(tokens(logits, {.top_k = 6}), (Tokens{0, 1, 2, 3, 4, 5}));
    for (int all : {0, 7, 8, std::numeric_limits<int>::max()})
        EXPECT_EQ(candidates(logits, {.top_k = all}), candidates(logits, {})) << all;
}

TEST(TopK, RanksByLogitEvenWhereProbabilitiesAreEqual) {
    EXPECT_EQ(tokens({1, 2, 3}, {.temperature = 1e300, .top_k = 1}), (Tokens{2}));
    EXPECT_EQ(tokens({-3000, -2000, 0}, {.top_k = 2}), (Tokens{1, 2}));
}

TEST(Nucleus, KeepsTheFewestTokensThatReachItsMass) {
    const std::vector<double> equal(4, 2.5);
    EXPECT_EQ(tokens(equal, {.top_p = 1e-300}), (Tokens{0}));
    EXPECT_EQ(tokens(equal, {.top_p = 0.25}), (Tokens{0})) << "reaching it is enough";
    EXPECT_EQ(tokens(equal, {.top_p = 0.2500001}), (Tokens{0, 1}));
    EXPECT_EQ(tokens(equal, {.top_p = 0.5}), (Tokens{0, 1}));
    EXPECT_EQ(tokens(equal, {.top_p = 0.75}), (Tokens{0, 1, 2}));
    EXPECT_EQ(tokens(equal, {.top_p = 0.9999999}), (Tokens{0, 1, 2, 3}));

    const std::vector<double> logits{std::log(0.1), std::log(0.4), std::log(0.2), std::log(0.3)};
    EXPECT_EQ(tokens(logits, {.top_p = 0.39}), (Tokens{1}));
    EXPECT_EQ(tokens(logits, {.top_p = 0.41}), (Tokens{1, 3}));
    EXPECT_EQ(tokens(logits, {.top_p = 0.69}), (Tokens{1, 3}));
    EXPECT_EQ(tokens(logits, {.top_p = 0.71}), (Tokens{1, 2, 3}));
    EXPECT_EQ(tokens(logits, {.top_p = 0.91}), (Tokens{0, 1, 2, 3}));
    const auto kept = candidates(logits, {.top_p = 0.6});
    ASSERT_EQ(kept.size(), 2u);
    EXPECT_NEAR(kept[0].probability, 4.0 / 7, 1e-15);
    EXPECT_NEAR(kept[1].probability, 3.0 / 7, 1e-15);
}

TEST(Nucleus, IsTakenOfTheTopK) {
    const std::vector<double> equal(8, 0.0);
    EXPECT_EQ(tokens(equal, {.top_k = 4, .top_p = 0.5}), (Tokens{0, 1}));
    EXPECT_EQ(tokens(equal, {.top_k = 0, .top_p = 0.5}), (Tokens{0, 1, 2, 3}));
    EXPECT_EQ(tokens(equal, {.top_k = 8, .top_p = 0.5}), (Tokens{0, 1, 2, 3}));
}

// Eqs. (1) to (4) by sorting everything.
std::vector<Candidate> by_sorting(const std::vector<float>& logits, const Sampling& sampling) {
    std::vector<std::size_t> order(logits.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return logits[a] > logits[b]; });
    const float best = logits[order[0]];
    const auto weight = [&](std::size_t token) {
        return std::exp((static_cast<long double>(logits[token]) - static_cast<long double>(best)) /
                        static_cast<long double>(sampling.temperature));
    };
    if (sampling.top_k > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(sampling.top_k)));
    long double total = 0, mass = 0;
    for (auto token : order) total += weight(token);
    std::size_t kept = 0;
    while (kept < order.size() && (sampling.top_p == 1 || mass < static_cast<long double>(sampling.top_p) * total))
        mass += weight(order[kept++]);
    order.resize(kept);
    std::sort(order.begin(), order.end());
    std::vector<Candidate> result;
    for (auto token : order) result.push_back({static_cast<int>(token), static_cast<double>(weight(token) / mass)});
    return result;
}

TEST(Candidates, AgreeWithSortingEverything) {
    for (std::uint64_t example = 0; example < 500; ++example) {
        const rondo::RandomStream draw{rondo::Seed{2}, rondo::Purpose::user, example};
        std::vector<float> logits(1 + draw(0, 1) % 60);
        for (std::size_t k = 0; k < logits.size(); ++k) {
            logits[k] = static_cast<float>(3 * draw.normal(k));
            if (example % 2 == 1) logits[k] = std::round(logits[k]); // many equal ones
        }
        const Sampling sampling{.temperature = 0.2 + rondo::uniform(draw.wide(1, 1)),
                                .top_k = static_cast<int>(draw(4, 1) % 20),
                                .top_p = example % 3 == 0 ? 1 : 1 - rondo::uniform(draw.wide(3, 1))};
        std::vector<Candidate> scratch(logits.size() + 3);
        const auto kept = rondo::candidates(logits, sampling, scratch);
        const auto expected = by_sorting(logits, sampling);
        ASSERT_EQ(kept.size(), expected.size()) << example;
        for (std::size_t k = 0; k < kept.size(); ++k) {
            EXPECT_EQ(kept[k].token, expected[k].token) << example;
            EXPECT_NEAR(kept[k].probability, expected[k].probability, 1e-13) << example;
        }
    }
}

TEST(Greedy, TakesTheFirstOfTheLargest) {
    EXPECT_EQ(rondo::greedy(std::vector<float>{1, 3, 2, 3}), 1);
    EXPECT_EQ(rondo::greedy(std::array<double, 3>{-infinity, -5, -infinity}), 1);
    EXPECT_EQ(rondo::greedy(std::array{-1.0f}), 0);
    EXPECT_EQ(rondo::greedy(std::array{0.0, -0.0}), 0);
    EXPECT_EQ(rondo::greedy(std::array{-0.0, 0.0}), 0) << "equal";
}

Error greedy_error(const std::vector<double>& logits) {
    Error error;
    EXPECT_EQ(rondo::greedy(logits, error), -1);
    return error;
}

TEST(Greedy, NamesLogitsThatAreNotFinite) {
    using Kind = Error::Kind;
    EXPECT_EQ(greedy_error({1, 2, nan}),
              (Error{Kind::not_finite, "logits: expected a finite number or -inf at index 2, got nan"}));
    EXPECT_EQ(greedy_error({nan, 2, nan}),
              (Error{Kind::not_finite, "logits: expected a finite number or -inf at index 0, got nan"}));
    EXPECT_EQ(greedy_error({1, infinity}),
              (Error{Kind::not_finite, "logits: expected a finite number or -inf at index 1, got inf"}));
    EXPECT_EQ(greedy_error({-infinity, -infinity, -infinity}),
              (Error{Kind::not_finite, "logits: expected a finite number among them, got -inf from index 0 to 2"}));
    EXPECT_EQ(greedy_error({}), (Error{Kind::argument, "logits: expected one for each token, got none"}));
    EXPECT_THROW(rondo::greedy(std::vector<float>{}), rondo::Failure);
}

TEST(Greedy, LeavesTheErrorAloneOnSuccess) {
    Error error{Error::Kind::file, "earlier"};
    EXPECT_EQ(rondo::greedy(std::array{1.0, 2.0}, error), 1);
    EXPECT_EQ(error, (Error{Error::Kind::file, "earlier"}));
}

TEST(Sampling, NamesOptionsOutOfRange) {
    const auto message = [](const Sampling& sampling) {
        std::array<Candidate, 2> scratch;
        Error error;
        EXPECT_TRUE(rondo::candidates(std::array{1.0, 2.0}, sampling, scratch, error).empty());
        EXPECT_EQ(error.kind, Error::Kind::argument);
        EXPECT_EQ(error, sampling.problem());
        EXPECT_THROW(rondo::candidates(std::array{1.0, 2.0}, sampling, scratch), rondo::Failure);
        return error.message;
    };
    EXPECT_EQ(message({.temperature = -0.5}), "temperature: expected a finite number of 0 or more, got -0.5");
    EXPECT_EQ(message({.temperature = nan}), "temperature: expected a finite number of 0 or more, got nan");
    EXPECT_EQ(message({.temperature = infinity}), "temperature: expected a finite number of 0 or more, got inf");
    EXPECT_EQ(message({.top_k = -1}), "top_k: expected 0 (off) or more, got -1");
    EXPECT_EQ(message({.top_p = 0}), "top_p: expected a number in (0, 1], got 0");
    EXPECT_EQ(message({.top_p = 1.5}), "top_p: expected a number in (0, 1], got 1.5");
    EXPECT_EQ(message({.top_p = nan}), "top_p: expected a number in (0, 1], got nan");
    EXPECT_FALSE(Sampling{}.problem());
}

TEST(Candidates, WantRoomForEveryToken) {
    std::array<Candidate, 2> scratch;
    Error error;
    EXPECT_TRUE(rondo::candidates(std::array{1.0, 2.0, 3.0}, {}, scratch, error).empty());
    EXPECT_EQ(error, (Error{Error::Kind::argument, "scratch: expected room for 3 candidates, got 2"}));
    error = {};
    EXPECT_TRUE(rondo::candidates(std::array{1.0, nan}, {}, scratch, error).empty());
    EXPECT_EQ(error.kind, Error::Kind::not_finite);
}

} // namespace candidates_test
