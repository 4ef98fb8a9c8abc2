// SPDX-License-Identifier: MIT
#include <rondo/core/random.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace random_test {

using rondo::PhiloxBlock;
using rondo::Purpose;
using rondo::RandomStream;
using rondo::Seed;

constexpr std::uint32_t all_ones = 0xFFFFFFFF;

// The vectors published with Random123 (kat_vectors, philox4x32, 10 rounds).
static_assert(rondo::philox({}, 0) == PhiloxBlock{{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
static_assert(rondo::philox({{all_ones, all_ones, all_ones, all_ones}}, 0xffffffffffffffff) ==
              PhiloxBlock{{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
static_assert(rondo::philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822) ==
              PhiloxBlock{{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});

static_assert(std::is_trivially_copyable_v<RandomStream> && sizeof(RandomStream) == 8);

TEST(Philox, GivesThePublishedWordsAtRunTimeToo) {
    volatile std::uint32_t first = 0x243f6a88;
    EXPECT_EQ(rondo::philox({{first, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822),
              (PhiloxBlock{{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}));
}

TEST(Philox, EveryInputBitTurnsAboutHalfOfTheOutputBits) {
    const PhiloxBlock counter{{1, 2, 3, 4}};
    const std::uint64_t key = 5;
    const PhiloxBlock before = rondo::philox(counter, key);
    for (int bit = 0; bit < 192; ++bit) {
        PhiloxBlock turned = counter;
        std::uint64_t turned_key = key;
        if (bit < 128) turned.word[bit / 32] ^= 1u << bit % 32;
        else turned_key ^= std::uint64_t{1} << (bit - 128);
        const PhiloxBlock after = rondo::philox(turned, turned_key);
        int changed = 0;
        for (std::size_t lane = 0; lane < 4; ++lane)
            for (std::uint32_t bits = before[lane] ^ after[lane]; bits != 0; bits &= bits - 1) ++changed;
        EXPECT_NEAR(changed, 64, 5 * std::sqrt(32.0)) << "bit " << bit;
    }
}

TEST(RandomStream, IsTwoPhiloxCalls) {
    // Worked out by a separate program in Python.
    constexpr RandomStream draw{Seed{0x123456789abcdef0}, Purpose::dropout, (std::uint64_t{1} << 32) + 5, 7};
    constexpr std::uint64_t unit = (std::uint64_t{1} << 34) + 9;
    static_assert(draw.block(unit / 4, 3, 11) == PhiloxBlock{{0x978f5b1a, 0x74c0fb49, 0xc3bcce62, 0x46f58345}});
    static_assert(draw(unit, 3, 11) == 0x74c0fb49);

    const PhiloxBlock key = rondo::philox({{5, 1, 7, 2}}, 0x123456789abcdef0);
    EXPECT_EQ(draw.block(6, 3, 11), rondo::philox({{6, 3, 11, 0}}, std::uint64_t{key[1]} << 32 | key[0]));
}

TEST(RandomStream, WordsAndWideNumbersAreThoseOfTheirBlock) {
    const RandomStream draw{Seed{7}, Purpose::user};
    for (std::uint64_t unit = 0; unit < 40; ++unit) {
        EXPECT_EQ(draw(unit, 2, 3), draw.block(unit / 4, 2, 3)[unit % 4]);
        EXPECT_EQ(draw.wide(unit, 2, 3), std::uint64_t{draw(2 * unit + 1, 2, 3)} << 32 | draw(2 * unit, 2, 3));
    }
}

TEST(RandomStream, DoesNotDependOnTheOrderOfDrawing) {
    const RandomStream draw{Seed{1}, Purpose::dropout, 4, 2};
    std::vector<std::uint64_t> order(1000);
    std::iota(order.begin(), order.end(), std::uint64_t{0});
    std::vector<std::uint32_t> forward(order.size()), shuffled(order.size());
    std::vector<double> forward_normal(order.size()), shuffled_normal(order.size());
    const auto column = [](std::uint64_t unit) { return static_cast<std::uint32_t>(unit % 7); };
    for (std::uint64_t unit : order) {
        forward[unit] = draw(unit, column(unit));
        forward_normal[unit] = draw.normal(unit, column(unit));
    }
    rondo::shuffle(std::span{order}, RandomStream{Seed{2}, Purpose::user});
    for (std::uint64_t unit : order) {
        shuffled[unit] = RandomStream{Seed{1}, Purpose::dropout, 4, 2}(unit, column(unit));
        shuffled_normal[unit] = draw.normal(unit, column(unit));
    }
    EXPECT_EQ(forward, shuffled);
    EXPECT_EQ(forward_normal, shuffled_normal);
}

TEST(RandomStream, EveryPartOfItsNameMakesAnotherStream) {
    const std::vector<RandomStream> draws{
        RandomStream{Seed{0}, Purpose::user},
        RandomStream{Seed{1}, Purpose::user},
        RandomStream{Seed{std::uint64_t{1} << 32}, Purpose::user},
        RandomStream{Seed{0}, Purpose::initial},
        RandomStream{Seed{0}, Purpose::dropout},
        RandomStream{Seed{0}, Purpose::shuffle},
        RandomStream{Seed{0}, Purpose::sample},
        RandomStream{Seed{0}, Purpose::user, 1},
        RandomStream{Seed{0}, Purpose::user, std::uint64_t{1} << 32},
        RandomStream{Seed{0}, Purpose::user, 0, 1},
    };
    std::set<std::array<std::uint32_t, 4>> seen;
    std::size_t blocks = 0;
    for (const RandomStream& draw : draws)
        for (const std::uint64_t j : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32})
            for (std::uint32_t column : {0u, 1u})
                for (std::uint32_t time : {0u, 1u}) {
                    const PhiloxBlock words = draw.block(j, column, time);
                    seen.insert({words[0], words[1], words[2], words[3]});
                    ++blocks;
                }
    EXPECT_EQ(seen.size(), blocks);
    for (std::size_t a = 0; a < draws.size(); ++a)
        for (std::size_t b = 0; b < draws.size(); ++b) EXPECT_EQ(draws[a] == draws[b], a == b);
}

static_assert(rondo::uniform(std::uint32_t{0}) == 0 && rondo::uniform(std::uint64_t{0}) == 0);
static_assert(rondo::uniform(all_ones) == 1 - 0x1p-24f && rondo::uniform(std::uint32_t{0x100}) == 0x1p-24f);
static_assert(rondo::uniform(~std::uint64_t{0}) == 1 - 0x1p-53 && rondo::uniform(std::uint64_t{0x800}) == 0x1p-53);
static_assert(std::is_same_v<decltype(rondo::uniform(std::uint32_t{})), float>);
static_assert(std::is_same_v<decltype(rondo::uniform(std::uint64_t{})), double>);

// Sums of n numbers and of their squares lie within five standard errors of what is exact.
void expect_moments(const std::vector<double>& numbers, double mean, double variance, double fourth) {
    const auto n = static_cast<double>(numbers.size());
    double sum = 0, squares = 0;
    for (double number : numbers) {
        sum += number - mean;
        squares += (number - mean) * (number - mean);
    }
    EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(variance / n));
    EXPECT_NEAR(squares / n, variance, 5 * std::sqrt((fourth - variance * variance) / n));
}

void expect_uncorrelated(const std::vector<double>& numbers, std::size_t lag, double mean, double variance) {
    double sum = 0;
    for (std::size_t k = lag; k < numbers.size(); ++k) sum += (numbers[k] - mean) * (numbers[k - lag] - mean);
    const auto n = static_cast<double>(numbers.size() - lag);
    EXPECT_NEAR(sum / n / variance, 0, 5 / std::sqrt(n)) << "lag " << lag;
}

TEST(Uniform, HasTheMomentsOfItsDistribution) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const RandomStream draw{Seed{seed}, Purpose::dropout, seed};
        std::vector<double> along_units, along_columns, along_time, wide;
        for (std::uint32_t k = 0; k < 20000; ++k) {
            along_units.push_back(static_cast<double>(rondo::uniform(draw(k))));
            along_columns.push_back(static_cast<double>(rondo::uniform(draw(3, k))));
            along_time.push_back(static_cast<double>(rondo::uniform(draw(2, 5, k))));
            wide.push_back(rondo::uniform(draw.wide(k)));
        }
        for (const auto* numbers : {&along_units, &along_columns, &along_time, &wide}) {
            const auto [least, most] = std::minmax_element(numbers->begin(), numbers->end());
            EXPECT_GE(*least, 0);
            EXPECT_LT(*most, 1);
            expect_moments(*numbers, 0.5, 1.0 / 12, 1.0 / 80);
            for (std::size_t lag : {1u, 2u, 3u, 4u}) expect_uncorrelated(*numbers, lag, 0.5, 1.0 / 12);
        }
    }
}

TEST(Normal, HasTheMomentsOfItsDistribution) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const RandomStream draw{Seed{seed}, Purpose::initial, 0, 9};
        std::vector<double> numbers;
        for (std::uint64_t unit = 0; unit < 40000; ++unit) numbers.push_back(draw.normal(unit));
        expect_moments(numbers, 0, 1, 3);
        for (std::size_t lag : {1u, 2u, 3u, 4u}) expect_uncorrelated(numbers, lag, 0, 1);
        for (double bound : {0.5, 1.0, 2.0, 3.0}) {
            const double inside = std::erf(bound / std::sqrt(2.0)), n = static_cast<double>(numbers.size());
            const auto count =
                std::count_if(numbers.begin(), numbers.end(), [&](double x) { return std::abs(x) < bound; });
            EXPECT_NEAR(static_cast<double>(count) / n, inside, 5 * std::sqrt(inside * (1 - inside) / n)) << bound;
        }
    }
}

TEST(Normal, IsBoxAndMullers) {
    EXPECT_EQ(rondo::normal(all_ones, 0), 0) << "u = 1";
    EXPECT_DOUBLE_EQ(rondo::normal(0, 0), std::sqrt(64 * std::log(2.0))) << "the largest";
    EXPECT_DOUBLE_EQ(rondo::normal(0, 0x80000000), -std::sqrt(64 * std::log(2.0))) << "the smallest";
    EXPECT_NEAR(rondo::normal(0, 0x40000000), 0, 1e-15);

    const RandomStream draw{Seed{3}, Purpose::initial};
    for (std::uint64_t pair = 0; pair < 100; ++pair) {
        const double radius = std::sqrt(-2 * std::log((draw(2 * pair, 1, 2) + 1.0) / 4294967296.0));
        const double angle = 2 * std::acos(-1.0) * draw(2 * pair + 1, 1, 2) / 4294967296.0;
        EXPECT_NEAR(draw.normal(2 * pair, 1, 2), radius * std::cos(angle), 1e-14);
        EXPECT_NEAR(draw.normal(2 * pair + 1, 1, 2), -radius * std::sin(angle), 1e-14);
    }
}

TEST(UniformIndex, IsTheHighHalfOfTheProduct) {
    const RandomStream draw{Seed{11}, Purpose::user};
    for (std::uint64_t k = 0; k < 1000; ++k)
        for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1000}, draw.wide(k, 1),
                                      ~std::uint64_t{0}, ~std::uint64_t{0} - 1, std::uint64_t{1} << 32}) {
            __extension__ using Wide = unsigned __int128;
            const std::uint64_t bits = k == 0 ? 0 : k == 1 ? ~std::uint64_t{0} : draw.wide(k);
            EXPECT_EQ(rondo::uniform_index(bits, n), static_cast<std::uint64_t>(Wide{bits} * n >> 64));
        }
    static_assert(rondo::uniform_index(~std::uint64_t{0}, 6) == 5 && rondo::uniform_index(0, 6) == 0);
}

TEST(UniformIndex, IsEven) {
    const RandomStream draw{Seed{12}, Purpose::user};
    std::array<int, 7> counts{};
    constexpr int n = 70000;
    for (std::uint64_t k = 0; k < n; ++k) ++counts[rondo::uniform_index(draw.wide(k), 7)];
    for (int count : counts) EXPECT_NEAR(count, n / 7, 5 * std::sqrt(n * 6.0 / 49));
}

TEST(Shuffle, IsARepeatablePermutation) {
    for (std::size_t size : {0u, 1u, 2u, 3u, 100u, 1001u}) {
        std::vector<int> straight(size);
        std::iota(straight.begin(), straight.end(), 0);
        auto once = straight, again = straight, other = straight;
        rondo::shuffle(std::span{once}, RandomStream{Seed{5}, Purpose::shuffle, 3});
        rondo::shuffle(std::span{again}, RandomStream{Seed{5}, Purpose::shuffle, 3});
        rondo::shuffle(std::span{other}, RandomStream{Seed{5}, Purpose::shuffle, 4});
        EXPECT_EQ(once, again);
        EXPECT_TRUE(std::is_permutation(once.begin(), once.end(), straight.begin(), straight.end()));
        if (size >= 100) {
            EXPECT_NE(once, straight);
            EXPECT_NE(once, other);
        }
    }
}

TEST(Shuffle, GivesEveryOrderItsShare) {
    std::vector<std::string> orders;
    constexpr int n = 24000;
    for (std::uint64_t epoch = 0; epoch < n; ++epoch) {
        std::string order = "abcd";
        rondo::shuffle(std::span{order}, RandomStream{Seed{8}, Purpose::shuffle, epoch});
        orders.push_back(order);
    }
    const std::set<std::string> kinds{orders.begin(), orders.end()};
    EXPECT_EQ(kinds.size(), 24u);
    for (const std::string& kind : kinds)
        EXPECT_NEAR(static_cast<double>(std::count(orders.begin(), orders.end(), kind)), n / 24.0,
                    5 * std::sqrt(n / 24.0 * 23 / 24));
}

TEST(Shuffle, RunsInConstantExpressionsAndOnFixedSpans) {
    constexpr auto shuffled = [] {
        std::array<int, 5> values{0, 1, 2, 3, 4};
        rondo::shuffle(std::span{values}, RandomStream{Seed{5}, Purpose::shuffle});
        return values;
    }();
    std::vector<int> values{0, 1, 2, 3, 4};
    rondo::shuffle(std::span{values}, RandomStream{Seed{5}, Purpose::shuffle});
    EXPECT_TRUE(std::equal(values.begin(), values.end(), shuffled.begin(), shuffled.end()));
}

} // namespace random_test
