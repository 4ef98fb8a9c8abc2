// SPDX-License-Identifier: MIT
#pragma once

#include "../../version.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// A stable sort of key-value pairs, the values being 0, 1, 2, ...
///
/// Units  keys of `bits` bits, or -1, which sorts last.
struct Sort {
    const int *key, *number;
    int *sorted_key, *sorted_number;
    std::size_t size;
    int bits;
};

} // namespace rondo::gpu
