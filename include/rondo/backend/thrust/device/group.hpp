// SPDX-License-Identifier: MIT
#pragma once

#include "../plan.hpp"
#include "../share.hpp"
#include "barrier.hpp"

#include <cuda/atomic>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace rondo::inline v0_1::gpu {

/// What HostGroup plays, on a device: each thread runs its own part, its registers are registers.
///
/// Memory  shared: what was handed, twice, then the weights that have no register; of a grid also global memory, where
///         the blocks hand to each other, and a counter of those that have come, zero at first.
template <class Pass>
class DeviceGroup {
    using Registers = typename Pass::Registers;
    using S = typename Pass::number;
    static constexpr Plan plan = Pass::plan;

public:
    __device__ DeviceGroup(S* shared, Arrivals* arrivals, S* global, unsigned* come)
        : shared_{shared}, global_{global}, arrivals_{arrivals}, come_{come} {}

    /// The cluster meets, so that all are there to send to.
    __device__ void clear(std::size_t size) {
        for (std::size_t k = threadIdx.x; k < 2 * size; k += plan.threads) shared_[k] = S(0);
        if constexpr (plan.kind == Kind::cluster) {
            if (threadIdx.x < 2) arrivals_[threadIdx.x].begin();
            meet_cluster();
        } else {
            __syncthreads();
        }
    }
    __device__ bool idle() const { return plan.kind == Kind::cluster && block() >= blocks; }

    template <class F>
    __device__ void each(const F& f) {
        f(block(), int(threadIdx.x), registers_);
    }
    template <int columns, int count>
    __device__ void reduce(S (Registers::*sums)[count]) {
        constexpr int values = count / columns;
        S(&sum)[count] = registers_.*sums;
        halve<columns / 2, values>(sum);
#pragma unroll
        for (int mask = plan.replicas() / 2; mask > 0; mask /= 2)
#pragma unroll
            for (int k = 0; k < values; ++k) sum[k] += __shfl_xor_sync(~0u, sum[k], mask);
    }
    __device__ const S* handed(int, int buffer) { return shared_ + std::size_t(buffer) * Pass::handed; }

    __device__ void hand(int buffer, std::size_t where, S value) {
        const std::size_t at = std::size_t(buffer) * Pass::handed + where;
        if constexpr (plan.kind == Kind::grid) __stcg(global_ + at, value);
        else shared_[at] = value;
    }
    __device__ S& weight(int, int thread, int k) {
        return shared_[2 * Pass::handed + std::size_t(k * plan.threads + thread)];
    }
    __device__ void meet(int buffer) {
        if constexpr (plan.kind == Kind::block) {
            __syncthreads();
        } else if constexpr (plan.kind == Kind::cluster) {
            __syncthreads();
            send(buffer);
            if (threadIdx.x == 0) arrivals_[buffer].expect(unsigned((Pass::sent - mine()) * sizeof(S)));
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
    static constexpr std::size_t slice = Pass::sent / Pass::hidden * plan.units();  // numbers that a block hands on

    __device__ static std::size_t mine() {
        const std::size_t first = std::size_t(block()) * slice;
        return first + slice < Pass::sent ? slice : Pass::sent - first;
    }
    // Sends what this block has handed to the others: neighbouring threads, neighbouring numbers.
    __device__ void send(int buffer) {
        constexpr bool wide = slice * sizeof(S) % 16 == 0 && Pass::sent * sizeof(S) % 16 == 0;
        constexpr int words = wide ? 4 : int(sizeof(S) / 4), each = int(slice * sizeof(S) / 4) / words;
        const auto* const from = reinterpret_cast<const std::uint32_t*>(shared_ + std::size_t(buffer) * Pass::handed +
                                                                        std::size_t(block()) * slice);
        const int count = int(mine() * sizeof(S) / 4) / words;
#pragma unroll 4
        for (int k = int(threadIdx.x); k < each * blocks; k += plan.threads) {
            const int to = k / each, part = k % each;
            if (to == block() || part >= count) continue;
            std::uint32_t word[words];
            memcpy(word, __builtin_assume_aligned(from + part * words, words * 4), sizeof word);
            arrivals_[buffer].send(from + part * words, word, to);
        }
    }
    // Half of the lanes go on with half of the sequences.
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
