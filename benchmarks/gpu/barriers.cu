// SPDX-License-Identifier: MIT
// The time to exchange numbers and synchronize between threads, for each mechanism that a recurrence could use, in
// microseconds a turn.

#include "barriers.cuh"

#include <rondo/backend/thrust/device/error.hpp>

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <vector>

using rondo::gpu::check;

namespace {

constexpr int turns = 4000, repeats = 15;

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

// How many clusters of this size can be resident at once, with one block a multiprocessor.
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
    measure<ClusterHands<size>>(size * (112 / size), 512); // fills the device
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
