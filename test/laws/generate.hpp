// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace law {

/// One law, tried on 60 random trials: the same in every run. RC_PARAMS="seed=7 max_success=1000" searches elsewhere
/// and longer; a failure prints the RC_PARAMS that repeat it.
void holds(const char* law, const std::function<void()>& f);

/// An integer (int or std::uint64_t) from low to below high, any from the first case on: RapidCheck's own ranges grow
/// with the cases.
template <class T> T any(T low, T high);

/// Steps, sequences and a seed for the numbers in them.
struct Size {
    int steps = any(0, 8), batch = any(1, 7);
    std::uint64_t seed = any<std::uint64_t>(0, 1 << 16);

    /// A length for each sequence, in no order, zero included.
    std::vector<int> lengths() const;
    /// None, or one for each sequence.
    std::vector<int> any_lengths() const { return any(0, 2) == 0 ? lengths() : std::vector<int>{}; }
    std::vector<int> order() const;
};

} // namespace law
