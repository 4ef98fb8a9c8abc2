// SPDX-License-Identifier: MIT
#pragma once

#include "../recurrent_steps.hpp"
#include "plan.hpp"

#include <cstddef>

namespace rondo::inline v0_1::gpu {

/// What the groups of a kernel go through: group k has the sequences from k * plan.columns on.
template <class C, int H, class S>
struct Task {
    RecurrentSteps<C, H, S> steps;
    const int* lengths; // null: all of full length

    /// Steps of a sequence; none of one that does not exist.
    RONDO_HOST_DEVICE int length(int column) const {
        return column >= steps.batch ? 0 : lengths ? lengths[column] : steps.steps;
    }
    RONDO_HOST_DEVICE int longest(int first, int columns) const {
        int most = 0;
        for (int b = first; b < first + columns; ++b) most = length(b) > most ? length(b) : most;
        return most;
    }
};

/// A thread's place: it has weights of `unit`, and carries the state of that unit in one sequence of the group; so do
/// its replicas, the first of which writes it down.
template <Plan plan, int H>
struct Place {
    int unit, lane;
    RONDO_HOST_DEVICE Place(int block, int thread)
        : unit{block * plan.units() + thread / plan.lanes}, lane{thread % plan.lanes} {}
    RONDO_HOST_DEVICE bool real() const { return unit < H; }
    RONDO_HOST_DEVICE int column() const { return lane / plan.replicas(); }
    RONDO_HOST_DEVICE int replica() const { return lane % plan.replicas(); }
    RONDO_HOST_DEVICE bool writes() const { return real() && replica() == 0; }
};

/// 16 bytes: what a thread reads of a block's memory at once.
template <class S>
struct alignas(16) Vector {
    static constexpr int size = int(16 / sizeof(S));
    S value[size];
};

/// A thread's share of what is handed on: `numbers` units, of each `width` numbers, read so many at once that they are
/// 16 bytes or more. The unit of its k-th number is unit(k, lane).
template <Plan plan, class S, int width>
struct Share {
    static constexpr int numbers = plan.numbers, at_once = read_at_once(width, sizeof(S)), chunks = numbers / at_once;
    static constexpr std::size_t handed = std::size_t(numbers) * plan.lanes * width;

    RONDO_HOST_DEVICE static constexpr int unit(int k, int lane) {
        return (k / at_once * plan.lanes + lane) * at_once + k % at_once;
    }

    /// Calls f(k, values), `values` being the numbers of the share's k-th unit.
    template <class F>
    RONDO_HOST_DEVICE static void read(const S* handed, int lane, const F& f) {
        using V = Vector<S>;
        constexpr int size = at_once * width, vectors = size / V::size;
        RONDO_UNROLL
        for (int chunk = 0; chunk < chunks; ++chunk) {
            const V* const from = reinterpret_cast<const V*>(handed + (chunk * plan.lanes + lane) * size);
            S value[size];
            RONDO_UNROLL
            for (int v = 0; v < vectors; ++v) {
                const V some = from[v];
                RONDO_UNROLL
                for (int k = 0; k < V::size; ++k) value[v * V::size + k] = some.value[k];
            }
            RONDO_UNROLL
            for (int k = 0; k < at_once; ++k) f(chunk * at_once + k, value + k * width);
        }
    }
};

/// A thread's k-th weight: in a register or in the block's memory.
template <Plan plan, class Group, class Registers>
RONDO_HOST_DEVICE auto& weight(Group& group, int block, int thread, Registers& r, int k) {
    if (k < plan.in_registers) return r.weight[k];
    return group.weight(block, thread, k - plan.in_registers);
}

} // namespace rondo::gpu
