// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../core/unroll.hpp"
#include "pack.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Several packs as one number. A cell that computes with it has each function of its gates in all of them before the
/// next one, so that a processor computes them at the same time. Each pack has the bits that it has alone.
template <class P, int count>
struct Packs {
    using scalar = typename P::scalar;
    struct Mask {
        typename P::Mask pack[count];
    };
    P pack[count];

    Packs() = default;
    // Pack by pack: compilers copy larger structures through memory.
    [[gnu::always_inline]] RONDO_HOST_DEVICE Packs(const Packs& x) { *this = x; }
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment): a pack may be assigned to itself
    [[gnu::always_inline]] RONDO_HOST_DEVICE Packs& operator=(const Packs& x) {
        unroll<count>([&](auto k) __attribute__((always_inline)) { pack[k] = x.pack[k]; });
        return *this;
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE Packs(scalar x) {
        unroll<count>([&](auto k) __attribute__((always_inline)) { pack[k] = P(x); });
    }
    /// y.pack[k] = f(x.pack[k], ...), where y is a Packs or a Mask.
    template <class Y = Packs, class F, class... X>
    [[gnu::always_inline]] RONDO_HOST_DEVICE static Y each(F f, const X&... x) {
        Y y;
        unroll<count>([&](auto k) __attribute__((always_inline)) { y.pack[k] = f(x.pack[k]...); });
        return y;
    }

    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Packs operator+(const Packs& a, const Packs& b) {
        return each([](P x, P y) __attribute__((always_inline)) { return x + y; }, a, b);
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Packs operator-(const Packs& a, const Packs& b) {
        return each([](P x, P y) __attribute__((always_inline)) { return x - y; }, a, b);
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Packs operator*(const Packs& a, const Packs& b) {
        return each([](P x, P y) __attribute__((always_inline)) { return x * y; }, a, b);
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Packs operator/(const Packs& a, const Packs& b) {
        return each([](P x, P y) __attribute__((always_inline)) { return x / y; }, a, b);
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Packs operator-(const Packs& a) {
        return each([](P x) __attribute__((always_inline)) { return -x; }, a);
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Mask operator>(const Packs& a, const Packs& b) {
        return each<Mask>([](P x, P y) __attribute__((always_inline)) { return x > y; }, a, b);
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Mask operator<(const Packs& a, const Packs& b) {
        return each<Mask>([](P x, P y) __attribute__((always_inline)) { return x < y; }, a, b);
    }
    [[gnu::always_inline]] RONDO_HOST_DEVICE friend Mask operator<=(const Packs& a, const Packs& b) {
        return each<Mask>([](P x, P y) __attribute__((always_inline)) { return x <= y; }, a, b);
    }
};

namespace math {

template <class P, int count>
struct Functions<Packs<P, count>> {
    using X = Packs<P, count>;
    using F = Functions<P>;
    RONDO_HOST_DEVICE static X tanh(X x) { return X::each(F::tanh, x); }
    RONDO_HOST_DEVICE static X sigmoid(X x) { return X::each(F::sigmoid, x); }
    RONDO_HOST_DEVICE static X exp(X x) { return X::each(F::exp, x); }
    RONDO_HOST_DEVICE static X erf(X x) { return X::each(F::erf, x); }
    RONDO_HOST_DEVICE static X log1p(X x) { return X::each(F::log1p, x); }
    RONDO_HOST_DEVICE static X sqrt(X x) { return X::each(F::sqrt, x); }
    RONDO_HOST_DEVICE static X fma(X a, X b, X c) { return X::each(F::fma, a, b, c); }
    RONDO_HOST_DEVICE static X(min)(X a, X b) { return X::each((F::min), a, b); }
    RONDO_HOST_DEVICE static X(max)(X a, X b) { return X::each((F::max), a, b); }
    RONDO_HOST_DEVICE static X clamp(X x, X bound) { return X::each(F::clamp, x, bound); }
    RONDO_HOST_DEVICE static X at_most(X x, X bound) { return X::each(F::at_most, x, bound); }
    RONDO_HOST_DEVICE static X select(typename X::Mask which, X yes, X no) {
        return X::each(F::select, which, yes, no);
    }
};

} // namespace math
} // namespace rondo
