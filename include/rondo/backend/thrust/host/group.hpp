// SPDX-License-Identifier: MIT
#pragma once

#include "../plan.hpp"

#include <cstddef>
#include <vector>

namespace rondo::inline v0_1::gpu {

/// The threads that go through a sequence together, as the host plays them: one after the other between two of their
/// meetings, which must not matter to them.
///
/// each       calls f(block, thread, registers) for every thread.
/// add_lanes  gives every thread the sum over the lanes of its unit, of each of `count` numbers in its registers;
///            added in the order of a device's shuffles, so to the same bits.
/// handed     what was handed to a block, of one of two buffers.
/// hand       writes a number to all blocks.
/// meet       nobody goes on before all have come; what was handed to the buffer until then can be read.
template <class Registers, class S, Plan plan>
class HostGroup {
public:
    explicit HostGroup(std::size_t size)
        : size_{size}, registers_(std::size_t(plan.blocks * plan.threads)), handed_(2 * size * plan.blocks),
          weights_(std::size_t(plan.blocks) * plan.threads * std::size_t(plan.in_shared)) {}

    template <class F>
    void each(const F& f) {
        for (int block = 0; block < plan.blocks; ++block)
            for (int thread = 0; thread < plan.threads; ++thread) f(block, thread, at(block, thread));
    }
    template <int count>
    void add_lanes(S (Registers::*sums)[count]) {
        std::vector<S>& old = before_;
        old.resize(std::size_t(plan.threads) * count);
        for (int block = 0; block < plan.blocks; ++block)
            for (int mask = plan.lanes / 2; mask > 0; mask /= 2) {
                for (int thread = 0; thread < plan.threads; ++thread)
                    for (int k = 0; k < count; ++k) old[std::size_t(thread * count + k)] = (at(block, thread).*sums)[k];
                for (int thread = 0; thread < plan.threads; ++thread)
                    for (int k = 0; k < count; ++k)
                        (at(block, thread).*sums)[k] += old[std::size_t((thread ^ mask) * count + k)];
            }
    }
    const S* handed(int block, int buffer) { return handed_.data() + std::size_t(block * 2 + buffer) * size_; }
    void hand(int buffer, std::size_t where, S value) {
        for (int block = 0; block < plan.blocks; ++block)
            handed_[std::size_t(block * 2 + buffer) * size_ + where] = value;
    }
    /// A thread's k-th weight in shared memory.
    S& weight(int block, int thread, int k) {
        return weights_[std::size_t((block * plan.in_shared + k) * plan.threads + thread)];
    }
    void meet(int) {}

private:
    Registers& at(int block, int thread) { return registers_[std::size_t(block * plan.threads + thread)]; }

    std::size_t size_;
    std::vector<Registers> registers_;
    std::vector<S> handed_, weights_, before_; // before: the sums, while lanes are added
};

} // namespace rondo::gpu
