// SPDX-License-Identifier: MIT
#pragma once

#include "../growing_pool.hpp"
#include "../sort.hpp"
#include "error.hpp"

#include <cub/device/device_radix_sort.cuh>
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// Sorts on a stream, by radix sort.
///
/// Memory  the sort's temporary storage, allocated when it grows.
/// Errors  device: errors of CUDA calls.
inline void sort_on(cudaStream_t stream, const Sort& sort, GrowingPool<std::byte>& memory) {
    std::size_t bytes = 0;
    const auto radix = [&](void* at) {
        (check)(cub::DeviceRadixSort::SortPairs(at, bytes, sort.key, sort.sorted_key, sort.number, sort.sorted_number,
                                                std::int64_t(sort.size), 0, sort.bits, stream),
                "cub::DeviceRadixSort::SortPairs");
    };
    radix(nullptr);
    radix(memory.take(bytes));
}

} // namespace rondo::gpu
