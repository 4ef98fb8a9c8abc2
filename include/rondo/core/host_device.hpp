// SPDX-License-Identifier: MIT
#pragma once

// The only annotation a cell needs: its maths may run on the host and on the device.
#ifdef __CUDACC__
#define RONDO_HOST_DEVICE __host__ __device__
#else
#define RONDO_HOST_DEVICE
#endif
