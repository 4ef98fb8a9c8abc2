// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"

#include <type_traits>

namespace rondo {

/// How a functor's body reads and writes neighbouring numbers: one (P = S), a full pack, or the first `lanes` of a
/// pack.
///
/// The rest of a row whose length is no multiple of the pack goes through the same arithmetic as the body, so that a
/// unit's bits depend on neither the size of its layer nor its place in it.
template <class Type, int lanes>
struct Lanes {
    using P = Type;

    template <class S>
    RONDO_HOST_DEVICE static P load(const S* from) {
        if constexpr (std::is_same_v<P, S>) {
            return *from;
        } else if constexpr (lanes == P::size) {
            return P::load(from);
        } else {
            S all[P::size]{};
            for (int k = 0; k < lanes; ++k) all[k] = from[k];
            return P::load(all);
        }
    }
    template <class S>
    RONDO_HOST_DEVICE static void store(S* to, P value) {
        if constexpr (std::is_same_v<P, S>) {
            *to = value;
        } else if constexpr (lanes == P::size) {
            value.store(to);
        } else {
            S all[P::size];
            value.store(all);
            for (int k = 0; k < lanes; ++k) to[k] = all[k];
        }
    }
    template <class S>
    RONDO_HOST_DEVICE static void add(S* to, P value) {
        store(to, load(to) + value);
    }
};

} // namespace rondo
