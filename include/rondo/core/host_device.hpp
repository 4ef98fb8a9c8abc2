// SPDX-License-Identifier: MIT
#pragma once

// Maths that may run on the host and on the device.
#ifdef __CUDACC__
#define RONDO_HOST_DEVICE __host__ __device__
#else
#define RONDO_HOST_DEVICE
#endif

// Loops over what is to stay in registers: their places must be known when they are compiled for a device.
#ifdef __CUDACC__
#define RONDO_UNROLL _Pragma("unroll")
#define RONDO_UNROLL_SOME _Pragma("unroll 2") // where all of it would take more registers than there are
#else
#define RONDO_UNROLL
#define RONDO_UNROLL_SOME
#endif

// The same for what a cell does with a unit: part of every loop that calls it, which clang would else call it from.
#define RONDO_CELL RONDO_HOST_DEVICE __attribute__((always_inline)) inline
