// SPDX-License-Identifier: MIT
#pragma once

#include "../plan.hpp"
#include "../weight_partition.hpp"

#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// A group of threads that executes the steps of a slice of sequences, simulated on the host: between two barriers its
/// threads run one after the other. Threads exchange values through two buffers per block.
///
/// each     calls f(position, registers) for every thread.
/// reduce   a reduce-scatter over lanes: `sums` has count / owners partial sums for each of `owners` lanes; afterwards
///          each thread has the totals of the owner it is, or replicates. The order is that of a device's shuffles, so
///          the bits are the same.
/// gather   an all-gather among the lanes of `count` consecutive sequences, of their numbers[0].
/// clear    zeroes the buffers.
/// handed   one of a block's two buffers.
/// send     writes `count` values to a buffer of some blocks: of all, if each of `ranks` ranks calls it.
/// wait     a barrier: waits until everything sent to the buffer has arrived.
/// idle     whether this thread may exit: no thread of its warp has a unit, and no barrier waits for it.
/// leave    waits until no other block reads this block's memory.
template <class Pass>
class HostGroup {
    using Registers = typename Pass::Registers;
    using S = typename Pass::number;
    static constexpr Plan plan = Pass::plan;

public:
    HostGroup()
        : registers_(std::size_t(plan.blocks * plan.threads)), handed_(2 * vectors * std::size_t(plan.blocks)),
          weights_(std::size_t(plan.blocks) * plan.threads * std::size_t(plan.in_shared)) {}

    template <class F>
    void each(const F& f) {
        for (int block = 0; block < plan.blocks; ++block)
            for (int thread = 0; thread < plan.threads; ++thread)
                f(typename Pass::At{block, thread}, at(block, thread));
    }
    template <int owners, int count>
    void reduce(S (Registers::*sums)[count]) {
        constexpr int values = count / owners;
        std::vector<S>& old = before_;
        old.resize(std::size_t(plan.threads) * count);
        for (int block = 0; block < plan.blocks; ++block)
            for (int left = owners, mask = plan.lanes / 2; mask > 0; mask /= 2) {
                const bool halve = left > 1; // half of the lanes continue with half of the sums
                left = halve ? left / 2 : 1;
                for (int thread = 0; thread < plan.threads; ++thread)
                    for (int k = 0; k < count; ++k) old[std::size_t(thread * count + k)] = (at(block, thread).*sums)[k];
                for (int thread = 0; thread < plan.threads; ++thread)
                    for (int k = 0; k < left * values; ++k) {
                        const int from = halve && (thread & mask) ? k + left * values : k;
                        (at(block, thread).*sums)[k] =
                            old[std::size_t(thread * count + from)] + old[std::size_t((thread ^ mask) * count + from)];
                    }
            }
    }
    template <int count>
    void gather(S (Registers::*numbers)[count]) {
        constexpr int apart = plan.lanes_of_column();
        std::vector<S>& old = before_;
        old.resize(std::size_t(plan.threads));
        for (int block = 0; block < plan.blocks; ++block) {
            for (int thread = 0; thread < plan.threads; ++thread)
                old[std::size_t(thread)] = (at(block, thread).*numbers)[0];
            for (int thread = 0; thread < plan.threads; ++thread) {
                const int lane = thread % plan.lanes, part = lane / apart / count * count;
                for (int k = 0; k < count; ++k)
                    (at(block, thread).*numbers)[k] =
                        old[std::size_t(thread - lane + (part + k) * apart + lane % apart)];
            }
        }
    }
    void clear(std::size_t) {}
    const S* handed(int block, int buffer) { return handed_[at_buffer(block, buffer)].value; }
    template <int count>
    void send(int buffer, std::size_t where, const S* values, int rank, int ranks) {
        for (int block = rank; block < plan.blocks; block += ranks)
            for (std::size_t k = 0; k < count; ++k) {
                Vector<S>& to = handed_[at_buffer(block, buffer) + (where + k) / Vector<S>::size];
                to.value[(where + k) % Vector<S>::size] = values[k];
            }
    }
    /// A thread's k-th weight in shared memory.
    S& weight(int block, int thread, int k) {
        return weights_[std::size_t((block * plan.in_shared + k) * plan.threads + thread)];
    }
    void wait(int) {}
    static constexpr bool idle() { return false; }
    void leave() {}

private:
    static constexpr std::size_t vectors = Pass::handed / Vector<S>::size;

    Registers& at(int block, int thread) { return registers_[std::size_t(block * plan.threads + thread)]; }
    static std::size_t at_buffer(int block, int buffer) { return std::size_t(block * 2 + buffer) * vectors; }

    std::vector<Registers> registers_;
    std::vector<Vector<S>> handed_;
    std::vector<S> weights_, before_; // before: the operands of a reduce or gather
};

} // namespace rondo::gpu
