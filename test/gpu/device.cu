// SPDX-License-Identifier: MIT
// Says in one line whether the tests' device is there, and fails if it is not.
#include <cuda_runtime.h>

#include <cstdio>

int main() {
    int driver = 0, runtime = 0, count = 0;
    cudaDriverGetVersion(&driver);
    cudaRuntimeGetVersion(&runtime);
    if (driver == 0) return std::puts("no GPU: no driver"), 1;
    const cudaError_t result = cudaGetDeviceCount(&count);
    if (result == cudaErrorInsufficientDriver)
        return std::printf("no GPU: its driver is of CUDA %d.%d, older than the toolkit's %d.%d\n", driver / 1000,
                           driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10),
               1;
    if (result != cudaSuccess || count == 0) return std::printf("no GPU: %s\n", cudaGetErrorString(result)), 1;
    cudaDeviceProp device;
    cudaGetDeviceProperties(&device, 0);
    const bool fits = 10 * device.major + device.minor >= 90;
    std::printf("%s%s, compute capability %d.%d, driver of CUDA %d.%d\n",
                fits ? "" : "no GPU of capability 9.0: ", device.name, device.major, device.minor, driver / 1000,
                driver % 1000 / 10);
    return fits ? 0 : 1;
}
