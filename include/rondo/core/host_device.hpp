// SPDX-License-Identifier: MIT
#pragma once

// Maths that may run on the host and on the device.
#ifdef __CUDACC__
#define RONDO_HOST_DEVICE __host__ __device__
#else
#define RONDO_HOST_DEVICE
#endif

// The same for what a cell does with a unit: part of every loop that calls it, which clang would else call it from.
#define RONDO_CELL RONDO_HOST_DEVICE __attribute__((always_inline)) inline
