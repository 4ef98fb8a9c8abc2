// SPDX-License-Identifier: MIT
#pragma once

#include "../../version.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// Keys to be sorted, and with them the numbers 0, 1, 2 and so on: those of equal keys stay in their order.
///
/// Units  keys of so many bits, or -1, which is the last.
struct Sort {
    const int *key, *number;
    int *sorted_key, *sorted_number;
    std::size_t size;
    int bits;
};

} // namespace rondo::gpu
