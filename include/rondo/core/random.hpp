// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "host_device.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Four words of random bits.
struct PhiloxBlock {
    std::uint32_t word[4]{};

    RONDO_HOST_DEVICE constexpr std::uint32_t operator[](std::size_t lane) const noexcept { return word[lane]; }
    bool operator==(const PhiloxBlock&) const = default;
};

/// Philox 4x32-10: four random words as a pure function of a counter and a key (low half first).
///
///   (c0, c1, c2, c3) <- (hi(B c2) ^ c1 ^ k0, lo(B c2), hi(A c0) ^ c3 ^ k1, lo(A c0))    ten times
///   (k0, k1)         <- (k0 + 0x9E3779B9, k1 + 0xBB67AE85)                              after each
///
/// Source  Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3.
RONDO_HOST_DEVICE constexpr PhiloxBlock philox(PhiloxBlock counter, std::uint64_t key) noexcept {
    auto [c0, c1, c2, c3] = counter.word;
    auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53} * c0, b = std::uint64_t{0xCD9E8D57} * c2;
        c0 = static_cast<std::uint32_t>(b >> 32) ^ c1 ^ k0;
        c1 = static_cast<std::uint32_t>(b);
        c2 = static_cast<std::uint32_t>(a >> 32) ^ c3 ^ k1;
        c3 = static_cast<std::uint32_t>(a);
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    return {{c0, c1, c2, c3}};
}

/// A float in [0, 1), a multiple of 2^-24.
RONDO_HOST_DEVICE constexpr float uniform(std::uint32_t bits) noexcept {
    return static_cast<float>(bits >> 8) * 0x1p-24f;
}

/// A double in [0, 1), a multiple of 2^-53.
RONDO_HOST_DEVICE constexpr double uniform(std::uint64_t bits) noexcept {
    return static_cast<double>(bits >> 11) * 0x1p-53;
}

/// An integer in [0, n), n > 0: floor(bits n / 2^64). The probabilities of any two integers differ by at most 2^-64.
///
/// Source  Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019), section 4, without rejection.
RONDO_HOST_DEVICE constexpr std::uint64_t uniform_index(std::uint64_t bits, std::uint64_t n) noexcept {
    constexpr std::uint64_t low = 0xFFFFFFFF;
    const std::uint64_t carry = (bits >> 32) * (n & low) + ((bits & low) * (n & low) >> 32);
    return (bits >> 32) * (n >> 32) + (carry >> 32) + (((bits & low) * (n >> 32) + (carry & low)) >> 32);
}

/// A number from the standard normal distribution, by Box and Muller.
///
///   u = (radius + 1) 2^-32 in (0, 1],   n = sqrt(-2 ln u) cos(2 pi angle 2^-32)
///
/// Units   none; |n| <= 6.67. A quarter turn of angle (2^30) gives a second number, independent of the first.
/// Source  Box & Muller, "A note on the generation of random normal deviates", Ann. Math. Stat. 29 (1958).
RONDO_HOST_DEVICE inline double normal(std::uint32_t radius, std::uint32_t angle) noexcept {
    const double u = (static_cast<double>(radius) + 1) * 0x1p-32;
    return std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * 0x1p-32 * static_cast<double>(angle));
}

/// The seed of all random numbers of a run.
struct Seed {
    std::uint64_t value = 0;
    bool operator==(const Seed&) const = default;
};

/// The use of a random stream. Its value enters the stream's key, so new ones are appended.
enum class Purpose : std::uint32_t { user, initial, dropout, shuffle, sample };

/// A counter-based stream of random numbers, keyed by seed, purpose, step and layer. Drawing has no side effect, so the
/// order of draws does not matter.
///
///   key     = words 0 and 1 of philox((low(step), high(step), layer, purpose), seed)     (1)
///   block_j = philox((low(j), column, time, high(j)), key)                               (2)
///   word_i  = block_j[i - 4 j],  j = floor(i / 4)                                        (3)
///   wide_i  = word_2i + 2^32 word_(2i + 1)                                               (4)
///
/// Units   a word is 32 random bits; uniform, normal and uniform_index convert words.
class RandomStream {
public:
    RONDO_HOST_DEVICE constexpr RandomStream(Seed seed, Purpose purpose, std::uint64_t step = 0,
                                             std::uint32_t layer = 0) noexcept {
        const PhiloxBlock sub = philox({{static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32),
                                         layer, static_cast<std::uint32_t>(purpose)}},
                                       seed.value);
        key_ = join(sub[0], sub[1]);
    }

    /// Eq. (2): the words of units 4 j to 4 j + 3.
    RONDO_HOST_DEVICE constexpr PhiloxBlock block(std::uint64_t j, std::uint32_t column = 0,
                                                  std::uint32_t time = 0) const noexcept {
        return philox({{static_cast<std::uint32_t>(j), column, time, static_cast<std::uint32_t>(j >> 32)}}, key_);
    }

    /// Eq. (3).
    RONDO_HOST_DEVICE constexpr std::uint32_t operator()(std::uint64_t unit, std::uint32_t column = 0,
                                                         std::uint32_t time = 0) const noexcept {
        return block(unit / 4, column, time)[unit % 4];
    }

    /// Eq. (4).
    RONDO_HOST_DEVICE constexpr std::uint64_t wide(std::uint64_t unit, std::uint32_t column = 0,
                                                   std::uint32_t time = 0) const noexcept {
        const PhiloxBlock words = block(unit / 2, column, time);
        const bool second = unit % 2 == 1;
        return second ? join(words[2], words[3]) : join(words[0], words[1]);
    }

    /// Standard normal; units 2 i and 2 i + 1 have the same radius, and angles a quarter turn apart.
    RONDO_HOST_DEVICE double normal(std::uint64_t unit, std::uint32_t column = 0,
                                    std::uint32_t time = 0) const noexcept {
        const PhiloxBlock words = block(unit / 4, column, time);
        const std::uint32_t turn = unit % 2 == 0 ? 0 : 0x40000000;
        return rondo::normal(words[unit % 4 / 2 * 2], words[unit % 4 / 2 * 2 + 1] + turn);
    }

    bool operator==(const RandomStream&) const = default;

private:
    RONDO_HOST_DEVICE static constexpr std::uint64_t join(std::uint32_t low, std::uint32_t high) noexcept {
        return std::uint64_t{high} << 32 | low;
    }

    std::uint64_t key_ = 0;
};

/// A RandomStream whose step may be read when it is drawn from: a replayed CUDA graph reads the current step from
/// device memory.
class StepRandomStream {
public:
    constexpr StepRandomStream(const RandomStream& draw) noexcept : draw_{draw} {}
    constexpr StepRandomStream(Seed seed, Purpose purpose, const std::uint64_t* step, std::uint32_t layer) noexcept
        : step_{step}, seed_{seed}, purpose_{purpose}, layer_{layer} {}

    RONDO_HOST_DEVICE constexpr RandomStream now() const noexcept {
        return step_ ? RandomStream{seed_, purpose_, *step_, layer_} : draw_;
    }

private:
    RandomStream draw_{Seed{}, Purpose::user};
    const std::uint64_t* step_ = nullptr;
    Seed seed_{};
    Purpose purpose_{};
    std::uint32_t layer_ = 0;
};

/// Permutes `values` at random; every permutation is equally likely, to within the bias of uniform_index.
///
/// Source  Durstenfeld, "Algorithm 235: Random permutation", Comm. ACM 7 (1964).
template <class Value, std::size_t Size>
constexpr void shuffle(std::span<Value, Size> values, RandomStream draw) noexcept(std::is_nothrow_swappable_v<Value>) {
    for (std::size_t left = values.size(); left > 1; --left) {
        using std::swap;
        swap(values[left - 1], values[static_cast<std::size_t>(uniform_index(draw.wide(left - 1), left))]);
    }
}

} // namespace rondo
