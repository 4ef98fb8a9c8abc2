// SPDX-License-Identifier: MIT
#pragma once

#include "functions.hpp"
#include "level.hpp"
#include "packet.hpp"

#include <Eigen/Core>

#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Eigen's widest packet of S with arithmetic operators.
///
/// Not std::experimental::simd: under clang with AVX-512 its where(mask, x) = y assigns nothing.
template <class S, int width = Eigen::internal::packet_traits<S>::size, class Level = simd::Native>
struct Pack {
    using scalar = S;
    using raw = typename Eigen::internal::find_best_packet<S, width>::type;
    static constexpr int size = width;
    struct Mask {
        raw v;
    };
    raw v;

    Pack() = default;
    RONDO_HOST_DEVICE Pack(S x) : v{Eigen::internal::pset1<raw>(x)} {}
    RONDO_HOST_DEVICE static Pack from(const raw& v) {
        Pack p;
        p.v = v;
        return p;
    }
    RONDO_HOST_DEVICE static Pack load(const S* p) { return from(Eigen::internal::ploadu<raw>(p)); }
    RONDO_HOST_DEVICE void store(S* p) const { Eigen::internal::pstoreu(p, v); }

    RONDO_HOST_DEVICE friend Pack operator+(Pack a, Pack b) { return from(Eigen::internal::padd(a.v, b.v)); }
    RONDO_HOST_DEVICE friend Pack operator-(Pack a, Pack b) { return from(Eigen::internal::psub(a.v, b.v)); }
    RONDO_HOST_DEVICE friend Pack operator*(Pack a, Pack b) { return from(Eigen::internal::pmul(a.v, b.v)); }
    RONDO_HOST_DEVICE friend Pack operator/(Pack a, Pack b) { return from(Eigen::internal::pdiv(a.v, b.v)); }
    RONDO_HOST_DEVICE friend Pack operator-(Pack a) { return from(Eigen::internal::pnegate(a.v)); }
    RONDO_HOST_DEVICE friend Mask operator>(Pack a, Pack b) { return {Eigen::internal::pcmp_lt(b.v, a.v)}; }
    RONDO_HOST_DEVICE friend Mask operator<(Pack a, Pack b) { return {Eigen::internal::pcmp_lt(a.v, b.v)}; }
    RONDO_HOST_DEVICE friend Mask operator<=(Pack a, Pack b) { return {Eigen::internal::pcmp_le(a.v, b.v)}; }
};

namespace math {

template <class S, int width, class Level>
struct PackFunctions {
    using P = Pack<S, width, Level>;
    RONDO_HOST_DEVICE static P fma(P a, P b, P c) { return P::from(simd::multiply_add(a.v, b.v, c.v)); }
    // The second operand if either is NaN; Eigen's pmin and pmax differ between packet types.
    RONDO_HOST_DEVICE static P(min)(P a, P b) { return select(a < b, a, b); }
    RONDO_HOST_DEVICE static P(max)(P a, P b) { return select(a > b, a, b); }
    RONDO_HOST_DEVICE static P clamp(P x, P bound) {
        return P::from(simd::maximum(simd::minimum(x.v, bound.v), Eigen::internal::pnegate(bound.v)));
    }
    RONDO_HOST_DEVICE static P at_most(P x, P bound) { return P::from(simd::minimum(x.v, bound.v)); }
    // Eigen's fast square root (errors at most 3e-7 for float, 3e-16 for double) returns NaN for infinity.
    RONDO_HOST_DEVICE static P sqrt(P x) {
        return select(x < P(std::numeric_limits<S>::infinity()), P::from(Eigen::internal::psqrt(x.v)), x);
    }
    RONDO_HOST_DEVICE static S sum(P x) { return Eigen::internal::predux(x.v); }
    RONDO_HOST_DEVICE static S greatest(P x) { return Eigen::internal::predux_max(x.v); }
    RONDO_HOST_DEVICE static P select(typename P::Mask which, P yes, P no) {
        return P::from(Eigen::internal::pselect(which.v, yes.v, no.v));
    }
    template <class F>
    RONDO_HOST_DEVICE static P lanewise(P x, F f) {
        S lane[P::size];
        x.store(lane);
        for (S& value : lane) value = f(value);
        return P::load(lane);
    }
};

template <int width, class Level>
struct Functions<Pack<float, width, Level>> : PackFunctions<float, width, Level> {
    using P = Pack<float, width, Level>;
    // Eigen's exp underflows to a denormal, which would slow down later arithmetic.
    RONDO_HOST_DEVICE static P exp(P x) {
        return PackFunctions<float, width, Level>::select(x < P(-87.f), P(0.f), P::from(Eigen::internal::pexp(x.v)));
    }
    RONDO_HOST_DEVICE static P tanh(P x) {
        const auto [n, d] = tanh_quotient(x);
        return n / d;
    }
    RONDO_HOST_DEVICE static P sigmoid(P x) {
        const auto [n, d] = tanh_quotient(x * P(0.5f));
        return (d + n) / (d + d);
    }
    RONDO_HOST_DEVICE static P erf(P x) {
        const auto [n, d] = erf_quotient(x);
        return n / d;
    }
    RONDO_HOST_DEVICE static P log1p(P x) { return log1p_polynomial(x); }
};

template <int width, class Level>
struct Functions<Pack<double, width, Level>> : PackFunctions<double, width, Level> {
    using P = Pack<double, width, Level>;
    using PackFunctions<double, width, Level>::lanewise; // as exact as the standard library
    RONDO_HOST_DEVICE static P exp(P x) { return lanewise(x, Functions<double>::exp); }
    RONDO_HOST_DEVICE static P tanh(P x) { return lanewise(x, Functions<double>::tanh); }
    RONDO_HOST_DEVICE static P sigmoid(P x) { return lanewise(x, Functions<double>::sigmoid); }
    RONDO_HOST_DEVICE static P erf(P x) { return lanewise(x, Functions<double>::erf); }
    RONDO_HOST_DEVICE static P log1p(P x) { return lanewise(x, Functions<double>::log1p); }
};

template <int width, class Level>
struct Functions<Pack<float, width, simd::Exact<Level>>> : PackFunctions<float, width, simd::Exact<Level>> {
    using P = Pack<float, width, simd::Exact<Level>>;
    using PackFunctions<float, width, simd::Exact<Level>>::lanewise;
    RONDO_HOST_DEVICE static P exp(P x) { return lanewise(x, Functions<float>::exp); }
    RONDO_HOST_DEVICE static P tanh(P x) {
        return lanewise(x, [](float one) { return ::tanhf(one); });
    }
    RONDO_HOST_DEVICE static P sigmoid(P x) {
        return lanewise(x, [](float one) { return float(1 / (1 + ::exp(-double(one)))); });
    }
    RONDO_HOST_DEVICE static P erf(P x) {
        return lanewise(x, [](float one) { return ::erff(one); });
    }
    RONDO_HOST_DEVICE static P log1p(P x) {
        return lanewise(x, [](float one) { return ::log1pf(one); });
    }
};

} // namespace math
} // namespace rondo
