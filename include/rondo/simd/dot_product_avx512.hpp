// SPDX-License-Identifier: MIT
#pragma once

#include "dot_product_x86.hpp"

#if defined(EIGEN_VECTORIZE_AVX512)

namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

#if !defined(__AVX512BW__)
struct JoinAVX512 {
    static __m512 join(__m256i low, __m256i high) {
        return _mm512_cvtepi32_ps(_mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
    }
};
using DotProduct16 = DotProductPair<DotProduct8, JoinAVX512>;
#else
/// DotProduct of sixteen lanes: by VNNI, or as DotProduct4 does, with a mask for the signs of x.
struct DotProduct16 {
    using sums = __m512i;
#if defined(__AVX512VNNI__)
    static constexpr int offset = 128;
    struct Inputs {
        __m512i value;
    };
#else
    static constexpr int offset = 0;
    struct Inputs {
        __m512i magnitude;
        __mmask64 negative;
    };
#endif
    static constexpr int size = 16, registers = 32;

    [[gnu::always_inline]] static sums zero() { return _mm512_setzero_si512(); }
    [[gnu::always_inline]] static sums load(const std::int32_t* from) { return _mm512_loadu_si512(from); }
    [[gnu::always_inline]] static Inputs inputs(const std::int8_t* from) {
        const __m512i value = _mm512_set1_epi32(detail::four_bytes(from));
#if defined(__AVX512VNNI__)
        return {value};
#else
        return {_mm512_abs_epi8(value), _mm512_movepi8_mask(value)};
#endif
    }
    [[gnu::always_inline]] static sums add(sums s, const std::int8_t* weights, const Inputs& x) {
        const __m512i w = _mm512_loadu_si512(weights);
#if defined(__AVX512VNNI__)
        return _mm512_dpbusd_epi32(s, x.value, w);
#else
        const __m512i with_sign = _mm512_mask_sub_epi8(w, x.negative, _mm512_setzero_si512(), w);
        const __m512i products = _mm512_maddubs_epi16(x.magnitude, with_sign);
        return _mm512_add_epi32(s, _mm512_madd_epi16(products, _mm512_set1_epi16(1)));
#endif
    }
    template <class P>
    [[gnu::always_inline]] static P numbers(sums s) {
        return P::from(_mm512_cvtepi32_ps(s));
    }
    template <class P>
    [[gnu::always_inline]] static void quantize(P x, float factor, std::int8_t* to) {
        const __m512 bound = _mm512_set1_ps(127.f),
                     y = _mm512_min_ps(_mm512_mul_ps(x.v, _mm512_set1_ps(factor)), bound);
        __m128i q = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(_mm512_max_ps(y, _mm512_set1_ps(-127.f))));
        if constexpr (offset > 0) q = _mm_xor_si128(q, _mm_set1_epi8(-128));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to), q);
    }
};
#endif

} // namespace rondo::simd
#endif
