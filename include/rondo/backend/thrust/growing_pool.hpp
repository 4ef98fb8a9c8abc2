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

/// Numbers of a device that are handed out again and again. What was handed out stays when more are needed: work that
/// is kept to be done again has its address.
///
/// Memory  at most three times the most there were.
template <class T, bool counted = false>
class GrowingPool {
public:
    /// At least so many, of any value; or, counted, 0, 1, 2 and so on.
    T* take(std::size_t n) {
        if (all_.empty() || all_.back().size() < n) {
            all_.emplace_back(all_.empty() ? n : (std::max)(n, 2 * all_.back().size()));
            if constexpr (counted) thrust::sequence(all_.back().begin(), all_.back().end());
        }
        return thrust::raw_pointer_cast(all_.back().data());
    }

private:
    std::list<thrust::device_vector<T>> all_; // not a vector: it would copy the others when it grows
};

} // namespace rondo::gpu
