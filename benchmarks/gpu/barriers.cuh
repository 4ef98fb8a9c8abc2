// SPDX-License-Identifier: MIT
#pragma once

#include <cooperative_groups.h>
#include <cuda/atomic>

#include <cstddef>
#include <cstdint>

// Mechanisms by which threads exchange numbers and synchronize, for n turns.

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
        float mine = float(threadIdx.x);
        for (int turn = 0; turn < n; ++turn) {
            shared[turn % 2][threadIdx.x] = mine;
            __syncthreads();
            mine = shared[turn % 2][(threadIdx.x + 33) % blockDim.x] + 1;
        }
        if (mine < 0) shared[0][0] = mine;
    }
};

/// A cluster barrier without an exchange.
template <int size>
struct ClusterMeets {
    static constexpr const char* name = "cluster: barrier alone";
    static constexpr bool cooperative = false;
    static constexpr int cluster = size;
    __device__ static void run(const Memory&, int n) {
        for (int turn = 0; turn < n; ++turn) cg::this_cluster().sync();
    }
};

/// A cluster whose first warp of each block writes 32 numbers into every block's shared memory.
template <int size>
struct ClusterHands {
    static constexpr const char* name = "cluster: numbers to all blocks, barrier";
    static constexpr bool cooperative = false;
    static constexpr int cluster = size;
    __device__ static void run(const Memory&, int n) {
        __shared__ float shared[2][32 * 16];
        const auto group = cg::this_cluster();
        const unsigned rank = group.block_rank();
        float mine = float(threadIdx.x);
        group.sync();
        for (int turn = 0; turn < n; ++turn) {
            float* const at = &shared[turn % 2][rank * 32 + threadIdx.x % 32];
            if (threadIdx.x < 32)
#pragma unroll
                for (unsigned block = 0; block < size; ++block) *group.map_shared_rank(at, block) = mine;
            group.sync();
            mine = shared[turn % 2][(threadIdx.x + 33) % (32 * size)] + 1;
        }
        if (mine < 0) shared[0][0] = mine;
        group.sync();
    }
};

__device__ inline std::uint32_t shared_address(const void* p) { return std::uint32_t(__cvta_generic_to_shared(p)); }

/// The same without a barrier: numbers are sent by st.async, and the receiver waits for their bytes on an mbarrier.
template <int size>
struct ClusterSends {
    static constexpr const char* name = "cluster: st.async to all blocks, mbarrier";
    static constexpr bool cooperative = false;
    static constexpr int cluster = size;
    __device__ static void run(const Memory&, int n) {
        __shared__ float shared[2][32 * 16];
        __shared__ alignas(8) std::uint64_t come[2];
        const auto group = cg::this_cluster();
        const unsigned rank = group.block_rank();
        if (threadIdx.x == 0)
            for (auto& barrier : come)
                asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(&barrier)) : "memory");
        float mine = float(threadIdx.x);
        group.sync();
        for (int turn = 0; turn < n; ++turn) {
            const std::uint32_t barrier = shared_address(&come[turn % 2]), parity = unsigned(turn / 2) % 2;
            if (threadIdx.x == 0)
                asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(size * 128)
                             : "memory");
            const std::uint32_t at = shared_address(&shared[turn % 2][rank * 32 + threadIdx.x % 32]);
            if (threadIdx.x < 32)
#pragma unroll
                for (unsigned block = 0; block < size; ++block)
                    asm volatile(
                        "{\n.reg .b32 to, bar;\nmapa.shared::cluster.u32 to, %0, %2;\n"
                        "mapa.shared::cluster.u32 bar, %1, %2;\n"
                        "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.f32 [to], %3, [bar];\n}" ::"r"(at),
                        "r"(barrier), "r"(block), "f"(mine)
                        : "memory");
            asm volatile("{\n.reg .pred done;\nwait:\n"
                         "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%0], %1;\n"
                         "@!done bra wait;\n}" ::"r"(barrier),
                         "r"(parity)
                         : "memory");
            mine = shared[turn % 2][(threadIdx.x + 33) % (32 * size)] + 1;
        }
        if (mine < 0) shared[0][0] = mine;
        group.sync();
    }
};

struct OfGrid {
    static constexpr bool cooperative = true;
    static constexpr int cluster = 1;
};

/// All blocks of a grid, by cooperative groups.
struct GridMeets : OfGrid {
    static constexpr const char* name = "grid: cooperative groups";
    __device__ static void run(const Memory&, int n) {
        for (int turn = 0; turn < n; ++turn) cg::this_grid().sync();
    }
};

/// By one counter that all blocks increment.
struct GridCounts : OfGrid {
    static constexpr const char* name = "grid: one counter, numbers through global memory";
    __device__ static void run(const Memory& memory, int n) {
        ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device> come{*memory.flags};
        float mine = float(threadIdx.x);
        const unsigned all = gridDim.x * 32;
        for (int turn = 0; turn < n; ++turn) {
            float* const to = memory.global + std::size_t(turn % 2) * all;
            if (threadIdx.x < 32) __stcg(to + blockIdx.x * 32 + threadIdx.x, mine);
            __syncthreads();
            if (threadIdx.x == 0) {
                come.fetch_add(1, ::cuda::memory_order_release);
                while (come.load(::cuda::memory_order_acquire) < unsigned(turn + 1) * gridDim.x) {}
            }
            __syncthreads();
            mine = __ldcg(to + (threadIdx.x + 33) % all) + 1;
        }
        if (mine < 0) memory.global[0] = mine;
    }
};

/// By a flag for each block, which the threads of every block poll together.
struct GridFlags : OfGrid {
    static constexpr const char* name = "grid: a flag a block, numbers through global memory";
    __device__ static void run(const Memory& memory, int n) {
        float mine = float(threadIdx.x);
        const unsigned all = gridDim.x * 32;
        for (int turn = 0; turn < n; ++turn) {
            float* const to = memory.global + std::size_t(turn % 2) * all;
            if (threadIdx.x < 32) {
                __stcg(to + blockIdx.x * 32 + threadIdx.x, mine);
                __syncwarp();
                if (threadIdx.x == 0)
                    ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device>{memory.flags[blockIdx.x]}.store(
                        unsigned(turn + 1), ::cuda::memory_order_release);
            }
            if (threadIdx.x < gridDim.x) {
                ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device> flag{memory.flags[threadIdx.x]};
                while (flag.load(::cuda::memory_order_acquire) < unsigned(turn + 1)) {}
            }
            __syncthreads();
            mine = __ldcg(to + (threadIdx.x + 33) % all) + 1;
        }
        if (mine < 0) memory.global[0] = mine;
    }
};

/// By tagged numbers: each is stored with its turn in eight bytes, which are written and read atomically.
struct GridTagged : OfGrid {
    static constexpr const char* name = "grid: numbers with their turn, no barrier";
    __device__ static void run(const Memory& memory, int n) {
        float mine = float(threadIdx.x);
        const unsigned all = gridDim.x * 32;
        volatile std::uint64_t* const slots = reinterpret_cast<std::uint64_t*>(memory.global);
        for (int turn = 0; turn < n; ++turn) {
            volatile std::uint64_t* const to = slots + std::size_t(turn % 2) * all;
            if (threadIdx.x < 32)
                to[blockIdx.x * 32 + threadIdx.x] =
                    std::uint64_t(turn + 1) << 32 | std::uint64_t(__float_as_uint(mine));
            // Each thread reads a part of all numbers, as in a recurrence.
            float sum = 0;
            for (unsigned k = threadIdx.x; k < all; k += blockDim.x) {
                std::uint64_t got = to[k];
                while (unsigned(got >> 32) != unsigned(turn + 1)) got = to[k];
                sum += __uint_as_float(unsigned(got));
            }
            mine = sum + 1;
            __syncthreads();
        }
        if (mine < 0) memory.global[0] = mine;
    }
};
