// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"
#include "dot_product_plain.hpp"

#include <Eigen/Core>

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(EIGEN_VECTORIZE_SSE2)
#include <immintrin.h>

namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

namespace detail {
inline std::int32_t four_bytes(const std::int8_t* from) {
    std::int32_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
}
inline __m128i quantized(__m128 x, float factor) {
    x = _mm_min_ps(_mm_mul_ps(x, _mm_set1_ps(factor)), _mm_set1_ps(127.f)); // NaN becomes 127
    return _mm_cvtps_epi32(_mm_max_ps(x, _mm_set1_ps(-127.f)));
}
}

/// DotProduct of four lanes. Without an instruction for bytes, SSSE3 multiplies |x| by w with the sign of x: the sum of
/// two products is at most 2 * 127 * 127 = 32,258, so that it fits into 16 bits. SSE2 multiplies numbers of 16 bits.
struct DotProduct4 {
    using sums = __m128i;
    struct Inputs {
        __m128i value, magnitude;
    };
#if (defined(__AVX512VL__) && defined(__AVX512VNNI__)) || defined(__AVXVNNI__)
    static constexpr int offset = 128;
#else
    static constexpr int offset = 0;
#endif
    static constexpr int size = 4, registers = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS;

    [[gnu::always_inline]] static sums zero() { return _mm_setzero_si128(); }
    [[gnu::always_inline]] static sums load(const std::int32_t* from) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    }
    [[gnu::always_inline]] static Inputs inputs(const std::int8_t* from) {
        const __m128i value = _mm_set1_epi32(detail::four_bytes(from));
#if defined(__SSSE3__)
        if constexpr (offset > 0) return {value, value};
        else return {value, _mm_abs_epi8(value)};
#else
        return {_mm_srai_epi16(_mm_unpacklo_epi8(value, value), 8), value}; // as numbers of 16 bits
#endif
    }
    [[gnu::always_inline]] static sums add(sums s, const std::int8_t* weights, const Inputs& x) {
        const __m128i w = _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights));
#if defined(__AVX512VL__) && defined(__AVX512VNNI__)
        return _mm_dpbusd_epi32(s, x.value, w);
#elif defined(__AVXVNNI__)
        return _mm_dpbusd_avx_epi32(s, x.value, w);
#elif defined(__SSSE3__)
        const __m128i products = _mm_maddubs_epi16(x.magnitude, _mm_sign_epi8(w, x.value));
        return _mm_add_epi32(s, _mm_madd_epi16(products, _mm_set1_epi16(1)));
#else
        const __m128 low = _mm_castsi128_ps(_mm_madd_epi16(_mm_srai_epi16(_mm_unpacklo_epi8(w, w), 8), x.value)),
                     high = _mm_castsi128_ps(_mm_madd_epi16(_mm_srai_epi16(_mm_unpackhi_epi8(w, w), 8), x.value));
        return _mm_add_epi32(s, _mm_add_epi32(_mm_castps_si128(_mm_shuffle_ps(low, high, 0x88)),
                                              _mm_castps_si128(_mm_shuffle_ps(low, high, 0xdd))));
#endif
    }
    template <class P>
    [[gnu::always_inline]] static P numbers(sums s) {
        return P::from(_mm_cvtepi32_ps(s));
    }
    template <class P>
    [[gnu::always_inline]] static void quantize(P x, float factor, std::int8_t* to) {
        store(x.v, factor, to);
    }
    [[gnu::always_inline]] static void quantize_at(const float* x, float factor, std::int8_t* to) {
        store(_mm_loadu_ps(x), factor, to);
    }

private:
    [[gnu::always_inline]] static void store(__m128 x, float factor, std::int8_t* to) {
        __m128i q = detail::quantized(x, factor);
        q = _mm_packs_epi16(_mm_packs_epi32(q, q), q);
        if constexpr (offset > 0) q = _mm_xor_si128(q, _mm_set1_epi8(-128));
        const std::int32_t bytes = _mm_cvtsi128_si32(q);
        std::memcpy(to, &bytes, sizeof bytes);
    }
};

#if defined(EIGEN_VECTORIZE_AVX) && !defined(EIGEN_VECTORIZE_AVX2)
struct JoinAVX {
    static __m256 join(__m128i low, __m128i high) { return _mm256_cvtepi32_ps(_mm256_set_m128i(high, low)); }
};
using DotProduct8 = DotProductPair<DotProduct4, JoinAVX>;
#elif defined(EIGEN_VECTORIZE_AVX2)
/// DotProduct of eight lanes; see DotProduct4.
struct DotProduct8 {
    using sums = __m256i;
    struct Inputs {
        __m256i value, magnitude;
    };
    static constexpr int offset = DotProduct4::offset, size = 8, registers = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS;

    [[gnu::always_inline]] static sums zero() { return _mm256_setzero_si256(); }
    [[gnu::always_inline]] static sums load(const std::int32_t* from) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    }
    [[gnu::always_inline]] static Inputs inputs(const std::int8_t* from) {
        const __m256i value = _mm256_set1_epi32(detail::four_bytes(from));
        if constexpr (offset > 0) return {value, value};
        else return {value, _mm256_abs_epi8(value)};
    }
    [[gnu::always_inline]] static sums add(sums s, const std::int8_t* weights, const Inputs& x) {
        const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
#if defined(__AVX512VL__) && defined(__AVX512VNNI__)
        return _mm256_dpbusd_epi32(s, x.value, w);
#elif defined(__AVXVNNI__)
        return _mm256_dpbusd_avx_epi32(s, x.value, w);
#else
        const __m256i products = _mm256_maddubs_epi16(x.magnitude, _mm256_sign_epi8(w, x.value));
        return _mm256_add_epi32(s, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
#endif
    }
    template <class P>
    [[gnu::always_inline]] static P numbers(sums s) {
        return P::from(_mm256_cvtepi32_ps(s));
    }
    template <class P>
    [[gnu::always_inline]] static void quantize(P x, float factor, std::int8_t* to) {
        store(x.v, factor, to);
    }
    [[gnu::always_inline]] static void quantize_at(const float* x, float factor, std::int8_t* to) {
        store(_mm256_loadu_ps(x), factor, to);
    }

private:
    [[gnu::always_inline]] static void store(__m256 x, float factor, std::int8_t* to) {
        x = _mm256_min_ps(_mm256_mul_ps(x, _mm256_set1_ps(factor)), _mm256_set1_ps(127.f)); // NaN becomes 127
        const __m256i all = _mm256_cvtps_epi32(_mm256_max_ps(x, _mm256_set1_ps(-127.f)));
        __m128i q = _mm_packs_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
        q = _mm_packs_epi16(q, q);
        if constexpr (offset > 0) q = _mm_xor_si128(q, _mm_set1_epi8(-128));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to), q);
    }
};
#endif

} // namespace rondo::simd
#endif
