// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

#include <cmath>

/// The functions a cell may use, called qualified: math::tanh(x). They dispatch on the type by specialization, not by
/// overloading: independent of the order of includes, without conversions between float and double, and unambiguous
/// under `using namespace rondo`.
namespace rondo::inline RONDO_VERSION_NAMESPACE::math {

template <class S> struct Functions; // float and double here, Pack in pack.hpp

template <class S> RONDO_HOST_DEVICE S tanh(S x) { return Functions<S>::tanh(x); }
template <class S> RONDO_HOST_DEVICE S sigmoid(S x) { return Functions<S>::sigmoid(x); }
template <class S> RONDO_HOST_DEVICE S exp(S x) { return Functions<S>::exp(x); }
template <class S> RONDO_HOST_DEVICE S erf(S x) { return Functions<S>::erf(x); }
/// log(1 + x) for x in [0, 1].
template <class S> RONDO_HOST_DEVICE S log1p(S x) { return Functions<S>::log1p(x); }
template <class S> RONDO_HOST_DEVICE S sqrt(S x) { return Functions<S>::sqrt(x); }
template <class S> RONDO_HOST_DEVICE S fma(S a, S b, S c) { return Functions<S>::fma(a, b, c); }
template <class S> RONDO_HOST_DEVICE S(min)(S a, S b) { return (Functions<S>::min)(a, b); }
template <class S> RONDO_HOST_DEVICE S(max)(S a, S b) { return (Functions<S>::max)(a, b); }
/// x clamped to [-bound, bound]; NaN if x is NaN.
template <class S> RONDO_HOST_DEVICE S clamp(S x, S bound) { return Functions<S>::clamp(x, bound); }
/// The minimum; if one operand is NaN, either of the two.
template <class S> RONDO_HOST_DEVICE S at_most(S x, S bound) { return Functions<S>::at_most(x, bound); }
/// The sum and the maximum over a pack's lanes; of a scalar, the scalar.
template <class S> RONDO_HOST_DEVICE auto sum(S x) { return Functions<S>::sum(x); }
template <class S> RONDO_HOST_DEVICE auto greatest(S x) { return Functions<S>::greatest(x); }
template <class Mask, class S>
RONDO_HOST_DEVICE S select(Mask which, S yes, S no) {
    return Functions<S>::select(which, yes, no);
}

/// A number as a scalar or a pack, rounded to its precision.
template <class P>
RONDO_HOST_DEVICE P constant(double number) {
    if constexpr (requires { typename P::scalar; }) return P(typename P::scalar(number));
    else return P(number);
}

template <class S>
struct Quotient {
    S numerator, denominator;
};

/// tanh in float as a quotient of polynomials, for a scalar and for a pack.
///
/// Units   errors at most 4e-7 and 6 units in the last place (ulp); results in [-1, 1], exactly +-1 for |x| >= 9.4,
///         with and without FMA. sigmoid, computed from it, has errors at most 3e-7, and at most 30 ulp for x >= -3;
///         below, only the absolute bound holds, and it is 0 for x <= -18.8.
template <class S>
RONDO_HOST_DEVICE Quotient<S> tanh_quotient(S x) {
    // At |x| = 9.4 the quotient exceeds 1 by more than rounding errors; beyond, s is constant and it grows with x.
    // 1e-12 is too small to change the result, and keeps the powers of x * x from becoming denormal.
    const S s = math::at_most(math::fma(x, x, S(1e-12f)), S(88.36f)), s2 = s * s;
    const S n = math::fma(math::fma(s2, S(1.389681243e-08f), math::fma(s, S(2.099327461e-05f), S(3.518711748e-03f))),
                          s2, math::fma(s, S(1.340044017e-01f), S(9.999999853e-01f)));
    const S d = math::fma(math::fma(s2, S(7.996201690e-07f), math::fma(s, S(3.323593982e-04f), S(2.596477312e-02f))),
                          s2, math::fma(s, S(4.673376045e-01f), S(1.f)));
    return {math::clamp(n * x, d), d};
}

/// The error function in float as a quotient of polynomials.
///
/// Units   errors at most 4e-7 and 6 units in the last place; results in [-1, 1], exactly +-1 for |x| >= 4.
template <class S>
RONDO_HOST_DEVICE Quotient<S> erf_quotient(S x) {
    const S s = math::at_most(x * x, S(16.f));
    S n = math::fma(S(1.9867755e-06f), s, S(2.8456702e-04f)), d = math::fma(S(3.7420161e-05f), s, S(1.1855826e-03f));
    n = math::fma(math::fma(n, s, S(3.8833909e-03f)), s, S(5.3101894e-02f));
    d = math::fma(math::fma(d, s, S(1.5207346e-02f)), s, S(1.1535045e-01f));
    n = math::fma(math::fma(n, s, S(1.9354615e-01f)), s, S(1.1283791f));
    d = math::fma(math::fma(d, s, S(5.0485836e-01f)), s, S(1.f));
    return {math::clamp(n * x, d), d};
}

/// log(1 + x) in float for x in [0, 1]: 2 atanh(x / (x + 2)), by a polynomial.
///
/// Units   errors at most 3 units in the last place.
template <class S>
RONDO_HOST_DEVICE S log1p_polynomial(S x) {
    const S t = x * (S(2.f) / (x + S(2.f))), s = math::fma(t, t, S(1e-12f)); // no power of s is denormal
    const S p = math::fma(math::fma(S(5.5035811e-04f), s, S(2.1844221e-03f)), s, S(1.2507784e-02f));
    return t * math::fma(math::fma(p, s, S(8.3332893e-02f)), s, S(1.f));
}

template <class S>
struct ScalarFunctions {
    RONDO_HOST_DEVICE static S fma(S a, S b, S c) { return a * b + c; }
    // The second operand if either is NaN, as x86's packed instructions do.
    RONDO_HOST_DEVICE static S(min)(S a, S b) { return a < b ? a : b; }
    RONDO_HOST_DEVICE static S(max)(S a, S b) { return a > b ? a : b; }
    RONDO_HOST_DEVICE static S clamp(S x, S bound) { return (max)(-bound, (min)(bound, x)); }
    RONDO_HOST_DEVICE static S at_most(S x, S bound) { return (min)(x, bound); }
    RONDO_HOST_DEVICE static S sum(S x) { return x; }
    RONDO_HOST_DEVICE static S greatest(S x) { return x; }
    RONDO_HOST_DEVICE static S select(bool which, S yes, S no) { return which ? yes : no; }
};

template <>
struct Functions<float> : ScalarFunctions<float> {
    RONDO_HOST_DEVICE static float tanh(float x) {
        const auto [n, d] = tanh_quotient(x);
        return n / d;
    }
    RONDO_HOST_DEVICE static float sigmoid(float x) {
        const auto [n, d] = tanh_quotient(x * 0.5f);
        return (d + n) / (d + d);
    }
    RONDO_HOST_DEVICE static float erf(float x) {
        const auto [n, d] = erf_quotient(x);
        return n / d;
    }
    RONDO_HOST_DEVICE static float log1p(float x) { return log1p_polynomial(x); }
    RONDO_HOST_DEVICE static float exp(float x) { return ::expf(x); }
    RONDO_HOST_DEVICE static float sqrt(float x) { return ::sqrtf(x); }
};

template <>
struct Functions<double> : ScalarFunctions<double> {
    RONDO_HOST_DEVICE static double tanh(double x) { return ::tanh(x); }
    RONDO_HOST_DEVICE static double sigmoid(double x) { return 1 / (1 + ::exp(-x)); }
    RONDO_HOST_DEVICE static double erf(double x) { return ::erf(x); }
    RONDO_HOST_DEVICE static double log1p(double x) { return ::log1p(x); }
    RONDO_HOST_DEVICE static double exp(double x) { return ::exp(x); }
    RONDO_HOST_DEVICE static double sqrt(double x) { return ::sqrt(x); }
};

} // namespace rondo::math
