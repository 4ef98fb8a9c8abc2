// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/random.hpp>
#include <rondo/core/view.hpp>

#include <support/device.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Numbers in [-1, 1) that float holds exactly.
template <class S>
std::vector<S> numbers(std::size_t n, std::uint32_t stream) {
    const rondo::RandomStream draw{rondo::Seed{1}, rondo::Purpose::user, stream};
    std::vector<S> all;
    for (std::size_t k = 0; k < n; ++k) all.push_back(S(2 * rondo::uniform(draw(k)) - 1));
    return all;
}

/// How far a backend's numbers may be apart from another's, as |a - b| / max(1, |b|).
template <class S>
inline constexpr double allowed = 1e-12;
template <>
inline constexpr double allowed<float> = 1e-5;

template <class S, class T, class U>
void expect_near(const std::vector<T>& got, const std::vector<U>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    double worst = 0;
    std::size_t where = 0;
    for (std::size_t k = 0; k < got.size(); ++k) {
        const double want = double(expected[k]),
                     error = std::abs(double(got[k]) - want) / std::max(1.0, std::abs(want));
        if (!(error <= worst)) worst = error, where = k; // a NaN is the worst
        if (std::isnan(error)) break;
    }
    EXPECT_LE(worst, allowed<S>) << "at " << where << ": " << got[where] << " for " << expected[where];
}
