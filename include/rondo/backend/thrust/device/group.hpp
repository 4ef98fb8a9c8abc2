// SPDX-License-Identifier: MIT
#pragma once

#include "../plan.hpp"
#include "../weight_partition.hpp"
#include "barrier.hpp"

#include <cuda/atomic>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// HostGroup's interface on a device: each thread executes its own part.
///
/// Memory  shared: two exchange buffers, then the weights that are not in registers. For a grid also global: two
///         exchange buffers, and a counter of arrived blocks, initially zero.
template <class Pass>
class DeviceGroup {
    using Registers = typename Pass::Registers;
    using S = typename Pass::number;
    static constexpr Plan plan = Pass::plan;

public:
    __device__ DeviceGroup(S* shared, Arrivals* arrivals, S* global, unsigned* come)
        : shared_{shared}, global_{global}, arrivals_{arrivals}, come_{come} {}

    /// Ends with a barrier of the cluster, so that all blocks are resident before one sends to them.
    __device__ void clear(std::size_t size) {
        for (std::size_t k = threadIdx.x; k < 2 * size; k += plan.threads) shared_[k] = S(0);
        if constexpr (plan.kind == Kind::cluster) {
            if constexpr (copies) Arrivals::copy_follows();
            if (threadIdx.x < 2) arrivals_[threadIdx.x].begin();
            meet_cluster();
        } else {
            __syncthreads();
        }
    }
    __device__ bool idle() const {
        const int tile = (block() * plan.threads + int(threadIdx.x) / 32 * 32) / plan.lanes;
        return plan.kind == Kind::cluster && !copies && tile * plan.tile >= Pass::hidden;
    }

    /// A barrier before exit if bulk copies may still read this block's shared memory.
    __device__ void leave() {
        if constexpr (copies) meet_cluster();
    }

    template <class F>
    __device__ void each(const F& f) {
        f(typename Pass::At{block(), int(threadIdx.x)}, registers_);
    }
    template <int owners, int count>
    __device__ void reduce(S (Registers::*sums)[count]) {
        constexpr int values = count / owners;
        S(&sum)[count] = registers_.*sums;
        halve<owners / 2, values>(sum);
#pragma unroll
        for (int mask = plan.replicas() / 2; mask > 0; mask /= 2)
#pragma unroll
            for (int k = 0; k < values; ++k) sum[k] += __shfl_xor_sync(~0u, sum[k], mask);
    }
    template <int count>
    __device__ void gather(S (Registers::*numbers)[count]) {
        if constexpr (count > 1) {
            const int here = int(threadIdx.x) % 32, lane = here % plan.lanes, apart = plan.lanes_of_column(),
                      part = lane / apart / count * count;
            const S mine = (registers_.*numbers)[0];
#pragma unroll
            for (int k = 0; k < count; ++k)
                (registers_.*numbers)[k] = __shfl_sync(~0u, mine, here - lane + (part + k) * apart + lane % apart);
        }
    }
    __device__ const S* handed(int, int buffer) { return shared_ + std::size_t(buffer) * Pass::handed; }

    template <int count>
    __device__ void send(int buffer, std::size_t where, const S* values, int rank, int ranks) {
        const std::size_t at = std::size_t(buffer) * Pass::handed + where;
        if constexpr (plan.kind == Kind::cluster && !copies) {
            constexpr int words = int(sizeof(S) / 4) * count, most = words < 4 ? words : 4;
            std::uint32_t word[words];
            memcpy(word, values, sizeof word);
            for (int block = rank; block < blocks; block += ranks)
#pragma unroll
                for (int k = 0; k < words; k += most) {
                    std::uint32_t some[most];
#pragma unroll
                    for (int j = 0; j < most; ++j) some[j] = word[k + j];
                    arrivals_[buffer].send(reinterpret_cast<const std::uint32_t*>(shared_ + at) + k, some, block);
                }
        } else if (rank == 0) {
#pragma unroll
            for (int k = 0; k < count; ++k)
                if constexpr (plan.kind == Kind::grid) __stcg(global_ + at + k, values[k]);
                else shared_[at + k] = values[k];
            if constexpr (copies) Arrivals::copy_follows();
        }
    }
    __device__ S& weight(int, int thread, int k) {
        return shared_[2 * Pass::handed + std::size_t(k * plan.threads + thread)];
    }
    __device__ void wait(int buffer) {
        if constexpr (plan.kind == Kind::block) {
            __syncthreads();
        } else if constexpr (plan.kind == Kind::cluster) {
            if constexpr (copies) {
                __syncthreads();
                if (int(threadIdx.x) < blocks && int(threadIdx.x) != block())
                    arrivals_[buffer].copy(shared_ + std::size_t(buffer) * Pass::handed + std::size_t(block()) * slice,
                                           unsigned(slice * sizeof(S)), int(threadIdx.x));
            }
            if (threadIdx.x == 0) arrivals_[buffer].expect(unsigned((Pass::sent - (copies ? slice : 0)) * sizeof(S)));
            arrivals_[buffer].wait(rounds_ / 2 % 2);
            ++rounds_;
        } else {
            __syncthreads();
            if (threadIdx.x == 0) {
                ::cuda::atomic_ref<unsigned, ::cuda::thread_scope_device> come{*come_};
                come.fetch_add(1, ::cuda::memory_order_release);
                ++rounds_;
                while (come.load(::cuda::memory_order_acquire) < rounds_ * unsigned(plan.blocks)) {}
            }
            __syncthreads();
            const auto* const from = reinterpret_cast<const uint4*>(global_ + std::size_t(buffer) * Pass::handed);
            auto* const to = reinterpret_cast<uint4*>(shared_ + std::size_t(buffer) * Pass::handed);
            for (std::size_t k = threadIdx.x; k < Pass::handed / Vector<S>::size; k += plan.threads)
                to[k] = __ldcg(from + k);
            __syncthreads();
        }
    }

private:
    static constexpr int blocks = (Pass::hidden + plan.units() - 1) / plan.units(); // that have a unit
    static constexpr std::size_t slice = Pass::sent / Pass::hidden * plan.units();  // elements that a block sends
    // Large slices are collected in the block's own buffer, where they are contiguous, and sent by one bulk copy.
    static constexpr bool copies = plan.kind == Kind::cluster && slice * sizeof(S) >= 1024 &&
                                   Pass::hidden == plan.units() * plan.blocks &&
                                   plan.units() % (plan.lanes * Pass::Part::at_once) == 0;

    // A reduce-scatter by butterfly shuffles: at each level half of the lanes continue with half of the sums.
    template <int left, int values, int count>
    __device__ static void halve(S (&sum)[count]) {
        if constexpr (left > 0) {
            constexpr int mask = left * plan.replicas();
            const bool upper = threadIdx.x & unsigned(mask);
#pragma unroll
            for (int k = 0; k < left * values; ++k) {
                const S low = sum[k], high = sum[k + left * values];
                sum[k] = (upper ? high : low) + __shfl_xor_sync(~0u, upper ? low : high, mask);
            }
            halve<left / 2, values>(sum);
        }
    }
    __device__ static int block() { return int(blockIdx.x % unsigned(plan.blocks)); }

    S *shared_, *global_;
    Arrivals* arrivals_;
    unsigned* come_;
    unsigned rounds_ = 0;
    Registers registers_;
};

} // namespace rondo::gpu
