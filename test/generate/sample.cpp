// SPDX-License-Identifier: MIT
#include <rondo/generate/sample.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace {

volatile std::size_t allocations = 0; // a compiler may take operator new to change nothing that it can see

} // namespace

// Not inlined: g++ would see malloc and delete, or new and free, as a mismatched pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
    allocations = allocations + 1;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using rondo::Candidate;
using rondo::Error;
using rondo::Sampler;
using rondo::Sampling;
using rondo::Seed;

constexpr double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
constexpr double almost_one = 1 - 0x1p-53;

int sample(const std::vector<double>& logits, const Sampling& sampling, double uniform) {
    std::vector<Candidate> scratch(logits.size());
    return rondo::sample(logits, sampling, uniform, scratch);
}

TEST(Sample, InvertsTheCumulatedProbabilities) {
    const std::vector<double> equal(4, -7.0);
    const double bounds[] = {0, 0.25, 0.5, 0.75, 1};
    for (int token = 0; token < 4; ++token) {
        EXPECT_EQ(sample(equal, {}, bounds[token]), token);
        EXPECT_EQ(sample(equal, {}, std::nextafter(bounds[token + 1], 0)), token);
    }
    EXPECT_EQ(sample(equal, {.top_k = 2}, 0.5), 1);
    EXPECT_EQ(sample(equal, {.top_p = 0.5}, std::nextafter(0.5, 0)), 0);
}

TEST(Sample, NeverChoosesAForbiddenToken) {
    for (const Sampling& sampling : {Sampling{}, Sampling{.top_k = 4}, Sampling{.top_p = 0.999999999},
                                     Sampling{.temperature = 0}, Sampling{.temperature = 1e308}})
        for (double uniform : {0.0, 0.3, 0.5, 0.9, almost_one}) {
            const int token = sample({-infinity, 0.1, -infinity, 0.1, -infinity, -infinity}, sampling, uniform);
            EXPECT_TRUE(token == 1 || token == 3) << token;
        }
    for (std::uint64_t example = 0; example < 300; ++example) {
        const rondo::RandomStream draw{Seed{6}, rondo::Purpose::user, example};
        std::vector<double> logits(2 + draw(0, 1) % 300);
        for (std::size_t k = 0; k + 1 < logits.size(); ++k) logits[k] = draw.normal(k);
        logits.back() = -infinity;
        EXPECT_EQ(sample(logits, {}, almost_one), static_cast<int>(logits.size()) - 2);
    }
}

TEST(Sample, AtTemperatureZeroIsGreedy) {
    for (double uniform : {0.0, 0.5, almost_one}) {
        EXPECT_EQ(sample({1, 3, 2, 3}, {.temperature = 0}, uniform), 1);
        EXPECT_EQ(sample({1, 3, 2, 3.001}, {.temperature = 1e-6}, uniform), 3);
        EXPECT_EQ(sample({1, 3, 2, 3}, {.top_k = 1}, uniform), 1);
    }
}

TEST(Sample, ATopKOfTheWholeVocabularyChangesNothing) {
    for (double uniform = 0; uniform < 1; uniform += 0.01)
        EXPECT_EQ(sample({0, 2, 1, 2, -1}, {.top_k = 5}, uniform), sample({0, 2, 1, 2, -1}, {}, uniform));
}

TEST(Sample, NamesWhatIsWrong) {
    std::array<Candidate, 2> scratch;
    const auto error_of = [&](const std::vector<double>& logits, const Sampling& sampling, double uniform) {
        Error error;
        EXPECT_EQ(rondo::sample(logits, sampling, uniform, scratch, error), -1);
        EXPECT_THROW(rondo::sample(logits, sampling, uniform, scratch), rondo::Failure);
        return error;
    };
    using Kind = Error::Kind;
    EXPECT_EQ(error_of({1, 2}, {}, 1), (Error{Kind::argument, "uniform: expected a number in [0, 1), got 1"}));
    EXPECT_EQ(error_of({1, 2}, {}, -0.25), (Error{Kind::argument, "uniform: expected a number in [0, 1), got -0.25"}));
    EXPECT_EQ(error_of({1, 2}, {}, nan), (Error{Kind::argument, "uniform: expected a number in [0, 1), got nan"}));
    EXPECT_EQ(error_of({1, nan}, {}, 0.5),
              (Error{Kind::not_finite, "logits: expected a finite number or -inf at index 1, got nan"}));
    EXPECT_EQ(error_of({1, 2}, {.top_k = -3}, 0.5), (Error{Kind::argument, "top_k: expected 0 (off) or more, got -3"}));
    EXPECT_EQ(error_of({1, 2, 3}, {}, 0.5), (Error{Kind::argument, "scratch: expected room for 3 candidates, got 2"}));
}

// The counts of many draws lie within five standard errors of the probabilities, each and all together.
void expect_shares(const std::vector<float>& logits, const Sampling& sampling, const std::vector<double>& expected) {
    constexpr int n = 40000;
    std::vector<int> counts(logits.size());
    Sampler sampler{logits.size(), sampling, Seed{20}};
    for (int k = 0; k < n; ++k) ++counts[static_cast<std::size_t>(sampler(logits))];
    double distance = 0;
    int free = -1;
    for (std::size_t token = 0; token < logits.size(); ++token) {
        const double mean = n * expected[token];
        EXPECT_NEAR(counts[token], mean, 5 * std::sqrt(mean * (1 - expected[token]))) << "token " << token;
        if (mean == 0) continue;
        distance += (counts[token] - mean) * (counts[token] - mean) / mean;
        ++free;
    }
    EXPECT_LT(distance, free + 5 * std::sqrt(2.0 * free));
}

TEST(Sampler, DrawsTokensAsOftenAsTheirProbabilitiesSay) {
    const auto log = [](double share) { return static_cast<float>(std::log(share)); };
    const std::vector<float> logits{log(1), log(4), log(2), log(8), log(1)};
    expect_shares(logits, {}, {1.0 / 16, 4.0 / 16, 2.0 / 16, 8.0 / 16, 1.0 / 16});
    expect_shares(logits, {.temperature = 0.5}, {1.0 / 86, 16.0 / 86, 4.0 / 86, 64.0 / 86, 1.0 / 86});
    expect_shares(logits, {.top_k = 3}, {0, 4.0 / 14, 2.0 / 14, 8.0 / 14, 0});
    expect_shares(logits, {.top_p = 0.7}, {0, 4.0 / 12, 0, 8.0 / 12, 0});
    expect_shares(logits, {.top_k = 4, .top_p = 0.9}, {0, 4.0 / 14, 2.0 / 14, 8.0 / 14, 0});
}

std::vector<int> tokens(Sampler& sampler, int count) {
    std::vector<int> result;
    for (int k = 0; k < count; ++k) result.push_back(sampler(std::vector<float>(50, 1.0f)));
    return result;
}

TEST(Sampler, GivesEqualTokensForEqualSeeds) {
    Sampler one{50, {}, Seed{1}}, same{50, {}, Seed{1}}, other{50, {}, Seed{2}};
    const auto expected = tokens(one, 100);
    EXPECT_EQ(tokens(same, 100), expected);
    EXPECT_NE(tokens(other, 100), expected);
}

TEST(Sampler, GoesOnFromACount) {
    Sampler whole{50, {.top_k = 30}, Seed{1}}, first{50, {.top_k = 30}, Seed{1}}, second{50, {.top_k = 30}, Seed{1}};
    const auto expected = tokens(whole, 100);
    auto result = tokens(first, 40);
    EXPECT_EQ(first.count(), 40u);
    second.count(first.count());
    for (int token : tokens(second, 60)) result.push_back(token);
    EXPECT_EQ(result, expected);
    EXPECT_EQ(second.count(), 100u);
}

TEST(Sampler, CountsNoTokenThatFailed) {
    Sampler sampler{2};
    Error error;
    EXPECT_EQ(sampler(std::array{1.0, nan}, error), -1);
    EXPECT_EQ(error.kind, Error::Kind::not_finite);
    EXPECT_THROW(sampler(std::array{-infinity, -infinity}), rondo::Failure);
    EXPECT_THROW(sampler(std::array{1.0, 2.0, 3.0}), rondo::Failure) << "a larger vocabulary";
    EXPECT_EQ(sampler.count(), 0u);
    EXPECT_GE(sampler(std::array{1.0, 2.0}), 0);
    EXPECT_EQ(sampler.count(), 1u);
}

TEST(Sampler, AllocatesNothingWhileItDraws) {
    const std::vector<float> logits{0.5f, 1.5f, -1.0f, 2.0f, 0.0f, 0.25f};
    for (const Sampling& sampling : {Sampling{}, Sampling{.temperature = 0}, Sampling{.top_k = 3},
                                     Sampling{.top_p = 0.8}, Sampling{.top_k = 4, .top_p = 0.8}}) {
        const std::size_t at_first = allocations;
        Sampler sampler{logits.size(), sampling};
        const std::size_t before = allocations;
        EXPECT_EQ(before, at_first + 1) << "the scratch; this shows that allocations are counted";
        int last = -1;
        Error error;
        for (int k = 0; k < 100; ++k) last = sampler(logits, error) + sampler(logits);
        const std::size_t after = allocations;
        EXPECT_EQ(after, before);
        EXPECT_GE(last, 0);
    }
}

static_assert(noexcept(std::declval<Sampler&>()(std::declval<const std::vector<float>&>(), std::declval<Error&>())));

} // namespace
