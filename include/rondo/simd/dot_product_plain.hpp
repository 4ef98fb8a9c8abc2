// SPDX-License-Identifier: MIT
#pragma once

#include "../core/unroll.hpp"
#include "../version.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::simd {

/// x rounded to nearest, ties to even, and clamped to [-127, 127]; NaN becomes 127.
inline std::int8_t to_int8(float x) {
    x = x < 127.f ? x : 127.f;
    x = x > -127.f ? x : -127.f;
    constexpr float magic = 12582912.f; // 1.5 * 2^23: the sum's last bit is worth 1
    return std::int8_t(std::bit_cast<std::int32_t>(x + magic) - std::bit_cast<std::int32_t>(magic));
}

/// DotProduct in plain C++.
template <int width>
struct DotProductPlain {
    struct sums {
        std::int32_t lane[width];
    };
    struct Inputs {
        std::int32_t value[4];
    };
    static constexpr int size = width, offset = 0, registers = 16;

    static sums zero() { return {}; }
    static sums load(const std::int32_t* from) {
        sums s;
        for (int k = 0; k < width; ++k) s.lane[k] = from[k];
        return s;
    }
    static Inputs inputs(const std::int8_t* from) { return {{from[0], from[1], from[2], from[3]}}; }
    static sums add(sums s, const std::int8_t* weights, const Inputs& x) {
        for (int k = 0; k < width; ++k)
            for (int i = 0; i < 4; ++i) s.lane[k] += weights[4 * k + i] * x.value[i];
        return s;
    }
    template <class P>
    static P numbers(const sums& s) {
        static_assert(P::size == width);
        float all[width];
        for (int k = 0; k < width; ++k) all[k] = float(s.lane[k]);
        return P::load(all);
    }
    template <class P>
    static void quantize(P x, float factor, std::int8_t* to) {
        float all[width];
        x.store(all);
        for (int k = 0; k < width; ++k) to[k] = to_int8(all[k] * factor);
    }
};

/// Two times as many lanes as D, where an instruction set has wide registers for floats only.
template <class D, class Split>
struct DotProductPair {
    struct sums {
        typename D::sums low, high;
    };
    using Inputs = typename D::Inputs;
    static constexpr int size = 2 * D::size, offset = D::offset, registers = D::registers / 2;

    [[gnu::always_inline]] static sums zero() { return {D::zero(), D::zero()}; }
    [[gnu::always_inline]] static sums load(const std::int32_t* from) {
        return {D::load(from), D::load(from + D::size)};
    }
    [[gnu::always_inline]] static Inputs inputs(const std::int8_t* from) { return D::inputs(from); }
    [[gnu::always_inline]] static sums add(const sums& s, const std::int8_t* weights, const Inputs& x) {
        return {D::add(s.low, weights, x), D::add(s.high, weights + 4 * D::size, x)};
    }
    template <class P>
    [[gnu::always_inline]] static P numbers(const sums& s) {
        return P::from(Split::join(s.low, s.high));
    }
    template <class P>
    [[gnu::always_inline]] static void quantize(P x, float factor, std::int8_t* to) {
        float all[size];
        x.store(all);
        for (int k = 0; k < size; k += D::size) D::quantize_at(all + k, factor, to + k);
    }
};

} // namespace rondo::simd
