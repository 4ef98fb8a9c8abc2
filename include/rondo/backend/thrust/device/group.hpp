// SPDX-License-Identifier: MIT
#pragma once

#include "../plan.hpp"

#include <cooperative_groups.h>
#include <cuda/atomic>

#include <cstddef>

namespace rondo::inline v0_1::gpu {

// Clusters came with compute capability 90; code for older devices is compiled, too, and never run.
__device__ inline void meet_cluster() {
#if __CUDA_ARCH__ >= 900
    cooperative_groups::this_cluster().sync();
#endif
}
template <class S>
__device__ S* shared_of_block([[maybe_unused]] int block, S* shared) {
#if __CUDA_ARCH__ >= 900
    return cooperative_groups::this_cluster().map_shared_rank(shared, unsigned(block));
#else
    return shared;
#endif
}

/// What HostGroup plays, on a device: each thread runs its own part, its registers are registers.
///
/// Memory  shared: what was handed, twice, then the weights that have no register; of a grid also global memory, where
///         the blocks hand to each other, and a counter of those that have come, zero at first.
template <class Registers, class S, Plan plan>
class DeviceGroup {
public:
    __device__ DeviceGroup(std::size_t size, S* shared, S* global, unsigned* come)
        : size_{size}, shared_{shared}, global_{global}, come_{come} {
        if constexpr (plan.kind == Kind::cluster) meet_cluster(); // all are there to write to
    }

    template <class F>
    __device__ void each(const F& f) {
        f(int(blockIdx.x % plan.blocks), int(threadIdx.x), registers_);
    }
    template <int count>
    __device__ void add_lanes(S (Registers::*sums)[count]) {
#pragma unroll
        for (int mask = plan.lanes / 2; mask > 0; mask /= 2)
#pragma unroll
            for (int k = 0; k < count; ++k) {
                S& sum = (registers_.*sums)[k];
                sum += __shfl_xor_sync(0xffffffffu, sum, mask);
            }
    }
    __device__ const S* handed(int, int buffer) { return shared_ + std::size_t(buffer) * size_; }
    __device__ void hand(int buffer, std::size_t where, S value) {
        const std::size_t at = std::size_t(buffer) * size_ + where;
        if constexpr (plan.kind == Kind::block) {
            shared_[at] = value;
        } else if constexpr (plan.kind == Kind::cluster) {
#pragma unroll
            for (int block = 0; block < plan.blocks; ++block) shared_of_block(block, shared_)[at] = value;
        } else {
            __stcg(global_ + at, value);
        }
    }
    __device__ S& weight(int, int thread, int k) { return shared_[2 * size_ + std::size_t(k * plan.threads + thread)]; }
    __device__ void meet(int buffer) {
        if constexpr (plan.kind == Kind::block) {
            __syncthreads();
        } else if constexpr (plan.kind == Kind::cluster) {
            meet_cluster();
        } else {
            __syncthreads();
            if (threadIdx.x == 0) {
                ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device> come{*come_};
                come.fetch_add(1, ::cuda::memory_order_release);
                awaited_ += unsigned(plan.blocks);
                while (come.load(::cuda::memory_order_acquire) < awaited_) {}
            }
            __syncthreads();
            const std::size_t from = std::size_t(buffer) * size_;
            for (std::size_t k = threadIdx.x; k < size_; k += std::size_t(plan.threads))
                shared_[from + k] = __ldcg(global_ + from + k);
            __syncthreads();
        }
    }

private:
    std::size_t size_;
    S *shared_, *global_;
    unsigned* come_;
    unsigned awaited_ = 0;
    Registers registers_;
};

} // namespace rondo::gpu
