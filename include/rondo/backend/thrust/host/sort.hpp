// SPDX-License-Identifier: MIT
#pragma once

#include "../sort.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// Sorts on one thread, in place.
struct HostSort {
    Sort sort;
    void operator()(std::size_t) const {
        int* const number = sort.sorted_number;
        const int* const key = sort.key;
        std::copy_n(sort.number, sort.size, number);
        std::sort(number, number + sort.size,
                  [=](int a, int b) { return key[a] != key[b] ? unsigned(key[a]) < unsigned(key[b]) : a < b; });
        std::transform(number, number + sort.size, sort.sorted_key, [=](int n) { return key[n]; });
    }
};

} // namespace rondo::gpu
