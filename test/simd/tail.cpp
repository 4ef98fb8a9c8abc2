// SPDX-License-Identifier: MIT
// A unit's bits depend neither on the size of its row nor on its place in it; of a row's rest no more is written than
// there is.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/cell/gru.hpp>
#include <rondo/cell/lstm.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace tail_test {

using rondo::EigenBackend;
using rondo::Pack;
using rondo::PackAccess;

/// Two cells' maths and a sum, from one number.
template <int H, class S>
struct Unit {
    const S* x;
    S* y;
    template <class L>
    void run(std::size_t column, int unit) const {
        using P = typename L::P;
        const P a = L::load(x + column * H + std::size_t(unit));
        const auto lstm = rondo::cell::LSTM::forward<P>({{a, P(S(0.3)), a, P(-1)}}, {{P(S(0.2)), a}}, {});
        const auto gru = rondo::cell::GRU::forward<P>({{a, P(1), a, P(S(0.5))}}, {{a}}, {});
        L::store(y + column * H + std::size_t(unit), lstm.state[0] + gru.state[0]);
        L::add(y + column * H + std::size_t(unit), lstm.state[1]);
    }
};

template <class S>
S number(int k) {
    const S all[]{0, S(-0.0), 1, S(-0.4), 9, -30, S(1e-30), S(INFINITY), S(NAN)};
    return k < 9 ? all[k] : S(std::sin(k) * 4);
}
constexpr int numbers = 60;

template <class S>
S alone(S x) {
    S y{};
    EigenBackend<S>{}.template units<1>(Unit<1, S>{&x, &y}, 1);
    return y;
}

template <class S, int H>
void rows_of() {
    const S untouched = 77;
    for (int columns : {1, 3}) {
        std::vector<S> x(std::size_t(H * columns)), y(x.size() + 64, untouched);
        for (int first = 0; first < numbers; first += 5) {
            for (std::size_t k = 0; k < x.size(); ++k) x[k] = number<S>((first + int(k)) % numbers);
            EigenBackend<S>{}.template units<H>(Unit<H, S>{x.data(), y.data() + 32}, std::size_t(columns));
            for (std::size_t k = 0; k < x.size(); ++k) {
                const S wanted = alone(x[k]), got = y[32 + k];
                EXPECT_TRUE(std::isnan(wanted) ? std::isnan(got) : std::memcmp(&wanted, &got, sizeof wanted) == 0)
                    << "H = " << H << ", number " << k << ": " << x[k] << " gives " << got << ", alone " << wanted;
            }
        }
        for (std::size_t k = 0; k < 32; ++k) {
            EXPECT_EQ(y[k], untouched);
            EXPECT_EQ(y[32 + x.size() + k], untouched);
        }
    }
}

template <class S>
struct Rows : ::testing::Test {};
using Scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Rows, Scalars);

TYPED_TEST(Rows, OfAnySizeHaveTheSameBits) {
    rows_of<TypeParam, 1>();
    rows_of<TypeParam, 3>();
    rows_of<TypeParam, 5>();
    rows_of<TypeParam, 16>();
    rows_of<TypeParam, 20>();
    rows_of<TypeParam, 33>();
}

template <class S, std::size_t... lanes>
void parts_of_a_pack(std::index_sequence<lanes...>) {
    using P = Pack<S>;
    const auto check = [](auto part) {
        constexpr int count = int(decltype(part)::value) + 1;
        S from[64], to[64];
        for (int k = 0; k < 64; ++k) from[k] = S(k + 1), to[k] = -1;
        const P loaded = PackAccess<P, count>::load(from);
        S all[P::size];
        loaded.store(all);
        for (int k = 0; k < P::size; ++k) EXPECT_EQ(all[k], k < count ? S(k + 1) : S(0));
        PackAccess<P, count>::store(to, loaded);
        PackAccess<P, count>::add(to, loaded);
        for (int k = 0; k < 64; ++k) EXPECT_EQ(to[k], k < count ? S(2 * (k + 1)) : S(-1)) << count;
    };
    (check(std::integral_constant<std::size_t, lanes>{}), ...);
}

TYPED_TEST(Rows, ARestReadsAndWritesItsOwnLanesOnly) {
    parts_of_a_pack<TypeParam>(std::make_index_sequence<std::size_t(Pack<TypeParam>::size)>{});
    using One = PackAccess<TypeParam, 1>;
    TypeParam x = 3;
    One::add(&x, One::load(&x));
    EXPECT_EQ(x, 6);
}

} // namespace tail_test
