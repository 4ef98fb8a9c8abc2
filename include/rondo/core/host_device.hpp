// SPDX-License-Identifier: MIT
#pragma once

// Functions that are compiled for the host and for the device.
#ifdef __CUDACC__
#define RONDO_HOST_DEVICE __host__ __device__
#else
#define RONDO_HOST_DEVICE
#endif

// Loops over arrays that must stay in registers: in device code that needs indices known at compile time.
#ifdef __CUDACC__
#define RONDO_UNROLL _Pragma("unroll")
#define RONDO_UNROLL_SOME _Pragma("unroll 2") // where unrolling fully would spill registers
#define RONDO_NO_UNROLL _Pragma("unroll 1")   // and where any unrolling would
#else
#define RONDO_UNROLL
#define RONDO_UNROLL_SOME
#define RONDO_NO_UNROLL
#endif

// A cell's functions of one hidden unit: always inlined into the loop over units, since clang otherwise emits calls.
#define RONDO_CELL RONDO_HOST_DEVICE __attribute__((always_inline)) inline
