// SPDX-License-Identifier: MIT
#pragma once

#if !defined(__CUDACC__) && !defined(THRUST_DEVICE_SYSTEM)
#error "rondo: without nvcc, Thrust needs to be told where to compute: -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP"
#endif

#include "plan.hpp"

#include <thrust/execution_policy.h>

// nvcc may compile for Thrust's host systems, too.
#if defined(__CUDACC__) && THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#include "device/queue.hpp"
#else
#include "host/queue.hpp"
#endif
