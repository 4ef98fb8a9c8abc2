// SPDX-License-Identifier: MIT
#pragma once

#include "../../../core/error.hpp"

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <source_location>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

[[noreturn]] inline void refuse(const char* reason, const char* call, const std::source_location& at) {
    fail(Error::Kind::device,
         std::string{"rondo: "} + call + " at " + at.file_name() + ":" + std::to_string(at.line()) + ": " + reason);
}

/// Throws a Failure with the call's name, file and line, and the message of CUDA or cuBLAS.
inline void(check)(cudaError_t result, const char* call, std::source_location at = std::source_location::current()) {
    if (result == cudaSuccess) return;
    cudaGetLastError(); // clears it, else a later call would report it again
    refuse(cudaGetErrorString(result), call, at);
}
inline void(check)(cublasStatus_t result, const char* call, std::source_location at = std::source_location::current()) {
    if (result != CUBLAS_STATUS_SUCCESS) refuse(cublasGetStatusString(result), call, at);
}

} // namespace rondo::gpu
