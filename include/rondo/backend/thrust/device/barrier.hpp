// SPDX-License-Identifier: MIT
#pragma once

#include "../../../version.hpp"

#include <cooperative_groups.h>

#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

// Clusters need compute capability 9.0; for older devices this compiles to nothing and is never run.
__device__ inline void meet_cluster() {
#if __CUDA_ARCH__ >= 900
    cooperative_groups::this_cluster().sync();
#endif
}

__device__ inline std::uint32_t shared_address(const void* p) { return std::uint32_t(__cvta_generic_to_shared(p)); }

/// A transaction barrier (mbarrier) in a block's shared memory: it counts the bytes that the blocks of its cluster send
/// there in each round. It replaces a cluster barrier: a block that has received all bytes knows that all have sent.
///
/// Source  PTX ISA, "mbarrier" and "st.async".
class Arrivals {
public:
    /// Initializes it; called by one thread, before the cluster's first barrier.
    __device__ void begin() {
#if __CUDA_ARCH__ >= 900
        asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(&state_)) : "memory");
        asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
    }
    /// Sets the bytes that a round expects; called by one thread, once per round.
    __device__ void expect([[maybe_unused]] unsigned bytes) {
#if __CUDA_ARCH__ >= 900
        asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(&state_)), "r"(bytes)
                     : "memory");
#endif
    }
    /// Waits for the end of a round. `parity`: of the number of rounds before it.
    __device__ void wait([[maybe_unused]] unsigned parity) {
#if __CUDA_ARCH__ >= 900
        asm volatile("{\n.reg .pred come;\n"
                     "again:\n"
                     "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 come, [%0], %1;\n"
                     "@!come bra again;\n}" ::"r"(shared_address(&state_)),
                     "r"(parity)
                     : "memory");
#endif
    }
    /// Stores words at the same address in another block's shared memory, asynchronously; they count in its barrier.
    template <int words>
    __device__ void send([[maybe_unused]] const void* where, [[maybe_unused]] const std::uint32_t (&w)[words],
                         [[maybe_unused]] int block) {
#if __CUDA_ARCH__ >= 900
        std::uint32_t to, come;
        asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(to) : "r"(shared_address(where)), "r"(block));
        asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(come) : "r"(shared_address(&state_)), "r"(block));
        if constexpr (words == 1)
            asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.b32 [%0], %1, [%2];" ::"r"(to),
                         "r"(w[0]), "r"(come)
                         : "memory");
        else if constexpr (words == 2)
            asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v2.b32 [%0], {%1, %2}, [%3];" ::"r"(to),
                         "r"(w[0]), "r"(w[1]), "r"(come)
                         : "memory");
        else
            asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1, %2, %3, %4}, "
                         "[%5];" ::"r"(to),
                         "r"(w[0]), "r"(w[1]), "r"(w[2]), "r"(w[3]), "r"(come)
                         : "memory");
#endif
    }

    /// Bulk copy of `bytes`, a multiple of 16, to the same address in another block's shared memory; they count in its
    /// barrier. The source must be written before copy_follows() and a __syncthreads().
    __device__ void copy([[maybe_unused]] const void* where, [[maybe_unused]] unsigned bytes,
                         [[maybe_unused]] int block) {
#if __CUDA_ARCH__ >= 900
        std::uint32_t to, come;
        const std::uint32_t from = shared_address(where);
        asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(to) : "r"(from), "r"(block));
        asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(come) : "r"(shared_address(&state_)), "r"(block));
        asm volatile(
            "cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
            "r"(from), "r"(bytes), "r"(come)
            : "memory");
#endif
    }
    __device__ static void copy_follows() {
#if __CUDA_ARCH__ >= 900
        asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
    }

private:
    std::uint64_t state_;
};

} // namespace rondo::gpu
