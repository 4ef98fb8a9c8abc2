// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/random.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

/// The largest allowed GradientCheck::error.
inline constexpr double gradient_tolerance = 1e-7;

/// Numbers from the standard normal distribution, the same on every call.
inline std::vector<double> normal_numbers(std::size_t count, std::uint64_t seed = 1) {
    const rondo::RandomStream draw{rondo::Seed{seed}, rondo::Purpose::user};
    std::vector<double> all(count);
    for (std::size_t k = 0; k < count; ++k) all[k] = draw.normal(k);
    return all;
}
/// Integers from 0 to n - 1.
inline std::vector<int> whole_numbers(std::size_t count, int n, std::uint64_t seed = 1) {
    const rondo::RandomStream draw{rondo::Seed{seed}, rondo::Purpose::user};
    std::vector<int> all(count);
    for (std::size_t k = 0; k < count; ++k) all[k] = int(rondo::uniform_index(draw.wide(k), std::uint64_t(n)));
    return all;
}
