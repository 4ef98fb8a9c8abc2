// SPDX-License-Identifier: MIT
#pragma once

#include "functions.hpp"
#include "tail.hpp"

#include <cstddef>
#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

template <class S>
inline constexpr S minus_infinity = -std::numeric_limits<S>::infinity(); // device code calls no constexpr host function

/// The maximum of a column, and the sum of exp(x - maximum).
template <class S>
struct ExpSum {
    S top, sum;
};

/// Calls f(part, k, exp(x_k - maximum)) for each pack of a column of `rows` elements.
template <class P, class S, class F>
RONDO_HOST_DEVICE ExpSum<S> exp_column(const S* x, std::size_t rows, F&& f) {
    constexpr S least = minus_infinity<S>;
    P most(least), sum(S(0));
    for_each_pack<P>(rows,
                     [&](PartialPack<P> part, std::size_t k) { most = (math::max)(part.load(x + k, least), most); });
    const S top = math::greatest(most);
    for_each_pack<P>(rows, [&](PartialPack<P> part, std::size_t k) {
        const P e = math::exp(part.load(x + k, least) - P(top));
        sum = sum + e;
        f(part, k, e);
    });
    return {top, math::sum(sum)};
}

} // namespace rondo::detail
