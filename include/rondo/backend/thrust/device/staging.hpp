// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// Pinned host memory for asynchronous copies to a device: two halves, one being filled while the copies from the other
/// are in flight. send waits only if it needs a half whose copies are not done.
///
/// Memory  pinned, allocated by the first copy and by one that is larger than a half.
/// Errors  device: errors of CUDA calls.
class Staging {
public:
    Staging() = default;
    ~Staging() {
        for (const Half& half : halves_) {
            if (half.done) cudaEventDestroy(half.done); // its copies are done: the queue's stream was destroyed before
            if (half.memory) cudaFreeHost(half.memory);
        }
    }
    Staging(Staging&& other) noexcept { swap(other); }
    Staging& operator=(Staging&& other) noexcept {
        swap(other);
        return *this;
    }

    void send(void* to, const void* from, std::size_t bytes, cudaStream_t stream) {
        if (bytes == 0) return;
        if (used_ + bytes > halves_[now_].size) next(bytes, stream);
        std::byte* at = halves_[now_].memory + used_;
        std::memcpy(at, from, bytes);
        used_ += bytes;
        (check)(cudaMemcpyAsync(to, at, bytes, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
    }

private:
    static constexpr std::size_t least = std::size_t{1} << 20;
    struct Half {
        std::byte* memory = nullptr;
        std::size_t size = 0;
        cudaEvent_t done = nullptr;
    };

    void next(std::size_t bytes, cudaStream_t stream) {
        if (halves_[now_].done) (check)(cudaEventRecord(halves_[now_].done, stream), "cudaEventRecord");
        now_ = 1 - now_;
        used_ = 0;
        Half& half = halves_[now_];
        if (!half.done)
            (check)(cudaEventCreateWithFlags(&half.done, cudaEventDisableTiming), "cudaEventCreateWithFlags");
        (check)(cudaEventSynchronize(half.done), "cudaEventSynchronize"); // returns at once if never recorded
        if (bytes <= half.size) return;
        if (half.memory) (check)(cudaFreeHost(std::exchange(half.memory, nullptr)), "cudaFreeHost");
        half.size = 0;
        void* memory = nullptr;
        (check)(cudaMallocHost(&memory, (std::max)(bytes, least)), "cudaMallocHost");
        half.memory = static_cast<std::byte*>(memory);
        half.size = (std::max)(bytes, least);
    }
    void swap(Staging& other) {
        std::swap(halves_, other.halves_);
        std::swap(now_, other.now_);
        std::swap(used_, other.used_);
    }

    Half halves_[2];
    int now_ = 0;
    std::size_t used_ = 0;
};

} // namespace rondo::gpu
