// SPDX-License-Identifier: MIT
#pragma once

// The backend of typed tests: Eigen's, or, in other builds, Thrust's on the host, or by nvcc on a GPU.
#ifdef __CUDACC__
inline constexpr bool by_nvcc = true;
#else
inline constexpr bool by_nvcc = false;
#endif
#ifdef RONDO_TEST_THRUST
#include <rondo/backend/thrust/backend.hpp>

#if defined(__CUDACC__) && THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
// Few sequences a group, since these tests have no more, and fewer kernels are compiled; wide.cpp has the others.
struct Narrow {
    static constexpr rondo::gpu::Target target = [] {
        rondo::gpu::Target hopper = rondo::gpu::Hopper::target;
        hopper.columns = 2;
        return hopper;
    }();
};
template <class S> using TestBackend = rondo::ThrustBackend<S, Narrow>;
#else
// Blocks with few threads, since the host executes them one by one.
struct SmallBlocks {
    static constexpr rondo::gpu::Target target{90, 227 * 1024, 132, {66, 30, 15, 7}, 2, 32};
};
template <class S> using TestBackend = rondo::ThrustBackend<S, SmallBlocks>;
#endif
#else
#include <rondo/backend/eigen/backend.hpp>

template <class S> using TestBackend = rondo::EigenBackend<S>;
#endif
