// SPDX-License-Identifier: MIT
#pragma once

#include "../../version.hpp"

#include <thrust/device_ptr.h>
#include <thrust/device_vector.h>
#include <thrust/sequence.h>

#include <algorithm>
#include <cstddef>
#include <list>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// A reusable device buffer that grows. Earlier buffers stay allocated when it grows, since captured graphs contain
/// their addresses.
///
/// Memory  at most three times the largest request.
template <class T, bool counted = false>
class GrowingPool {
public:
    /// At least n elements, uninitialized; if `counted`, with the values 0, 1, 2, ...
    T* take(std::size_t n) {
        if (all_.empty() || all_.back().size() < n) {
            all_.emplace_back(all_.empty() ? n : (std::max)(n, 2 * all_.back().size()));
            if constexpr (counted) thrust::sequence(all_.back().begin(), all_.back().end());
        }
        return thrust::raw_pointer_cast(all_.back().data());
    }

private:
    std::list<thrust::device_vector<T>> all_; // not a std::vector, which would copy them when it grows
};

} // namespace rondo::gpu
