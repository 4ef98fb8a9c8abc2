// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/backend/concept.hpp>
#include <rondo/model/model.hpp>

#if defined(RONDO_EXAMPLES_THRUST)
#include <rondo/backend/thrust/backend.hpp>
#else
#include <rondo/backend/eigen/backend.hpp>
#endif

#include <string>

namespace common {

/// The backend that trains the examples' networks, selected at compile time. Streams, sampling and beam search always
/// run on the CPU: see on_host.
#if defined(RONDO_EXAMPLES_THRUST)
using Backend = rondo::ThrustBackend<float>;
inline constexpr const char* backend_name = "thrust";
#else
using Backend = rondo::EigenBackend<float>;
inline constexpr const char* backend_name = "eigen";
#endif

/// The trained model in host memory: the model itself if it is there, else a copy.
template <class Net>
decltype(auto) on_host(const rondo::Model<Net, Backend>& model) {
    if constexpr (rondo::OnHost<Backend>) {
        return (model);
    } else {
        rondo::Model<Net> copy;
        copy.assign(model.values());
        return copy;
    }
}

/// The name of the backend and of its device.
///
/// Errors  device: no GPU, one that is too old, or a driver that is too old. Checked before any device memory is
///         allocated.
inline std::string backend_place() {
#if defined(__CUDACC__)
    int driver = 0, runtime = 0, count = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    const auto version = [](int v) { return std::to_string(v / 1000) + '.' + std::to_string(v % 1000 / 10); };
    const auto refuse = [](const std::string& why) {
        rondo::fail(rondo::Error::Kind::device, "--backend thrust: no GPU: " + why);
    };
    if (driver == 0) refuse("no driver");
    const cudaError_t result = cudaGetDeviceCount(&count);
    if (result == cudaErrorInsufficientDriver)
        refuse("its driver is of CUDA " + version(driver) + ", older than the toolkit's " + version(runtime));
    if (result != cudaSuccess) refuse(cudaGetErrorString(result)); // also if there is no GPU
    const Backend made{};                                          // fails if the GPU is older than the kernels
    cudaDeviceProp device;
    rondo::gpu::check(cudaGetDeviceProperties(&device, 0), "cudaGetDeviceProperties");
    return std::string{"Thrust, on "} + device.name;
#elif defined(RONDO_EXAMPLES_THRUST)
    return "Thrust, on the processor";
#else
    return "Eigen, on the processor";
#endif
}

} // namespace common
