// SPDX-License-Identifier: MIT
#pragma once

#include <cooperative_groups.h>
#include <cuda/atomic>

#include <cstddef>
#include <cstdint>

// Mechanisms by which threads exchange values and synchronize. Each `run` does so n times.

namespace cg = cooperative_groups;

// Global memory that a mechanism may use.
struct Memory {
    float* global;
    unsigned* flags; // initially zero
};

/// One block: shared memory and __syncthreads.
struct Block {
    static constexpr const char* name = "block: shared memory, __syncthreads";
    static constexpr bool cooperative = false;
    static constexpr int cluster = 1;
    __device__ static void run(const Memory&, int n) {
        __shared__ float shared[2][1024];
        float value = float(threadIdx.x);
        for (int iteration = 0; iteration < n; ++iteration) {
            shared[iteration % 2][threadIdx.x] = value;
            __syncthreads();
            value = shared[iteration % 2][(threadIdx.x + 33) % blockDim.x] + 1;
        }
        if (value < 0) shared[0][0] = value;
    }
};

/// A barrier of a cluster, without an exchange of values.
template <int size>
struct ClusterBarrier {
    static constexpr const char* name = "cluster: barrier only";
    static constexpr bool cooperative = false;
    static constexpr int cluster = size;
    __device__ static void run(const Memory&, int n) {
        for (int iteration = 0; iteration < n; ++iteration) cg::this_cluster().sync();
    }
};

/// The first warp of each block of a cluster stores 32 values in the shared memory of every block; then a barrier.
template <int size>
struct ClusterStores {
    static constexpr const char* name = "cluster: values to all blocks, barrier";
    static constexpr bool cooperative = false;
    static constexpr int cluster = size;
    __device__ static void run(const Memory&, int n) {
        __shared__ float shared[2][32 * 16];
        const auto group = cg::this_cluster();
        const unsigned rank = group.block_rank();
        float value = float(threadIdx.x);
        group.sync();
        for (int iteration = 0; iteration < n; ++iteration) {
            float* const at = &shared[iteration % 2][rank * 32 + threadIdx.x % 32];
            if (threadIdx.x < 32)
#pragma unroll
                for (unsigned block = 0; block < size; ++block) *group.map_shared_rank(at, block) = value;
            group.sync();
            value = shared[iteration % 2][(threadIdx.x + 33) % (32 * size)] + 1;
        }
        if (value < 0) shared[0][0] = value;
        group.sync();
    }
};

__device__ inline std::uint32_t shared_address(const void* p) { return std::uint32_t(__cvta_generic_to_shared(p)); }

/// The same without a barrier: values are stored by st.async, and each block waits for its own on an mbarrier.
template <int size>
struct ClusterAsyncStores {
    static constexpr const char* name = "cluster: st.async to all blocks, mbarrier";
    static constexpr bool cooperative = false;
    static constexpr int cluster = size;
    __device__ static void run(const Memory&, int n) {
        __shared__ float shared[2][32 * 16];
        __shared__ alignas(8) std::uint64_t arrived[2];
        const auto group = cg::this_cluster();
        const unsigned rank = group.block_rank();
        if (threadIdx.x == 0)
            for (auto& barrier : arrived)
                asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(&barrier)) : "memory");
        float value = float(threadIdx.x);
        group.sync();
        for (int iteration = 0; iteration < n; ++iteration) {
            const std::uint32_t barrier = shared_address(&arrived[iteration % 2]), parity = unsigned(iteration / 2) % 2;
            if (threadIdx.x == 0)
                asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(size * 128)
                             : "memory");
            const std::uint32_t at = shared_address(&shared[iteration % 2][rank * 32 + threadIdx.x % 32]);
            if (threadIdx.x < 32)
#pragma unroll
                for (unsigned block = 0; block < size; ++block)
                    asm volatile(
                        "{\n.reg .b32 to, bar;\nmapa.shared::cluster.u32 to, %0, %2;\n"
                        "mapa.shared::cluster.u32 bar, %1, %2;\n"
                        "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.f32 [to], %3, [bar];\n}" ::"r"(at),
                        "r"(barrier), "r"(block), "f"(value)
                        : "memory");
            asm volatile("{\n.reg .pred done;\nwait:\n"
                         "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%0], %1;\n"
                         "@!done bra wait;\n}" ::"r"(barrier),
                         "r"(parity)
                         : "memory");
            value = shared[iteration % 2][(threadIdx.x + 33) % (32 * size)] + 1;
        }
        if (value < 0) shared[0][0] = value;
        group.sync();
    }
};

struct Grid {
    static constexpr bool cooperative = true;
    static constexpr int cluster = 1;
};

/// A barrier of a grid by cooperative groups, without an exchange of values.
struct GridBarrier : Grid {
    static constexpr const char* name = "grid: barrier of cooperative groups only";
    __device__ static void run(const Memory&, int n) {
        for (int iteration = 0; iteration < n; ++iteration) cg::this_grid().sync();
    }
};

/// Values in global memory, and one counter that all blocks increment and poll.
struct GridCounter : Grid {
    static constexpr const char* name = "grid: values in global memory, one counter";
    __device__ static void run(const Memory& memory, int n) {
        ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device> arrived{*memory.flags};
        float value = float(threadIdx.x);
        const unsigned all = gridDim.x * 32;
        for (int iteration = 0; iteration < n; ++iteration) {
            float* const to = memory.global + std::size_t(iteration % 2) * all;
            if (threadIdx.x < 32) __stcg(to + blockIdx.x * 32 + threadIdx.x, value);
            __syncthreads();
            if (threadIdx.x == 0) {
                arrived.fetch_add(1, ::cuda::memory_order_release);
                while (arrived.load(::cuda::memory_order_acquire) < unsigned(iteration + 1) * gridDim.x) {}
            }
            __syncthreads();
            value = __ldcg(to + (threadIdx.x + 33) % all) + 1;
        }
        if (value < 0) memory.global[0] = value;
    }
};

/// Values in global memory, and one flag per block. In each block, thread k polls the flag of block k.
struct GridFlags : Grid {
    static constexpr const char* name = "grid: values in global memory, one flag per block";
    __device__ static void run(const Memory& memory, int n) {
        float value = float(threadIdx.x);
        const unsigned all = gridDim.x * 32;
        for (int iteration = 0; iteration < n; ++iteration) {
            float* const to = memory.global + std::size_t(iteration % 2) * all;
            if (threadIdx.x < 32) {
                __stcg(to + blockIdx.x * 32 + threadIdx.x, value);
                __syncwarp();
                if (threadIdx.x == 0)
                    ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device>{memory.flags[blockIdx.x]}.store(
                        unsigned(iteration + 1), ::cuda::memory_order_release);
            }
            if (threadIdx.x < gridDim.x) {
                ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device> flag{memory.flags[threadIdx.x]};
                while (flag.load(::cuda::memory_order_acquire) < unsigned(iteration + 1)) {}
            }
            __syncthreads();
            value = __ldcg(to + (threadIdx.x + 33) % all) + 1;
        }
        if (value < 0) memory.global[0] = value;
    }
};

/// Values in global memory, each with the number of its iteration: eight bytes, which are written and read atomically.
struct GridTagged : Grid {
    static constexpr const char* name = "grid: values tagged with their iteration, no barrier";
    __device__ static void run(const Memory& memory, int n) {
        float value = float(threadIdx.x);
        const unsigned all = gridDim.x * 32;
        volatile std::uint64_t* const slots = reinterpret_cast<std::uint64_t*>(memory.global);
        for (int iteration = 0; iteration < n; ++iteration) {
            volatile std::uint64_t* const to = slots + std::size_t(iteration % 2) * all;
            if (threadIdx.x < 32)
                to[blockIdx.x * 32 + threadIdx.x] =
                    std::uint64_t(iteration + 1) << 32 | std::uint64_t(__float_as_uint(value));
            // Each thread reads a part of all values, as in a recurrence.
            float sum = 0;
            for (unsigned k = threadIdx.x; k < all; k += blockDim.x) {
                std::uint64_t got = to[k];
                while (unsigned(got >> 32) != unsigned(iteration + 1)) got = to[k];
                sum += __uint_as_float(unsigned(got));
            }
            value = sum + 1;
            __syncthreads();
        }
        if (value < 0) memory.global[0] = value;
    }
};
