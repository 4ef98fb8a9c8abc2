// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// As many of a row's numbers as a pack holds, or fewer at its end; or one (P is a number).
template <class P>
struct PartialPack {
    std::size_t count = 1;

    /// `otherwise` in the lanes past the end.
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
    /// x with zeros in the lanes past the end.
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

/// How a functor's body reads and writes neighbouring numbers: one (P = S), a full pack, or the first `lanes` of a
/// pack.
///
/// The rest of a row whose length is no multiple of the pack goes through the same arithmetic as the body, so that a
/// unit's bits depend on neither the size of its layer nor its place in it.
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

/// Calls f(part, k) for the parts of a row of `count` numbers, each from its k-th on.
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
