// SPDX-License-Identifier: MIT
// Measures how long threads take to exchange values and synchronize, for each mechanism that a recurrence could use, in
// microseconds per iteration.

#include "barriers.cuh"

#include <rondo/backend/thrust/device/error.hpp>

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <vector>

using rondo::gpu::check;

namespace {

constexpr int iterations = 4000, repeats = 15;

template <class Mechanism>
__global__ void __launch_bounds__(1024, 1) iterate(Memory memory, int n) {
    Mechanism::run(memory, n);
}

template <class Mechanism>
void measure(int blocks, int threads) {
    static Memory memory = [] {
        Memory m;
        check(cudaMalloc(&m.global, std::size_t{1} << 20), "cudaMalloc");
        check(cudaMalloc(&m.flags, 4096), "cudaMalloc");
        return m;
    }();
    const auto kernel = iterate<Mechanism>;
    cudaLaunchAttribute attribute[1];
    if (Mechanism::cluster > 1) {
        if (Mechanism::cluster > 8)
            check(cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
                  "cudaFuncSetAttribute");
        attribute[0].id = cudaLaunchAttributeClusterDimension;
        attribute[0].val.clusterDim = {unsigned(Mechanism::cluster), 1, 1};
    } else {
        attribute[0].id = cudaLaunchAttributeCooperative;
        attribute[0].val.cooperative = 1;
    }
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(unsigned(blocks));
    config.blockDim = dim3(unsigned(threads));
    config.attrs = attribute;
    config.numAttrs = Mechanism::cluster > 1 || Mechanism::cooperative ? 1 : 0;
    cudaEvent_t begin, end;
    check(cudaEventCreate(&begin), "cudaEventCreate");
    check(cudaEventCreate(&end), "cudaEventCreate");
    std::vector<float> times;
    for (int k = 0; k < repeats + 1; ++k) {
        check(cudaMemset(memory.flags, 0, 4096), "cudaMemset");
        check(cudaMemset(memory.global, 0, std::size_t{1} << 20), "cudaMemset");
        check(cudaEventRecord(begin), "cudaEventRecord");
        check(cudaLaunchKernelEx(&config, kernel, memory, iterations), "cudaLaunchKernelEx");
        check(cudaEventRecord(end), "cudaEventRecord");
        check(cudaEventSynchronize(end), "cudaEventSynchronize");
        float ms = 0;
        check(cudaEventElapsedTime(&ms, begin, end), "cudaEventElapsedTime");
        if (k > 0) // the first run is a warm-up
            times.push_back(ms * 1000 / iterations);
    }
    std::ranges::sort(times);
    std::printf("%-54s %4d blocks %5d threads  min %6.3f  median %6.3f us\n", Mechanism::name, blocks, threads,
                times.front(), times[times.size() / 2]);
    std::fflush(stdout);
}

// Prints how many clusters of `size` blocks can be resident at once, if the blocks use so much shared memory that each
// multiprocessor holds one of them.
template <int size>
void print_max_active_clusters() {
    const auto kernel = iterate<ClusterBarrier<size>>;
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
    std::printf("at most %d clusters of %d blocks are resident at once\n", count, size);
}

template <int size>
void measure_clusters() {
    print_max_active_clusters<size>();
    for (const int threads : {256, 512}) {
        measure<ClusterBarrier<size>>(size, threads);
        measure<ClusterStores<size>>(size, threads);
        measure<ClusterAsyncStores<size>>(size, threads);
    }
    // As many blocks as an H100 holds at once in clusters of 16.
    measure<ClusterStores<size>>(size * (112 / size), 512);
    measure<ClusterAsyncStores<size>>(size * (112 / size), 512);
}

} // namespace

int main() {
    for (const int threads : {32, 128, 256, 512, 1024}) measure<Block>(1, threads);
    measure_clusters<2>();
    measure_clusters<4>();
    measure_clusters<8>();
    measure_clusters<16>();
    for (const int blocks : {8, 32, 64, 128}) {
        measure<GridBarrier>(blocks, 512);
        measure<GridCounter>(blocks, 512);
        measure<GridFlags>(blocks, 512);
        measure<GridTagged>(blocks, 512);
    }
}
