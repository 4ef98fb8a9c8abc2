// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/memory.hpp>
#include <rondo/core/unroll.hpp>
#include <rondo/simd/pack.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <map>
#include <string>

/// The peak rate of one core, measured in the same run: independent chains of fused multiply-add.
///
/// Units  floating-point operations per nanosecond.
template <class S>
double operations_limit() {
    using P = rondo::Pack<S>;
    constexpr int chains = 12, rounds = 1'000'000;
    P sum[chains];
    rondo::unroll<chains>([&](auto k) __attribute__((always_inline)) { sum[k] = P(S(1)); });
    const volatile S near_one = S(0.999); // volatile, so that the compiler does not know it
    const P factor(near_one);
    double best = 0;
    for (int repeat = 0; repeat < 10; ++repeat) {
        const std::clock_t start = std::clock(); // CPU time, as the benchmarks' rates
        for (int k = 0; k < rounds; ++k)
            rondo::unroll<chains>(
                [&](auto c) __attribute__((always_inline)) { sum[c] = rondo::math::fma(sum[c], factor, factor); });
        const double time = double(std::clock() - start) / CLOCKS_PER_SEC;
        best = std::max(best, 2e-9 * chains * P::size * rounds / time);
    }
    // Only the total is passed to DoNotOptimize, which would force each sum into memory.
    for (int k = 1; k < chains; ++k) sum[0] = sum[0] + sum[k];
    benchmark::DoNotOptimize(rondo::math::sum(sum[0]));
    return best;
}

/// The bandwidth at which one core reads `bytes` repeatedly, in serpentine order, from the cache that holds them.
///
/// Units  bytes per nanosecond.
inline double read_limit(std::size_t bytes) {
    using P = rondo::Pack<float>;
    constexpr std::size_t chains = 8, stride = chains * P::size;
    static std::map<std::size_t, double> known;
    const std::size_t iterations = std::max<std::size_t>(bytes / (stride * sizeof(float)), 1);
    double& best = known[iterations];
    if (best > 0) return best;
    const rondo::Buffer<float> block(iterations * stride, 1.0f);
    const std::size_t rounds = std::max<std::size_t>(2'000'000 / (iterations * chains), 2) / 2 * 2;
    P sum[chains];
    rondo::unroll<int(chains)>([&](auto k) __attribute__((always_inline)) { sum[k] = P(0.0f); });
    for (int repeat = 0; repeat < 5; ++repeat) {
        const std::clock_t start = std::clock();
        for (std::size_t round = 0; round < rounds; ++round) {
            const float* at = block.data() + (round % 2 == 0 ? 0 : (iterations - 1) * stride);
            const std::ptrdiff_t step = round % 2 == 0 ? std::ptrdiff_t(stride) : -std::ptrdiff_t(stride);
            for (std::size_t k = 0; k < iterations; ++k, at += step)
                rondo::unroll<int(chains)>(
                    [&](auto c) __attribute__((always_inline)) { sum[c] = sum[c] + P::load(at + c * P::size); });
        }
        const double time = double(std::clock() - start) / CLOCKS_PER_SEC;
        best = std::max(best, 1e-9 * double(rounds * iterations * stride * sizeof(float)) / time);
    }
    for (std::size_t k = 1; k < chains; ++k) sum[0] = sum[0] + sum[k];
    benchmark::DoNotOptimize(rondo::math::sum(sum[0]));
    return best;
}

inline double limit() {
    static const double limit = operations_limit<float>();
    return limit;
}

/// Reports the GFLOP/s of a run of `operations`, and the least possible time relative to the measured one.
///
/// The least possible time is the sum of two: that of the operations outside the loop over steps, a fraction
/// `outside_steps` of all, at the peak rate; and that of the loop, which is the time of its operations at the peak rate
/// or of reading `bytes` of weights `reads` times, whichever is longer.
inline void report(benchmark::State& state, double operations, std::size_t bytes, double reads = 1,
                   double outside_steps = 0) {
    using benchmark::Counter;
    const double reading = reads * double(bytes) / read_limit(bytes);
    const double computing = operations / limit();
    const double least = outside_steps * computing + std::max((1 - outside_steps) * computing, reading);
    state.counters["GFLOP/s"] = Counter(operations * 1e-9, Counter::kIsIterationInvariantRate);
    state.counters["of_limit"] = Counter(least * 1e-9, Counter::kIsIterationInvariantRate);
    state.counters["reading_ns"] = reading;
    state.counters["outside_steps"] = outside_steps;
}

inline int run(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("processor", std::string{rondo::simd::Native::name});
    benchmark::AddCustomContext("limit, GFLOP/s", std::to_string(limit()));
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
