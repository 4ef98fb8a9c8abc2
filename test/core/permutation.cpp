// SPDX-License-Identifier: MIT
#include <rondo/core/permutation.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace permutation_test {

using namespace rondo;

std::vector<std::uint64_t> order(std::uint64_t size, std::uint64_t epoch) {
    const Permutation permutation{size, RandomStream{Seed{3}, Purpose::shuffle, epoch}};
    std::vector<std::uint64_t> all;
    for (std::uint64_t k = 0; k < size; ++k) all.push_back(permutation[k]);
    return all;
}

TEST(Permutation, HasEachElementOnce) {
    for (const std::uint64_t size : {1u, 2u, 3u, 4u, 5u, 15u, 16u, 17u, 20u, 33u, 1000u, 4096u, 4097u}) {
        std::vector<bool> seen(size);
        for (const std::uint64_t k : order(size, 0)) {
            ASSERT_LT(k, size);
            EXPECT_FALSE(seen[k]);
            seen[k] = true;
        }
    }
}

TEST(Permutation, IsAnotherOneForEachStream) {
    EXPECT_EQ(order(100, 1), order(100, 1));
    EXPECT_NE(order(100, 1), order(100, 2));
}

TEST(Permutation, LooksRandom) {
    // The mean distance of neighbours is a third of the size for random orders, with a deviation below 1 %.
    const auto all = order(10'000, 5);
    double distance = 0;
    for (std::size_t k = 1; k < all.size(); ++k)
        distance += all[k] > all[k - 1] ? double(all[k] - all[k - 1]) : double(all[k - 1] - all[k]);
    EXPECT_NEAR(distance / 9'999 / 10'000, 1.0 / 3, 0.02);
    // How often an element stays below its place's half: binomial.
    int stays = 0;
    for (std::size_t k = 0; k < 5'000; ++k) stays += all[k] < 5'000;
    EXPECT_NEAR(stays, 2'500, 150);
}

TEST(Permutation, OfLargeSizesIsComputedAtOnce) {
    const std::uint64_t size = std::uint64_t{10} << 30;
    const Permutation permutation{size, RandomStream{Seed{1}, Purpose::shuffle}};
    for (std::uint64_t k = 0; k < 100; ++k) EXPECT_LT(permutation[k * 104'729], size);
}

} // namespace permutation_test
