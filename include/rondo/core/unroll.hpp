// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Calls f(0), ..., f(count - 1), each argument an integral_constant. Unlike a loop with an unroll pragma, it is
/// unrolled before clang decides which arrays to keep in registers.
template <int count, class F>
[[gnu::always_inline]] inline constexpr void unroll(F&& f) {
    [&]<int... k>(std::integer_sequence<int, k...>) __attribute__((always_inline)) {
        (f(std::integral_constant<int, k>{}), ...);
    }(std::make_integer_sequence<int, count>{});
}

} // namespace rondo
