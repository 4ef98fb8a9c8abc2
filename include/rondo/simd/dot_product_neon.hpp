// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <cstring>

#if defined(EIGEN_VECTORIZE_NEON) && defined(__aarch64__)
#include <arm_neon.h>

namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

/// DotProduct of four lanes: by the instructions of FEAT_DotProd, or by products of 16 bits.
struct DotProductNEON {
    using sums = int32x4_t;
    using Inputs = int8x16_t;
    static constexpr int size = 4, offset = 0, registers = 32;

    [[gnu::always_inline]] static sums zero() { return vdupq_n_s32(0); }
    [[gnu::always_inline]] static sums load(const std::int32_t* from) { return vld1q_s32(from); }
    [[gnu::always_inline]] static Inputs inputs(const std::int8_t* from) {
        std::int32_t bytes;
        std::memcpy(&bytes, from, sizeof bytes);
        return vreinterpretq_s8_s32(vdupq_n_s32(bytes));
    }
    [[gnu::always_inline]] static sums add(sums s, const std::int8_t* weights, Inputs x) {
        const int8x16_t w = vld1q_s8(weights);
#if defined(__ARM_FEATURE_DOTPROD)
        return vdotq_s32(s, w, x);
#else
        const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x))),
                        high = vpaddlq_s16(vmull_s8(vget_high_s8(w), vget_high_s8(x)));
        return vaddq_s32(s, vpaddq_s32(low, high));
#endif
    }
    template <class P>
    [[gnu::always_inline]] static P numbers(sums s) {
        return P::from(vcvtq_f32_s32(s));
    }
    template <class P>
    [[gnu::always_inline]] static void quantize(P x, float factor, std::int8_t* to) {
        const float32x4_t bound = vdupq_n_f32(127.f), product = vmulq_n_f32(x.v, factor);
        const float32x4_t y = vbslq_f32(vcltq_f32(product, bound), product, bound); // NaN becomes 127
        const int16x4_t q = vmovn_s32(vcvtnq_s32_f32(vmaxq_f32(y, vdupq_n_f32(-127.f))));
        vst1_lane_s32(reinterpret_cast<std::int32_t*>(to), vreinterpret_s32_s8(vmovn_s16(vcombine_s16(q, q))), 0);
    }
};

} // namespace rondo::simd
#endif
