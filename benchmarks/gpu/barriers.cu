// SPDX-License-Identifier: MIT
// How long threads take to hand a number on and meet, by each way that a recurrence may do it: microseconds a turn.

#include <rondo/backend/thrust/device/error.hpp>

#include <cooperative_groups.h>
#include <cuda/atomic>
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace cg = cooperative_groups;
using rondo::gpu::check;

namespace {

constexpr int turns = 4000, repeats = 15;

// What a way may use: shared memory of `size` numbers, twice; global memory for all blocks.
struct Memory {
    float* global;
    unsigned* flags; // zero at first
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

/// A cluster that only meets.
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

__device__ inline std::uint32_t shared_address(const void* p) {
    return std::uint32_t(__cvta_generic_to_shared(p));
}

/// The same without a barrier: each number is sent with a count of bytes that the receiver waits for.
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
                    asm volatile("{\n.reg .b32 to, bar;\nmapa.shared::cluster.u32 to, %0, %2;\n"
                                 "mapa.shared::cluster.u32 bar, %1, %2;\n"
                                 "st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.f32 [to], %3, [bar];\n}"
                                 ::"r"(at), "r"(barrier), "r"(block), "f"(mine)
                                 : "memory");
            asm volatile("{\n.reg .pred done;\nwait:\n"
                         "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%0], %1;\n"
                         "@!done bra wait;\n}" ::"r"(barrier), "r"(parity)
                         : "memory");
            mine = shared[turn % 2][(threadIdx.x + 33) % (32 * size)] + 1;
        }
        if (mine < 0) shared[0][0] = mine;
        group.sync();
    }
};

/// All blocks of a grid by cooperative groups.
struct GridMeets {
    static constexpr const char* name = "grid: cooperative groups";
    static constexpr bool cooperative = true;
    static constexpr int cluster = 1;
    __device__ static void run(const Memory&, int n) {
        for (int turn = 0; turn < n; ++turn) cg::this_grid().sync();
    }
};

/// By one counter that all add to.
struct GridCounts {
    static constexpr const char* name = "grid: one counter, numbers through global memory";
    static constexpr bool cooperative = true;
    static constexpr int cluster = 1;
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

/// By a flag a block, which the threads of every block watch together.
struct GridFlags {
    static constexpr const char* name = "grid: a flag a block, numbers through global memory";
    static constexpr bool cooperative = true;
    static constexpr int cluster = 1;
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

/// By the numbers themselves: each travels with the turn it is of, eight bytes that are written and read at once.
struct GridTagged {
    static constexpr const char* name = "grid: numbers with their turn, no barrier";
    static constexpr bool cooperative = true;
    static constexpr int cluster = 1;
    __device__ static void run(const Memory& memory, int n) {
        float mine = float(threadIdx.x);
        const unsigned all = gridDim.x * 32;
        volatile std::uint64_t* const slots = reinterpret_cast<std::uint64_t*>(memory.global);
        for (int turn = 0; turn < n; ++turn) {
            volatile std::uint64_t* const to = slots + std::size_t(turn % 2) * all;
            if (threadIdx.x < 32)
                to[blockIdx.x * 32 + threadIdx.x] =
                    std::uint64_t(turn + 1) << 32 | std::uint64_t(__float_as_uint(mine));
            // Each thread takes its share of all numbers, as a recurrence's do.
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

template <class Way>
__global__ void __launch_bounds__(1024, 1) turn_around(Memory memory, int n) {
    Way::run(memory, n);
}

template <class Way>
void measure(int blocks, int threads) {
    static Memory memory = [] {
        Memory m;
        check(cudaMalloc(&m.global, std::size_t{1} << 20), "cudaMalloc");
        check(cudaMalloc(&m.flags, 4096), "cudaMalloc");
        return m;
    }();
    const auto kernel = turn_around<Way>;
    cudaLaunchAttribute attribute[1];
    if (Way::cluster > 1) {
        if (Way::cluster > 8)
            check(cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
                  "cudaFuncSetAttribute");
        attribute[0].id = cudaLaunchAttributeClusterDimension;
        attribute[0].val.clusterDim = {unsigned(Way::cluster), 1, 1};
    } else {
        attribute[0].id = cudaLaunchAttributeCooperative;
        attribute[0].val.cooperative = 1;
    }
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(unsigned(blocks));
    config.blockDim = dim3(unsigned(threads));
    config.attrs = attribute;
    config.numAttrs = Way::cluster > 1 || Way::cooperative ? 1 : 0;
    cudaEvent_t begin, end;
    check(cudaEventCreate(&begin), "cudaEventCreate");
    check(cudaEventCreate(&end), "cudaEventCreate");
    std::vector<float> times;
    for (int k = 0; k < repeats + 1; ++k) {
        check(cudaMemset(memory.flags, 0, 4096), "cudaMemset");
        check(cudaMemset(memory.global, 0, std::size_t{1} << 20), "cudaMemset");
        check(cudaEventRecord(begin), "cudaEventRecord");
        check(cudaLaunchKernelEx(&config, kernel, memory, turns), "cudaLaunchKernelEx");
        check(cudaEventRecord(end), "cudaEventRecord");
        check(cudaEventSynchronize(end), "cudaEventSynchronize");
        float ms = 0;
        check(cudaEventElapsedTime(&ms, begin, end), "cudaEventElapsedTime");
        if (k > 0) times.push_back(ms * 1000 / turns);
    }
    std::ranges::sort(times);
    std::printf("%-54s %4d blocks %5d threads  min %6.3f  median %6.3f us\n", Way::name, blocks, threads, times.front(),
                times[times.size() / 2]);
    std::fflush(stdout);
}

// Clusters of this size that the device has room for at once, a block a multiprocessor.
template <int size>
void room() {
    const auto kernel = turn_around<ClusterMeets<size>>;
    constexpr int shared = 200 << 10;
    if (size > 8)
        check(cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1), "cudaFuncSetAttribute");
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared), "cudaFuncSetAttribute");
    cudaLaunchAttribute attribute[1];
    attribute[0].id = cudaLaunchAttributeClusterDimension;
    attribute[0].val.clusterDim = {unsigned(size), 1, 1};
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(unsigned(size) * 64);
    config.blockDim = dim3(256);
    config.dynamicSmemBytes = shared;
    config.attrs = attribute;
    config.numAttrs = 1;
    int count = 0;
    check(cudaOccupancyMaxActiveClusters(&count, kernel, &config), "cudaOccupancyMaxActiveClusters");
    std::printf("room for %d clusters of %d blocks at once\n", count, size);
}

template <int size>
void clusters() {
    room<size>();
    for (const int threads : {256, 512}) {
        measure<ClusterMeets<size>>(size, threads);
        measure<ClusterHands<size>>(size, threads);
        measure<ClusterSends<size>>(size, threads);
    }
    measure<ClusterHands<size>>(size * (112 / size), 512); // a device full of them
    measure<ClusterSends<size>>(size * (112 / size), 512);
}

} // namespace

int main() {
    for (const int threads : {32, 128, 256, 512, 1024}) measure<Block>(1, threads);
    clusters<2>();
    clusters<4>();
    clusters<8>();
    clusters<16>();
    for (const int blocks : {8, 32, 64, 128}) {
        measure<GridMeets>(blocks, 512);
        measure<GridCounts>(blocks, 512);
        measure<GridFlags>(blocks, 512);
        measure<GridTagged>(blocks, 512);
    }
}
