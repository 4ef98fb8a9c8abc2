// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/backend/thrust/device/error.hpp>

#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <vector>

/// Microseconds from the end of one run on the device to the end of the next.
struct Times {
    float min, median;
};

/// Number of measurements: at most `most`, as many as fit into `seconds`, but at least 11.
struct Rounds {
    int most = 100;
    double seconds = 0.3;
};

/// Times repeated calls of f, which enqueues work on a stream. If the host is slower than the device, its time is
/// measured.
template <class F>
Times timed(cudaStream_t stream, const Rounds& rounds, const F& f) {
    using rondo::gpu::check;
    using Clock = std::chrono::steady_clock;
    for (int k = 0; k < 2; ++k) f();
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    const auto begin = Clock::now();
    f();
    check(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
    const std::chrono::duration<double> one = Clock::now() - begin;
    const int runs = std::clamp(int(rounds.seconds / one.count()), 11, rounds.most);
    std::vector<cudaEvent_t> events(std::size_t(runs) + 1);
    for (cudaEvent_t& event : events) check(cudaEventCreate(&event), "cudaEventCreate");
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
