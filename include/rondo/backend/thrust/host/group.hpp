// SPDX-License-Identifier: MIT
#pragma once

#include "../plan.hpp"
#include "../weight_partition.hpp"

#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The threads that go through a sequence together, as the host plays them: one after the other between two of their
/// meetings, which must not matter to them.
///
/// each     calls f(block, thread, registers) for every thread.
/// reduce   of sums for `owners` of the lanes, as many for each: gives every thread those of the one it is or stands in
///          for, added over the lanes; in the order of a device's shuffles, so to the same bits.
/// gather   gives each of the lanes of `count` neighbouring sequences the first numbers of all of them.
/// clear    zeroes what will be handed.
/// handed   what was handed to a block, of one of two buffers.
/// send     writes a row of numbers to some of the blocks: to all, if each of `ranks` ranks sends it.
/// meet     nobody goes on before all that was sent to the buffer has come.
/// idle     whether this thread may leave: none of its warp has a unit, and nobody counts on it.
/// leave    ends, when nobody needs this block's memory any more.
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
            for (int thread = 0; thread < plan.threads; ++thread) f(block, thread, at(block, thread));
    }
    template <int owners, int count>
    void reduce(S (Registers::*sums)[count]) {
        constexpr int values = count / owners;
        std::vector<S>& old = before_;
        old.resize(std::size_t(plan.threads) * count);
        for (int block = 0; block < plan.blocks; ++block)
            for (int left = owners, mask = plan.lanes / 2; mask > 0; mask /= 2) {
                const bool halve = left > 1; // half of the lanes go on with half of the sums
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
    void meet(int) {}
    static constexpr bool idle() { return false; }
    void leave() {}

private:
    static constexpr std::size_t vectors = Pass::handed / Vector<S>::size;

    Registers& at(int block, int thread) { return registers_[std::size_t(block * plan.threads + thread)]; }
    static std::size_t at_buffer(int block, int buffer) { return std::size_t(block * 2 + buffer) * vectors; }

    std::vector<Registers> registers_;
    std::vector<Vector<S>> handed_;
    std::vector<S> weights_, before_; // before: the sums, while lanes are added
};

} // namespace rondo::gpu
