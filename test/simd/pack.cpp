// SPDX-License-Identifier: MIT
// A pack does in each lane what one number does.
#include <rondo/simd/pack.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace pack_test {

namespace math = rondo::math;
using rondo::Pack;

template <class S>
struct PackOf : ::testing::Test {
    using P = Pack<S>;
    static constexpr int size = P::size;

    static P load(const std::vector<S>& from, int first = 0) {
        S lanes[P::size];
        for (int k = 0; k < size; ++k) lanes[k] = from[std::size_t(first + k) % from.size()];
        return P::load(lanes);
    }
    static std::vector<S> lanes(P p) {
        std::vector<S> all(P::size);
        p.store(all.data());
        return all;
    }
    static bool same_bits(S a, S b) { return std::memcmp(&a, &b, sizeof a) == 0; }
    static std::vector<S> numbers() {
        const S inf = std::numeric_limits<S>::infinity(), nan = std::numeric_limits<S>::quiet_NaN();
        std::vector<S> all{0,   S(-0.0),  1,        -1,  S(0.3), S(-2.5), 8,      -9,
                           100, S(-1e30), S(1e-30), inf, -inf,   nan,     S(8.7), S(-8.7)};
        for (int k = 1; k < 100; ++k) all.push_back(S(std::sin(k)) * S(k) / 7);
        return all;
    }
};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(PackOf, Scalars);

TYPED_TEST(PackOf, Arithmetic) {
    using S = TypeParam;
    using F = TestFixture;
    const auto all = F::numbers();
    for (int first = 0; first < int(all.size()); ++first) {
        const auto a = F::load(all, first), b = F::load(all, 3 * first + 1), c = F::load(all, 5 * first + 2);
        const auto x = F::lanes(a), y = F::lanes(b), z = F::lanes(c);
        for (std::size_t k = 0; k < std::size_t(F::size); ++k) {
            const auto check = [&](auto pack, S wanted, const char* what) {
                const S got = F::lanes(pack)[k];
                EXPECT_TRUE(got == wanted || (std::isnan(got) && std::isnan(wanted)))
                    << what << ' ' << x[k] << ' ' << y[k];
            };
            check(a + b, x[k] + y[k], "+");
            check(a - b, x[k] - y[k], "-");
            check(a * b, x[k] * y[k], "*");
            check(a / b, x[k] / y[k], "/");
            check(-a, -x[k], "negative");
            const S fused = F::lanes(math::fma(a, b, c))[k]; // in one rounding or in two, as the processor has it
            if (fused != x[k] * y[k] + z[k]) check(math::fma(a, b, c), std::fma(x[k], y[k], z[k]), "fma");
            check(math::min(a, b), math::min(x[k], y[k]), "min");
            check(math::max(a, b), math::max(x[k], y[k]), "max");
            check(math::select(a > b, a, c), x[k] > y[k] ? x[k] : z[k], ">");
            check(math::select(a < b, a, c), x[k] < y[k] ? x[k] : z[k], "<");
            check(typename F::P(x[k]), x[k], "broadcast");
        }
    }
}

// Also where an operand is NaN, or zeros of both signs are compared.
template <class P>
void equals_eigen(const std::vector<typename P::scalar>& all) {
    using S = typename P::scalar;
    for (const S x : all)
        for (const S y : all)
            for (const S z : {x, S(0.7), S(-0.0)}) {
                const P a(x), b(y), c(z);
                const auto same = [&](P got, typename P::raw wanted, const char* what) {
                    const P expected = P::from(wanted);
                    EXPECT_EQ(std::memcmp(&got, &expected, sizeof got), 0) << what << ' ' << x << ' ' << y << ' ' << z;
                };
                same(math::fma(a, b, c), Eigen::internal::pmadd(a.v, b.v, c.v), "fma");
                same(math::at_most(a, b), Eigen::internal::pmin(a.v, b.v), "at_most");
                same(math::clamp(a, b),
                     Eigen::internal::pmax(Eigen::internal::pmin(a.v, b.v), Eigen::internal::pnegate(b.v)), "clamp");
            }
}
TYPED_TEST(PackOf, OperationsAreThoseOfEigen) {
    using S = TypeParam;
    equals_eigen<Pack<S>>(TestFixture::numbers());
    if constexpr (Pack<S>::size > 128 / 8 / int(sizeof(S)))
        equals_eigen<Pack<S, Pack<S>::size / 2>>(TestFixture::numbers());
}

TYPED_TEST(PackOf, FunctionsDoNotDependOnTheLane) {
    using F = TestFixture;
    const auto all = F::numbers();
    for (const auto x : all) {
        const typename F::P whole(x);
        const auto t = F::lanes(math::tanh(whole)), s = F::lanes(math::sigmoid(whole)), e = F::lanes(math::exp(whole)),
                   f = F::lanes(math::erf(whole)), l = F::lanes(math::log1p(whole));
        for (int lane = 0; lane < F::size; ++lane) {
            // Alone in its lane, among others.
            std::vector<TypeParam> mixed(std::size_t(F::size), TypeParam(0.7));
            mixed[std::size_t(lane)] = x;
            const auto p = F::load(mixed);
            EXPECT_TRUE(F::same_bits(F::lanes(math::tanh(p))[std::size_t(lane)], t[0])) << x;
            EXPECT_TRUE(F::same_bits(F::lanes(math::sigmoid(p))[std::size_t(lane)], s[0])) << x;
            EXPECT_TRUE(F::same_bits(F::lanes(math::exp(p))[std::size_t(lane)], e[0])) << x;
            EXPECT_TRUE(F::same_bits(F::lanes(math::erf(p))[std::size_t(lane)], f[0])) << x;
            EXPECT_TRUE(F::same_bits(F::lanes(math::log1p(p))[std::size_t(lane)], l[0])) << x;
        }
    }
}

TYPED_TEST(PackOf, FunctionsAreThoseOfOneNumber) {
    using S = TypeParam;
    using F = TestFixture;
    const S near = sizeof(S) == 4 ? S(2.4e-7) : S(0);
    for (const S x : F::numbers()) {
        const typename F::P whole(x);
        const auto check = [&](S got, S wanted, S scale, const char* what) {
            EXPECT_TRUE(std::isnan(wanted) ? std::isnan(got) : got == wanted || std::abs(got - wanted) <= near * scale)
                << what << ' ' << x << ": " << got << " is not " << wanted;
        };
        check(F::lanes(math::tanh(whole))[0], math::tanh(x), 1, "tanh");
        check(F::lanes(math::sigmoid(whole))[0], math::sigmoid(x), 1, "sigmoid");
        check(F::lanes(math::erf(whole))[0], math::erf(x), 1, "erf");
        if (!(x < 0 || x > 1)) check(F::lanes(math::log1p(whole))[0], math::log1p(x), std::log1p(x), "log1p");
        if (std::abs(x) < 80) check(F::lanes(math::exp(whole))[0], math::exp(x), std::exp(x), "exp");
    }
}

// Eigen's square root is fast, not exact; what is too small to be normal may become zero.
TYPED_TEST(PackOf, SquareRoot) {
    using S = TypeParam;
    using F = TestFixture;
    const auto root = [](S x) { return F::lanes(math::sqrt(typename F::P(x)))[0]; };
    const S smallest = std::numeric_limits<S>::min(), inf = std::numeric_limits<S>::infinity();
    for (const S x : {smallest, S(1e-12), S(0.3), S(1), S(2), S(8), S(1e30), std::numeric_limits<S>::max()})
        EXPECT_NEAR(root(x) / std::sqrt(x), 1, 3 * double(std::numeric_limits<S>::epsilon())) << x;
    for (const S x : {S(0), S(-0.0), smallest / 8}) EXPECT_TRUE(root(x) >= 0 && root(x) <= std::sqrt(smallest)) << x;
    EXPECT_EQ(root(0), 0);
    EXPECT_EQ(root(inf), inf);
    for (const S x : {S(-1), -inf, std::numeric_limits<S>::quiet_NaN()}) EXPECT_TRUE(std::isnan(root(x))) << x;
}

TEST(PackOfFloat, TanhAndSigmoidAreWithinTheirBoundsEverywhere) {
    using P = Pack<float>;
    double worst_tanh = 0, worst_sigmoid = 0;
    float lanes[P::size], t[P::size], s[P::size];
    for (std::uint32_t bits = 0; bits < 0x7f800000 - 1000 * P::size; bits += 997 * P::size) {
        for (int k = 0; k < P::size; ++k)
            lanes[k] = std::bit_cast<float>((bits + 997 * std::uint32_t(k)) | (k % 2 == 0 ? 0 : 0x80000000));
        math::tanh(P::load(lanes)).store(t);
        math::sigmoid(P::load(lanes)).store(s);
        for (int k = 0; k < P::size; ++k) {
            const double x = lanes[k];
            worst_tanh = std::max(worst_tanh, std::abs(double(t[k]) - std::tanh(x)));
            worst_sigmoid = std::max(worst_sigmoid, std::abs(double(s[k]) - 1 / (1 + std::exp(-x))));
        }
    }
    EXPECT_LE(worst_tanh, 4e-7);
    EXPECT_LE(worst_sigmoid, 3e-7);
}

TYPED_TEST(PackOf, SumAndGreatestOfItsLanes) {
    using S = TypeParam;
    using F = TestFixture;
    using Whole = typename F::P;
    S lanes[F::size], total = 0;
    for (int k = 0; k < F::size; ++k) total += lanes[k] = S(k * k % 7 - 3);
    EXPECT_EQ(math::sum(Whole::load(lanes)), total);
    EXPECT_EQ(math::greatest(Whole::load(lanes)), *std::max_element(lanes, lanes + F::size));
}

TEST(PackOfFloat, IsExactWhereItsLevelIs) {
    using P = Pack<float, Pack<float>::size, rondo::simd::Exact<>>;
    for (float x = -30; x < 30; x += 0.07f) {
        float t[P::size], s[P::size], e[P::size], f[P::size], l[P::size];
        math::tanh(P(x)).store(t);
        math::sigmoid(P(x)).store(s);
        math::exp(P(x)).store(e);
        math::erf(P(x)).store(f);
        math::log1p(P(x * x / 900)).store(l);
        EXPECT_EQ(t[P::size - 1], std::tanh(x)) << x;
        EXPECT_EQ(s[P::size - 1], float(1 / (1 + std::exp(-double(x))))) << x;
        EXPECT_EQ(e[P::size - 1], std::exp(x)) << x;
        EXPECT_EQ(f[P::size - 1], std::erf(x)) << x;
        EXPECT_EQ(l[P::size - 1], std::log1p(x * x / 900)) << x;
    }
    EXPECT_TRUE(std::isnan(math::sum(math::tanh(P(NAN)))));
}

} // namespace pack_test
