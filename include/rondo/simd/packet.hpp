// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

#include <Eigen/Core>

/// Operations on Eigen's packets. Under clang, Eigen 3.4 has those of SSE and AVX in assembler, which reads no operand
/// from memory; here they are intrinsics, with the same bits.
namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

/// a b + c.
template <class Packet>
RONDO_HOST_DEVICE Packet multiply_add(const Packet& a, const Packet& b, const Packet& c) {
    return Eigen::internal::pmadd(a, b, c);
}
/// If one operand is NaN, either of the two.
template <class Packet>
RONDO_HOST_DEVICE Packet minimum(const Packet& a, const Packet& b) {
    return Eigen::internal::pmin(a, b);
}
template <class Packet>
RONDO_HOST_DEVICE Packet maximum(const Packet& a, const Packet& b) {
    return Eigen::internal::pmax(a, b);
}

#if defined(__clang__) && defined(EIGEN_VECTORIZE_SSE)
inline __m128 minimum(__m128 a, __m128 b) { return _mm_min_ps(b, a); }
inline __m128 maximum(__m128 a, __m128 b) { return _mm_max_ps(b, a); }
inline __m128d minimum(__m128d a, __m128d b) { return _mm_min_pd(b, a); }
inline __m128d maximum(__m128d a, __m128d b) { return _mm_max_pd(b, a); }
#endif
#if defined(__clang__) && defined(EIGEN_VECTORIZE_AVX)
inline __m256 minimum(__m256 a, __m256 b) { return _mm256_min_ps(b, a); }
inline __m256 maximum(__m256 a, __m256 b) { return _mm256_max_ps(b, a); }
inline __m256d minimum(__m256d a, __m256d b) { return _mm256_min_pd(b, a); }
inline __m256d maximum(__m256d a, __m256d b) { return _mm256_max_pd(b, a); }
#if defined(EIGEN_VECTORIZE_FMA)
inline __m256 multiply_add(__m256 a, __m256 b, __m256 c) { return _mm256_fmadd_ps(a, b, c); }
inline __m256d multiply_add(__m256d a, __m256d b, __m256d c) { return _mm256_fmadd_pd(a, b, c); }
#endif
#endif

} // namespace rondo::simd
