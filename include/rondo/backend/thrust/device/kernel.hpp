// SPDX-License-Identifier: MIT
#pragma once

#include "../recurrence.hpp"
#include "../recurrence_backward.hpp"
#include "error.hpp"
#include "group.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The kernel of a pass over all steps. The blocks of a group have consecutive indices.
template <class Pass>
__global__ void __launch_bounds__(Pass::plan.threads, 1)
    pass(typename Pass::Work task, int first, typename Pass::number* memory) {
    extern __shared__ __align__(16) unsigned char shared[];
    __shared__ Arrivals arrivals[2];
    using S = typename Pass::number;
    constexpr Plan plan = Pass::plan;
    const int group = int(blockIdx.x) / plan.blocks;
    S* const global = memory + std::size_t(group) * grid_memory(Pass::handed, sizeof(S));
    DeviceGroup<Pass> threads{reinterpret_cast<S*>(shared), arrivals, global,
                              reinterpret_cast<unsigned*>(global + 2 * Pass::handed)};
    Pass::run(threads, task, first + group);
}

/// Launches a pass for all sequences. The groups of a cooperative grid must all be resident, so there is one launch for
/// as many groups as fit.
///
/// Errors  device: fewer multiprocessors than a group of the plan has blocks; errors of the launch.
template <class Pass>
void launch(const typename Pass::Work& task, typename Pass::number* memory, cudaStream_t stream, int multiprocessors) {
    using S = typename Pass::number;
    constexpr Plan plan = Pass::plan;
    if (plan.kind == Kind::grid && multiprocessors < plan.blocks)
        fail(Error::Kind::device, "rondo::ThrustBackend: expected a device of " + std::to_string(plan.blocks) +
                                      " multiprocessors or more, got " + std::to_string(multiprocessors) +
                                      "; the backend's second argument says how many there are");
    const auto kernel = pass<Pass>;
    (check)(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(plan.shared)),
            "cudaFuncSetAttribute");
    cudaLaunchAttribute attribute[1];
    if constexpr (plan.kind == Kind::cluster) {
        if constexpr (plan.blocks > 8)
            (check)(cudaFuncSetAttribute(kernel, cudaFuncAttributeNonPortableClusterSizeAllowed, 1),
                    "cudaFuncSetAttribute");
        attribute[0].id = cudaLaunchAttributeClusterDimension;
        attribute[0].val.clusterDim.x = plan.blocks;
        attribute[0].val.clusterDim.y = attribute[0].val.clusterDim.z = 1;
    } else {
        attribute[0].id = cudaLaunchAttributeCooperative;
        attribute[0].val.cooperative = 1;
    }
    const int slices = (task.steps.state_slots.batch + plan.columns - 1) / plan.columns;
    const int most = plan.kind == Kind::grid ? (std::max)(multiprocessors / plan.blocks, 1) : slices;
    for (int first = 0; first < slices; first += most) {
        const int count = (std::min)(slices - first, most);
        if constexpr (plan.kind == Kind::grid) // zeroes the barriers' counters
            (check)(cudaMemsetAsync(memory, 0, std::size_t(count) * grid_memory(Pass::handed, sizeof(S)) * sizeof(S),
                                    stream),
                    "cudaMemsetAsync");
        cudaLaunchConfig_t config{};
        config.gridDim = dim3(unsigned(count * plan.blocks));
        config.blockDim = dim3(unsigned(plan.threads));
        config.dynamicSmemBytes = plan.shared;
        config.stream = stream;
        config.attrs = attribute;
        config.numAttrs = plan.kind == Kind::block ? 0 : 1;
        (check)(cudaLaunchKernelEx(&config, kernel, task, first, memory), "cudaLaunchKernelEx");
    }
}

} // namespace rondo::gpu
