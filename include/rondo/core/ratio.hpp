// SPDX-License-Identifier: MIT
#pragma once

#include "host_device.hpp"
#include "text.hpp"

#include <limits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
inline constexpr double infinity = std::numeric_limits<double>::infinity(); // device code calls no constexpr function
}

/// A number as part of a type: Ratio{1, 100} is 0.01.
struct Ratio {
    int numerator = 0, denominator = 1;
    RONDO_HOST_DEVICE constexpr double value() const {
        if (denominator == 0) return numerator < 0 ? -detail::infinity : detail::infinity;
        return double(numerator) / denominator;
    }
    /// Where a limit may be left out: no limit, with the sign 1 or -1. It is not valid elsewhere.
    static constexpr Ratio infinity(int sign = 1) { return {sign, 0}; }

    /// The first convergent of the number's continued fraction that is equal to it as a float; not valid if there is
    /// none.
    static constexpr Ratio of(float number) {
        constexpr double most = 2147483647;
        double n = 1, d = 0, last_n = 0, last_d = 1, rest = number < 0 ? -double(number) : double(number);
        for (int terms = 0; terms < 32 && rest <= most; ++terms) {
            const auto whole = double(int(rest));
            const double next_n = whole * n + last_n, next_d = whole * d + last_d;
            if (next_n > most || next_d > most) break;
            last_n = n, last_d = d, n = next_n, d = next_d;
            const Ratio ratio{number < 0 ? -int(n) : int(n), int(d)};
            if (float(ratio.value()) == number) return ratio;
            if (rest == whole) break;
            rest = 1 / (rest - whole);
        }
        return {0, 0};
    }
    /// The fraction by which equal floats compare equal: `of` its value, or itself.
    constexpr Ratio canonical() const {
        const Ratio ratio = of(float(value()));
        return ratio.valid() ? ratio : *this;
    }
    constexpr bool valid() const { return denominator > 0; }
    bool operator==(const Ratio&) const = default;

    /// Appends it to a description, as numerator/denominator.
    constexpr Label& describe(Label& to) const {
        to.add(numerator < 0 ? "-" : "").add(numerator < 0 ? -numerator : numerator);
        return denominator == 1 ? to : to.add("/").add(denominator);
    }
};

} // namespace rondo
