// SPDX-License-Identifier: MIT
#include <rondo/core/memory.hpp>

#include <gtest/gtest.h>

#include <cstdint>

namespace memory_test {

using rondo::Arena;
using rondo::Buffer;
using rondo::padded;

static_assert(padded(0) == 0 && padded(1) == 16 && padded(16) == 16 && padded(17) == 32);

template <class T>
bool aligned(const T* p) {
    return reinterpret_cast<std::uintptr_t>(p) % 64 == 0;
}

TEST(Buffer, BeginsAt64Bytes) {
    for (std::size_t n : {1u, 3u, 17u, 1000u, 100000u}) {
        const Buffer<float> floats(n);
        const Buffer<double> doubles(n);
        EXPECT_TRUE(aligned(floats.data()) && aligned(doubles.data())) << n;
    }
}

TEST(Buffer, IsARegularValue) {
    Buffer<float> a(20, 1.f), b = a;
    EXPECT_EQ(a, b);
    b[3] = 2;
    EXPECT_NE(a, b);
    const float* where = b.data();
    const Buffer<float> moved = std::move(b);
    EXPECT_EQ(moved.data(), where);
}

TEST(Arena, HandsOutAlignedPiecesThatDoNotOverlap) {
    Buffer<double> block(200);
    Arena<double> arena{block.data(), block.size()};
    double* a = arena.take(5);
    double* nothing = arena.take(0);
    double* b = arena.take(16);
    double* c = arena.take(17);
    double* d = arena.take(1);
    EXPECT_EQ(a, block.data());
    EXPECT_EQ(nothing, a + 16);
    EXPECT_EQ(b, a + 16);
    EXPECT_EQ(c, b + 16);
    EXPECT_EQ(d, c + 32);
    for (const double* p : {a, b, c, d}) EXPECT_TRUE(aligned(p));
    EXPECT_EQ(arena.used(), 16u + 16 + 32 + 16);
}

TEST(Arena, CountsWhatDoesNotFit) {
    Buffer<float> block(64);
    Arena<float> arena{block.data(), block.size()}, counting;
    for (std::size_t n : {3u, 0u, 16u, 31u}) {
        float* piece = counting.take(n);
        EXPECT_NE(piece, nullptr);
        EXPECT_TRUE(aligned(piece));
        EXPECT_EQ(arena.take(n) - block.data(), piece - Arena<float>{}.take(0));
    }
    EXPECT_TRUE(arena.fits());
    EXPECT_EQ(arena.left(), 0u);
    EXPECT_FALSE(counting.fits());
    EXPECT_EQ(arena.used(), counting.used());
    arena.take(1);
    EXPECT_FALSE(arena.fits());
    EXPECT_EQ(arena.left(), 0u);
    EXPECT_EQ(arena.used(), 80u);
}

TEST(Arena, KnowsItsPieces) {
    Buffer<double> block(64);
    Arena<double> arena{block.data(), block.size()};
    const double* piece = arena.take(5);
    EXPECT_TRUE(arena.holds(piece) && arena.holds(piece + 4));
    EXPECT_FALSE(arena.holds(block.data() + 16) || arena.holds(nullptr));
}

} // namespace memory_test
