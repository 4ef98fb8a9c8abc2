// SPDX-License-Identifier: MIT
#pragma once

#include "generate.hpp"

#include <limits>

namespace law {

/// What padding may hold: harmless numbers, huge ones, none at all, or each in turn.
template <class S>
struct Filler {
    int kind = any(0, 6);

    S operator()(int k) const {
        const S huge = std::numeric_limits<S>::max(), infinite = std::numeric_limits<S>::infinity();
        const S all[]{S(0), S(0.5), huge, infinite, -infinite, std::numeric_limits<S>::quiet_NaN()};
        return kind < 5 ? all[kind] : all[k % 6];
    }
};

/// As many more steps of padding.
inline int any_padding() { return any(0, 6); }

} // namespace law
