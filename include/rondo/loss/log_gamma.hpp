// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

#include <cmath>

// The logarithm of the gamma function for numbers above 0, in host and device code: std::lgamma writes a global sign.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// log Gamma(x) for x > 0.
///
/// Gamma(x) = Gamma(x + n) / (x (x + 1) ... (x + n - 1)), and Stirling's series for x + n >= 8, to 1e-14.
/// Source  Abramowitz & Stegun, "Handbook of mathematical functions", 6.1.15 and 6.1.41.
template <class S>
RONDO_HOST_DEVICE S log_gamma(S x) {
    S product = 1;
    for (; x < 8; x += 1) product *= x;
    const S r = 1 / x, r2 = r * r;
    const S series =
        r * (S(1. / 12) -
             r2 * (S(1. / 360) -
                   r2 * (S(1. / 1260) -
                         r2 * (S(1. / 1680) - r2 * (S(1. / 1188) - r2 * (S(691. / 360360) - r2 * S(1. / 156)))))));
    return (x - S(0.5)) * std::log(x) - x + S(0.91893853320467274) + series - std::log(product); // log(2 pi) / 2
}

/// log Gamma(x + 1/2) - log Gamma(x) for x >= 1, without the cancellation of large x.
template <class S>
RONDO_HOST_DEVICE S log_gamma_step(S x) {
    S quotient = 1; // Gamma(x + 1/2) / Gamma(x) = quotient Gamma(x + n + 1/2) / Gamma(x + n)
    for (; x < 16; x += 1) quotient *= x / (x + S(0.5));
    const S r = 1 / x, r2 = r * r;
    const S series = r * (S(1. / 8) - r2 * (S(1. / 192) - r2 * (S(1. / 640) - r2 * S(17. / 14336))));
    return std::log(x) / 2 - series + std::log(quotient);
}

/// Its derivative, digamma(x + 1/2) - digamma(x), for x >= 1.
template <class S>
RONDO_HOST_DEVICE S digamma_step(S x) {
    S sum = 0;
    for (; x < 16; x += 1) sum += 1 / x - 1 / (x + S(0.5));
    const S r = 1 / x, r2 = r * r;
    return r / 2 + r2 * (S(1. / 8) - r2 * (S(3. / 192) - r2 * (S(5. / 640) - r2 * S(7. * 17. / 14336)))) + sum;
}

} // namespace rondo::detail
