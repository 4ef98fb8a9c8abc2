// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/unroll.hpp>
#include <rondo/math/pack.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <string>

/// What one core can do at best: fused multiplications and additions that wait for nothing, measured by the same run.
///
/// Units  floating-point operations a nanosecond.
template <class S>
double operations_limit() {
    using P = rondo::Pack<S>;
    constexpr int chains = 12, rounds = 1'000'000;
    P sum[chains];
    rondo::unroll<chains>([&](auto k) __attribute__((always_inline)) { sum[k] = P(S(1)); });
    const volatile S near_one = S(0.999); // known to nobody
    const P factor(near_one);
    double best = 0;
    for (int repeat = 0; repeat < 10; ++repeat) {
        const std::clock_t start = std::clock(); // of this process alone, as the benchmarks' rates are
        for (int k = 0; k < rounds; ++k)
            rondo::unroll<chains>([&](auto c) __attribute__((always_inline)) {
                sum[c] = rondo::math::fma(sum[c], factor, factor);
            });
        const double time = double(std::clock() - start) / CLOCKS_PER_SEC;
        best = std::max(best, 2e-9 * chains * P::size * rounds / time);
    }
    // Not each sum by itself, whose place would then be in memory.
    for (int k = 1; k < chains; ++k) sum[0] = sum[0] + sum[k];
    benchmark::DoNotOptimize(rondo::math::sum(sum[0]));
    return best;
}

inline double limit() {
    static const double limit = operations_limit<float>();
    return limit;
}

/// GFLOP/s of a run of so many operations, and its share of the limit.
inline void report(benchmark::State& state, double operations) {
    using benchmark::Counter;
    state.counters["GFLOP/s"] = Counter(operations * 1e-9, Counter::kIsIterationInvariantRate);
    state.counters["of_limit"] = Counter(operations * 1e-9 / limit(), Counter::kIsIterationInvariantRate);
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
