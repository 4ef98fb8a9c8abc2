// SPDX-License-Identifier: MIT
#pragma once

#include "generate.hpp"

#include <limits>

namespace law {

/// What padding may hold: harmless numbers, huge ones, none at all, or each in turn.
struct Filler {
    bool is_float = false;
    int kind = any(0, 6);

    double operator()(int k) const {
        const double infinite = std::numeric_limits<double>::infinity(),
                     huge = is_float ? double(std::numeric_limits<float>::max()) : std::numeric_limits<double>::max();
        const double all[]{0, 0.5, huge, infinite, -infinite, std::numeric_limits<double>::quiet_NaN()};
        return kind < 5 ? all[kind] : all[k % 6];
    }
};

/// As many more steps of padding.
inline int any_padding() { return any(0, 6); }

} // namespace law
