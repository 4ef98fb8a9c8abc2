// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/backend/thrust/device/error.hpp>

#include <cuda_runtime.h>

#include <algorithm>
#include <vector>

/// Microseconds of the device.
struct Times { float min, median; };

inline __global__ void idle(long long cycles) {
    for (const long long begin = clock64(); clock64() - begin < cycles;) {}
}

/// Runs f, which queues its work on a stream, so many times: the device is kept idle until the host is ahead of it, so
/// that it is the device that is measured.
template <class F>
Times timed(cudaStream_t stream, int runs, const F& f) {
    using rondo::gpu::check;
    for (int k = 0; k < 3; ++k) f();
    std::vector<cudaEvent_t> events(std::size_t(runs) + 1);
    for (cudaEvent_t& event : events) check(cudaEventCreate(&event), "cudaEventCreate");
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    idle<<<1, 1, 0, stream>>>(4'000'000);
    check(cudaEventRecord(events[0], stream), "cudaEventRecord");
    for (std::size_t k = 1; k < events.size(); ++k) {
        f();
        check(cudaEventRecord(events[k], stream), "cudaEventRecord");
    }
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    std::vector<float> times;
    for (std::size_t k = 1; k < events.size(); ++k) {
        float ms = 0;
        check(cudaEventElapsedTime(&ms, events[k - 1], events[k]), "cudaEventElapsedTime");
        times.push_back(ms * 1000);
    }
    for (const cudaEvent_t event : events) cudaEventDestroy(event);
    std::ranges::sort(times);
    return {times.front(), times[times.size() / 2]};
}
