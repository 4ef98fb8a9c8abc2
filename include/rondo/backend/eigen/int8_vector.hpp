// SPDX-License-Identifier: MIT
#pragma once

#include "../../simd/pack.hpp"
#include "../../simd/tail.hpp"

#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::eigen {

/// The first bytes of a kernel's weights in int8: the ranges of what it multiplies. An element x is quantized to
/// x 127 / range, rounded and clamped to [-127, 127]; a range of zero stands for the largest magnitude of each step.
struct Int8Ranges {
    float x = 0, h = 0, q = 0; // inputs, states, and what gates after the reset read
};
inline constexpr std::size_t int8_header = 64; // bytes, so that weights are aligned

/// A vector as products with rows of int8 read it: elements = scale * (values - offset), about.
template <int size, class P, class Dot>
class Int8Vector {
public:
    static constexpr int lanes = P::size, packs = (size + lanes - 1) / lanes;

    /// Reads x; whole: in whole packs, of which the rest is not used.
    template <bool whole = false>
    [[gnu::always_inline]] void set(const float* x, float range) {
        float factor = range > 0 ? 127 / range : 0;
        scale_ = range * (1.f / 127);
        if (range == 0) factor = measure(x);
        if constexpr (lanes % 4 > 0)
            for (int k = packs * lanes; k < count; ++k) values_[k] = 0;
        for (int k = 0; k < size / lanes; ++k)
            Dot::template quantize<P>(P::load(x + k * lanes), factor, values_ + k * lanes);
        if constexpr (size % lanes > 0) {
            constexpr int at = size / lanes * lanes;
            const P rest = whole ? P::load(x + at) : PartialPack<P>{std::size_t(size - at)}.load(x + at);
            Dot::template quantize<P>(rest, factor, values_ + at);
        }
    }
    const std::int8_t* values() const { return values_; }
    float scale() const { return scale_; }

    /// The largest magnitude; NaN if x is not finite.
    [[gnu::always_inline]] static float largest(const float* x) {
        P most(0.f), zero(0.f); // the latter becomes NaN with x
        for (int k = 0; k < size / lanes; ++k) add(P::load(x + k * lanes), most, zero);
        if constexpr (size % lanes > 0) {
            constexpr int at = size / lanes * lanes;
            add(PartialPack<P>{std::size_t(size - at)}.load(x + at), most, zero);
        }
        return math::greatest(most) + math::sum(zero);
    }

private:
    static void add(P x, P& most, P& zero) {
        most = (math::max)(most, (math::max)(x, -x));
        zero = math::fma(x, P(0.f), zero);
    }
    [[gnu::always_inline]] float measure(const float* x) {
        const float range = largest(x);
        scale_ = range < 1e-27f ? 0 : range * (1.f / 127);
        return range >= 1e-27f ? 127 / range : 0; // 0 if NaN, of which the scale is NaN
    }

    static constexpr int count = (packs * lanes + 3) / 4 * 4; // products read four at a time
    alignas(64) std::int8_t values_[std::size_t(count)];
    float scale_;
};

} // namespace rondo::eigen
