// SPDX-License-Identifier: MIT
#include <rondo/train/clip.hpp>

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/core/random.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace clip_test {

using namespace rondo;

template <class S>
struct Clip : testing::Test {
    EigenBackend<S> backend;

    static Buffer<S> gradient(std::size_t size) {
        Buffer<S> all(padded(size));
        for (std::size_t k = 0; k < size; ++k) all[k] = S(RandomStream{Seed{2}, Purpose::user}.normal(k));
        return all;
    }
    static double norm(const Buffer<S>& g) {
        double sum = 0;
        for (const S value : g) sum += double(value) * double(value);
        return std::sqrt(sum);
    }
    static constexpr double rounding = std::numeric_limits<S>::epsilon();
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Clip, Scalars);

TYPED_TEST(Clip, NormIsTheLimitAtMost) {
    for (const std::size_t size : {1u, 3u, 5u, 20u, 33u}) {
        const auto before = this->gradient(size);
        const double norm = this->norm(before);
        for (const double part : {0.1, 0.5, 0.999}) {
            auto g = before;
            clip_norm(this->backend, g.data(), g.size(), norm, part * norm);
            EXPECT_NEAR(this->norm(g), part * norm * norm / (norm + 1e-6), 4 * this->rounding * norm);
            for (std::size_t k = 0; k < size; ++k)
                EXPECT_NEAR(g[k], before[k] * TypeParam(part * norm / (norm + 1e-6)),
                            this->rounding * std::abs(before[k]));
        }
        for (const double limit : {norm + 1e-6, 2 * norm, 1e300}) {
            auto g = before;
            clip_norm(this->backend, g.data(), g.size(), norm, limit);
            EXPECT_EQ(g, before) << "of a norm below the limit, not a bit";
        }
    }
}

TYPED_TEST(Clip, ZeroStaysZero) {
    Buffer<TypeParam> g(16);
    clip_norm(this->backend, g.data(), g.size(), 0, 1e-9);
    clip_value(this->backend, g.data(), g.size(), 1e-9);
    EXPECT_EQ(g, Buffer<TypeParam>(16));
}

TYPED_TEST(Clip, ValueLimitsEachNumber) {
    for (const std::size_t size : {1u, 3u, 5u, 20u, 33u}) {
        const auto before = this->gradient(size);
        auto g = before;
        clip_value(this->backend, g.data(), g.size(), 0.5);
        for (std::size_t k = 0; k < g.size(); ++k)
            EXPECT_EQ(g[k],
                      std::abs(before[k]) <= TypeParam(0.5) ? before[k] : std::copysign(TypeParam(0.5), before[k]));
    }
}

} // namespace clip_test
