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
    static constexpr std::size_t first_lane(int pack) { return std::size_t(pack) * std::size_t(lanes); }

    /// Reads x; whole: in whole packs, of which the rest is not used. Of an x that is not finite the scale is NaN, with
    /// a fixed range as without.
    template <bool whole = false>
    [[gnu::always_inline]] void set(const float* x, float range) {
        float factor = range > 0 ? 127 / range : 0;
        scale_ = range * (1.f / 127);
        if (range == 0) factor = measure(x);
        else scale_ += zero(x); // integers have no NaN: results have it by the scale
        if constexpr (lanes % 4 > 0)
            for (int k = packs * lanes; k < count; ++k) values_[k] = 0;
        for (int k = 0; k < size / lanes; ++k)
            Dot::template quantize<P>(P::load(x + first_lane(k)), factor, values_ + first_lane(k));
        if constexpr (size % lanes > 0) {
            constexpr int whole_packs = size / lanes;
            const P rest =
                whole ? P::load(x + first_lane(whole_packs))
                      : PartialPack<P>{std::size_t(size) - first_lane(whole_packs)}.load(x + first_lane(whole_packs));
            Dot::template quantize<P>(rest, factor, values_ + first_lane(whole_packs));
        }
    }
    const std::int8_t* values() const { return values_; }
    float scale() const { return scale_; }

    /// The largest magnitude; NaN if x is not finite.
    [[gnu::always_inline]] static float largest(const float* x) {
        P most(0.f);
        each(x, [&](P some) __attribute__((always_inline)) { most = (math::max)(most, (math::max)(some, -some)); });
        return math::greatest(most) + zero(x);
    }

private:
    /// 0; NaN if x is not finite.
    [[gnu::always_inline]] static float zero(const float* x) {
        P sum(0.f);
        each(x, [&](P some) __attribute__((always_inline)) { sum = math::fma(some, P(0.f), sum); });
        return math::sum(sum);
    }
    /// Calls f(pack) for each pack of x, the last of them with zeros after its end.
    template <class F>
    [[gnu::always_inline]] static void each(const float* x, F&& f) {
        for (int k = 0; k < size / lanes; ++k) f(P::load(x + first_lane(k)));
        if constexpr (size % lanes > 0) {
            constexpr int whole_packs = size / lanes;
            f(PartialPack<P>{std::size_t(size) - first_lane(whole_packs)}.load(x + first_lane(whole_packs)));
        }
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
