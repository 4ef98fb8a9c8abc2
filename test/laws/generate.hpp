// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace law {

// The same cases in every run. RC_PARAMS="seed=7 max_success=1000" searches elsewhere and longer; a failure prints the
// RC_PARAMS that repeat it.
inline const int same_cases = ::setenv("RC_PARAMS", "seed=1 max_success=60", 0);

/// One law, tried on many cases.
template <class F>
void holds(const char* law, F&& f) {
    if (!rc::check(law, f)) ADD_FAILURE() << law;
}

/// An integer from low to below high, any from the first case on: RapidCheck's own ranges grow with the cases.
template <class T>
T any(T low, T high) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high));
}

/// Steps, sequences and a seed for the numbers in them.
struct Size {
    int steps = any(0, 8), batch = any(1, 7);
    std::uint64_t seed = any<std::uint64_t>(0, 1 << 16);

    /// A length for each sequence, in no order, zero included.
    std::vector<int> lengths() const {
        return *rc::gen::resize(
            rc::kNominalSize, rc::gen::container<std::vector<int>>(std::size_t(batch), rc::gen::inRange(0, steps + 1)));
    }
    /// None, or one for each sequence.
    std::vector<int> any_lengths() const { return any(0, 2) == 0 ? lengths() : std::vector<int>{}; }
    std::vector<int> order() const {
        std::vector<int> all(std::size_t(batch), 0);
        for (std::size_t k = 0; k < all.size(); ++k) all[k] = int(k);
        for (std::size_t left = all.size(); left > 1; --left) std::swap(all[left - 1], all[any<std::size_t>(0, left)]);
        return all;
    }
};

} // namespace law
