// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../version.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Loads and stores of the first `count` lanes of a pack: all of them, or fewer at the end of an array. If P is a
/// scalar, one element.
template <class P>
struct PartialPack {
    std::size_t count = 1;

    /// Lanes from `count` on are `otherwise`.
    template <class S>
    RONDO_HOST_DEVICE P load(const S* from, S otherwise = 0) const {
        if constexpr (!requires { P::size; }) {
            return P(*from);
        } else {
            if (count == std::size_t(P::size)) return P::load(from);
            S all[P::size];
            for (std::size_t k = 0; k < std::size_t(P::size); ++k) all[k] = k < count ? from[k] : otherwise;
            return P::load(all);
        }
    }
    /// x with zeros in the lanes from `count` on.
    RONDO_HOST_DEVICE P zero_rest(P x) const {
        if constexpr (!requires { P::size; }) {
            return x;
        } else {
            if (count == std::size_t(P::size)) return x;
            typename P::scalar all[P::size];
            x.store(all);
            return load(all);
        }
    }
    template <class S>
    RONDO_HOST_DEVICE void store(S* to, P value) const {
        if constexpr (!requires { P::size; }) {
            *to = S(value);
        } else {
            if (count == std::size_t(P::size)) return value.store(to);
            S all[P::size];
            value.store(all);
            for (std::size_t k = 0; k < count; ++k) to[k] = all[k];
        }
    }
};

/// How a functor loads and stores consecutive elements: one (P = S), a full pack, or the first `lanes` of a pack.
///
/// The tail of a row uses the same pack arithmetic as its body, so that the bits of a unit depend neither on the size
/// of its layer nor on its index.
template <class Type, int lanes>
struct PackAccess {
    using P = Type;

    template <class S>
    RONDO_HOST_DEVICE static P load(const S* from) {
        return PartialPack<P>{std::size_t(lanes)}.load(from);
    }
    template <class S>
    RONDO_HOST_DEVICE static void store(S* to, P value) {
        PartialPack<P>{std::size_t(lanes)}.store(to, value);
    }
    template <class S>
    RONDO_HOST_DEVICE static void add(S* to, P value) {
        store(to, load(to) + value);
    }
};

/// Calls f(part, k) for each pack of an array of `count` elements: full ones, then a partial one for the tail. k is the
/// pack's first element.
template <class P, class F>
RONDO_HOST_DEVICE void for_each_pack(std::size_t count, F&& f) {
    constexpr std::size_t size = [] {
        if constexpr (requires { P::size; }) return std::size_t(P::size);
        else return std::size_t(1);
    }();
    std::size_t k = 0;
    for (; k + size <= count; k += size) f(PartialPack<P>{size}, k);
    if (k < count) f(PartialPack<P>{count - k}, k);
}

} // namespace rondo
