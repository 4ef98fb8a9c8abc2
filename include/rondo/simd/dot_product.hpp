// SPDX-License-Identifier: MIT
#pragma once

#include "dot_product_avx512.hpp"
#include "dot_product_neon.hpp"
#include "dot_product_plain.hpp"
#include "dot_product_x86.hpp"
#include "level.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

namespace detail {
template <class Level> struct WithoutExact {
    using type = Level;
};
template <class Level> struct WithoutExact<Exact<Level>> {
    using type = Level;
};

template <int width, class Level>
constexpr auto dot_product_of() {
    [[maybe_unused]] constexpr bool native = std::is_same_v<typename WithoutExact<Level>::type, Native>;
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (native && width == 16) return DotProduct16{};
    else
#endif
#if defined(EIGEN_VECTORIZE_AVX)
        if constexpr (native && width == 8)
        return DotProduct8{};
    else
#endif
#if defined(EIGEN_VECTORIZE_SSE2)
        if constexpr (native && width == 4)
        return DotProduct4{};
    else
#endif
#if defined(EIGEN_VECTORIZE_NEON) && defined(__aarch64__)
        if constexpr (native && width == 4)
        return DotProductNEON{};
    else
#endif
        return DotProductPlain<width>{};
}
}

/// Sums of products of int8 in lanes of 32 bits, four products a lane and step, exact: all instruction sets have the
/// same sums. It is selected by the width of a pack of floats.
///
///   sums              a number of 32 bits for each lane
///   inputs(q)         four consecutive inputs, which are the same for all lanes
///   add(s, w, x)      s[lane] + the sum of w[4 lane + k] x[k] over k < 4, with weights and inputs in [-127, 127]
///   offset            is added to each input as it is stored: 128 where an instruction multiplies bytes without sign
///                     by signed ones, else 0. A sum then starts at -offset times the sum of its row's weights.
///   numbers<P>(s)     the sums as a pack of floats
///   quantize(x, f, q) stores x f + offset, x f rounded to nearest, ties to even, and clamped to [-127, 127];
///                     what NaN becomes is not specified
template <int width, class Level>
using DotProduct = decltype(detail::dot_product_of<width, Level>());

} // namespace rondo::simd
