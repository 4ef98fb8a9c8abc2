// SPDX-License-Identifier: MIT
// Sums of products of int8 are exact by every kernel, of this instruction set and in plain C++.
#include <rondo/backend/eigen/int8_rows.hpp>
#include <rondo/core/int8.hpp>
#include <rondo/core/random.hpp>
#include <rondo/simd/dot_product.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace dot_product_test {

using namespace rondo;

/// An instruction that multiplies bytes without sign by signed ones, as VNNI has it, in plain C++.
template <int width>
struct Unsigned : simd::DotProductPlain<width> {
    using Plain = simd::DotProductPlain<width>;
    using typename Plain::Inputs, typename Plain::sums;
    static constexpr int offset = 128;
    static Inputs inputs(const std::int8_t* from) {
        Inputs x;
        for (int k = 0; k < 4; ++k) x.value[k] = std::uint8_t(from[k]);
        return x;
    }
    template <class P>
    static void quantize(P x, float factor, std::int8_t* to) {
        Plain::template quantize<P>(x, factor, to);
        for (int k = 0; k < width; ++k) to[k] = std::int8_t(std::uint8_t(to[k]) ^ 0x80);
    }
};

std::vector<float> numbers(std::size_t count, std::uint64_t seed, bool extreme) {
    std::vector<float> all(count);
    const RandomStream draw{Seed{seed}, Purpose::user};
    for (std::size_t k = 0; k < count; ++k) {
        all[k] = extreme ? (draw(k) % 2 == 0 ? 127.f : -127.f) : float(int(draw(k) % 255) - 127);
        if (extreme && seed % 2 == 0) all[k] = 127;
    }
    return all;
}

constexpr int most = 2; // packs

/// The sums of rows of W with x, both integers, against sums of 64 bits.
template <int inner, class P, class Dot>
void expect_exact(std::uint64_t seed, bool extreme) {
    using Rows = eigen::Int8Rows<inner, P, Dot>;
    constexpr int rows = most * P::size - 1; // a rest
    auto w = numbers(std::size_t(rows * inner), seed, extreme);
    for (std::size_t k = 0; k < w.size(); k += std::size_t(inner)) w[k] = 127; // of the largest magnitude: scales are 1
    const auto x = numbers(std::size_t(inner), seed + 100, extreme);
    alignas(64) std::byte packed[Rows::size(most)];
    EXPECT_EQ(Rows::pack(packed, w, most, [&](int i) { return i < rows ? i : -1; }), packed + sizeof packed);
    typename Rows::Vector vector;
    vector.set(x.data(), 127);
    typename Dot::sums sums[most];
    Rows::template sums<most>(sums, packed, vector);
    float got[most * P::size];
    std::int32_t exact[most * P::size];
    static_assert(sizeof sums == sizeof exact);
    std::memcpy(exact, sums, sizeof exact);
    for (int k = 0; k < most; ++k) Dot::template numbers<P>(sums[k]).store(got + k * P::size);
    for (int at = 0; at < most * P::size; ++at) {
        std::int64_t expected = 0;
        for (int k = 0; k < inner && at < rows; ++k)
            expected += std::int64_t(w[std::size_t(at * inner + k)]) * std::int64_t(x[std::size_t(k)]);
        ASSERT_EQ(exact[at], expected) << "row " << at << ", inner " << inner;
        ASSERT_EQ(got[at], float(expected));
        ASSERT_EQ(reinterpret_cast<const float*>(packed)[at], at < rows ? 1.f : 0.f);
    }
}
template <class P, class Dot>
void expect_exact() {
    static_assert(Dot::size == P::size);
    for (std::uint64_t seed = 1; seed < 5; ++seed)
        for (const bool extreme : {false, true}) {
            expect_exact<1, P, Dot>(seed, extreme);
            expect_exact<3, P, Dot>(seed, extreme);
            expect_exact<5, P, Dot>(seed, extreme);
            expect_exact<20, P, Dot>(seed, extreme);
            expect_exact<33, P, Dot>(seed, extreme);
            expect_exact<1024, P, Dot>(seed, extreme);
        }
}

/// x, quantized, is that of plain C++.
template <class P, class Dot>
void expect_rounded() {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    std::vector<float> x{0,     0.5f,   1.5f,     2.5f,     -0.5f,     -1.5f,  -2.5f, 126.5f, 127.f, -127.f, 127.49f,
                         300.f, -300.f, 3.49999f, 3.50001f, -3.50001f, 1e-30f, inf,   -inf,   nan,   -0.f,   1e30f};
    while (x.size() % std::size_t(P::size) > 0) x.push_back(0.4999f);
    for (std::size_t k = 0; k < x.size(); k += std::size_t(P::size)) {
        std::int8_t got[P::size];
        Dot::template quantize<P>(P::load(x.data() + k), 1, got);
        for (std::size_t i = 0; i < std::size_t(P::size); ++i) {
            const int value = Dot::offset > 0 ? std::uint8_t(got[i]) - Dot::offset : got[i];
            const float clamped = x[k + i] > 127 || std::isnan(x[k + i]) ? 127 : x[k + i] < -127 ? -127 : x[k + i];
            EXPECT_EQ(value, int(std::nearbyint(clamped))) << x[k + i];
        }
    }
}

template <int width>
void expect_all() {
    constexpr int widest = Eigen::internal::packet_traits<float>::size;
    if constexpr (width <= widest && (width > 1 || widest == 1)) {
        using P = Pack<float, width>;
        using Native = simd::DotProduct<width, simd::Native>;
        constexpr bool plain = std::is_same_v<Native, simd::DotProductPlain<width>>;
        EXPECT_EQ(plain, (width < 4 || std::is_same_v<simd::Native, simd::Other>)) << width;
        expect_exact<P, Native>();
        expect_exact<P, simd::DotProductPlain<width>>();
        expect_exact<P, Unsigned<width>>();
        expect_rounded<P, Native>();
        expect_rounded<P, simd::DotProductPlain<width>>();
        expect_rounded<P, Unsigned<width>>();
    }
}

TEST(DotProduct, IsExact) {
    expect_all<1>();
    expect_all<4>();
    expect_all<8>();
    expect_all<16>();
}

TEST(Int8, ScaleOfARowIsThatOfItsProducts) {
    const RandomStream draw{Seed{3}, Purpose::user};
    for (std::size_t k = 0; k < 10000; ++k) {
        const float largest = float(std::exp(20 * draw.normal(k)));
        const float scale = int8::scale_of(largest), product = 127 * scale;
        if (!std::isfinite(largest) || largest < 1e-30f) continue;
        ASSERT_GE(scale, largest / 127);
        ASSERT_LE(scale, largest / 127 * 1.00002f);
        ASSERT_EQ(int8::of(largest, scale), 127) << largest;
        ASSERT_EQ(int8::scale_of(product), scale) << largest;
        for (const int q : {0, 1, 63, 126, -127}) {
            ASSERT_EQ(double(float(q) * scale), double(q) * double(scale)) << "no rounding";
            ASSERT_EQ(int8::of(float(q) * scale, scale), q);
        }
    }
    EXPECT_EQ(int8::scale_of(0), 1);
    EXPECT_EQ(int8::scale_of(1e-38f), 1);
    EXPECT_EQ(int8::of(1e-38f, 1), 0);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        EXPECT_TRUE(std::isnan(int8::scale_of(bad)));
        EXPECT_EQ(int8::of(bad, int8::scale_of(bad)), 0);
    }
    EXPECT_FALSE(int8::stored(3, 100));
    EXPECT_FALSE(int8::stored(100, 4));
    EXPECT_TRUE(int8::stored(4, 5));
}

} // namespace dot_product_test
