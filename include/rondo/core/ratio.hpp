// SPDX-License-Identifier: MIT
#pragma once

#include "text.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A number as part of a type: Ratio{1, 100} is 0.01.
struct Ratio {
    int numerator = 0, denominator = 1;
    constexpr double value() const { return double(numerator) / denominator; }
    constexpr bool valid() const { return denominator > 0; }
    bool operator==(const Ratio&) const = default;

    /// Appends it to a description, as numerator/denominator.
    constexpr Label& describe(Label& to) const {
        to.add(numerator < 0 ? "-" : "").add(numerator < 0 ? -numerator : numerator);
        return denominator == 1 ? to : to.add("/").add(denominator);
    }
};

} // namespace rondo
