// SPDX-License-Identifier: MIT
#pragma once

#include "random.hpp"

#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A pseudo-random permutation of 0, 1, ..., size - 1 whose elements are computed one by one, in any order: for sizes
/// whose shuffled order would not fit into memory.
///
/// A Feistel network of six rounds over as many bits as a size needs; results outside are permuted again ("cycle
/// walking").
///
///   (l, r) <- (r, l xor F(round, r))                                          (1)
///
/// Source  Luby & Rackoff, SIAM J. Comput. 17 (1988); Black & Rogaway, "Ciphers with arbitrary finite domains" (2002).
class Permutation {
public:
    Permutation(std::uint64_t size, RandomStream draw) : size_{size}, draw_{draw} {
        while (half_ < 32 && size > std::uint64_t{1} << (2 * half_)) ++half_;
    }
    std::uint64_t operator[](std::uint64_t k) const {
        do k = once(k);
        while (k >= size_); // four times on average at most
        return k;
    }

private:
    std::uint64_t once(std::uint64_t k) const {
        const std::uint64_t mask = (std::uint64_t{1} << half_) - 1;
        std::uint64_t l = k >> half_, r = k & mask;
        for (std::uint32_t round = 0; round < 6; ++round) {
            const std::uint64_t next = l ^ (draw_(r, round) & mask);
            l = r;
            r = next;
        }
        return l << half_ | r;
    }

    std::uint64_t size_;
    RandomStream draw_;
    unsigned half_ = 1; // bits of l and of r
};

} // namespace rondo
