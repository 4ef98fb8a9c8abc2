// SPDX-License-Identifier: MIT
#pragma once

#include "../recurrent_steps.hpp"
#include "plan.hpp"

#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The arguments of a recurrence's kernel. Group k executes the sequences from k * plan.columns on.
template <class C, int H, class S>
struct Task {
    RecurrentSteps<C, H, S> steps;
    const int* lengths; // null: no padding

    /// The steps of a sequence; 0 past the last sequence.
    RONDO_HOST_DEVICE int length(int column) const {
        return column >= steps.state_slots.batch ? 0 : lengths ? lengths[column] : steps.steps;
    }
    RONDO_HOST_DEVICE int longest(int first, int columns) const {
        int most = 0;
        for (int b = first; b < first + columns; ++b) most = length(b) > most ? length(b) : most;
        return most;
    }
};

/// A thread's position in a group. It has the weights of a tile of units, from `first` on, and owns the state of one of
/// them, `unit`, in one sequence of the group. Its replicas have the same state; the first of them writes it to memory.
template <Plan plan, int H>
struct ThreadPosition {
    int block, thread, first, unit, lane;
    RONDO_HOST_DEVICE ThreadPosition(int of, int at)
        : block{of}, thread{at}, first{block * plan.units() + thread / plan.lanes * plan.tile},
          unit{first + thread % plan.lanes_of_column() / plan.replicas()}, lane{thread % plan.lanes} {}
    RONDO_HOST_DEVICE bool real() const { return unit < H; }
    RONDO_HOST_DEVICE int column() const { return lane / plan.lanes_of_column(); }
    RONDO_HOST_DEVICE int replica() const { return lane % plan.replicas(); }
    RONDO_HOST_DEVICE bool writes() const { return real() && replica() == 0; }
};

/// 16 bytes, for vector loads from shared memory.
template <class S>
struct alignas(16) Vector {
    static constexpr int size = int(16 / sizeof(S));
    S value[size];
};

/// A thread's share of an exchange buffer: `width` values of each of `numbers` units, loaded in vectors of 16 bytes.
/// The k-th of its units is unit(k, lane).
///
/// The vectors of adjacent lanes are adjacent, which avoids bank conflicts.
template <Plan plan, class S, int width>
struct WeightPartition {
    using V = Vector<S>;
    static constexpr int numbers = plan.numbers, at_once = read_at_once(width, sizeof(S)), chunks = numbers / at_once;
    static constexpr int size = at_once * width, vectors = size / V::size; // of a chunk
    static constexpr std::size_t handed = std::size_t(numbers) * plan.lanes * width;

    RONDO_HOST_DEVICE static constexpr int unit(int k, int lane) {
        return (k / at_once * plan.lanes + lane) * at_once + k % at_once;
    }
    /// The index of a unit's k-th value in the exchange buffer.
    RONDO_HOST_DEVICE static constexpr std::size_t place(int unit, int k) {
        const int of_all = unit / at_once, chunk = of_all / plan.lanes, lane = of_all % plan.lanes,
                  at = unit % at_once * width + k;
        return std::size_t(((chunk * vectors + at / V::size) * plan.lanes + lane) * V::size + at % V::size);
    }

    /// Calls f(kept, k) for each unit of the share; if `kept`, its weights are in registers, else in shared memory.
    template <class F>
    RONDO_HOST_DEVICE static void each(const F& f) {
        RONDO_UNROLL
        for (int k = 0; k < kept_chunks * at_once; ++k) f(std::true_type{}, k);
        RONDO_UNROLL_SOME
        for (int k = kept_chunks * at_once; k < numbers; ++k) f(std::false_type{}, k);
    }
    /// Calls f(kept, k, values) with the values of the share's k-th unit.
    template <class F>
    RONDO_HOST_DEVICE static void read(const S* memory, int lane, const F& f) {
        const V* const from = reinterpret_cast<const V*>(memory) + lane;
        RONDO_UNROLL
        for (int chunk = 0; chunk < kept_chunks; ++chunk) read(from, chunk, std::true_type{}, f);
        RONDO_UNROLL_SOME
        for (int chunk = kept_chunks; chunk < chunks; ++chunk) read(from, chunk, std::false_type{}, f);
    }

private:
    static constexpr int kept_chunks = plan.in_registers / (plan.weights() / chunks);

    template <class Kept, class F>
    RONDO_HOST_DEVICE static void read(const V* from, int chunk, Kept kept, const F& f) {
        S value[size];
        RONDO_UNROLL
        for (int v = 0; v < vectors; ++v) {
            const V some = from[std::ptrdiff_t((chunk * vectors + v) * plan.lanes)];
            RONDO_UNROLL
            for (int k = 0; k < V::size; ++k) value[v * V::size + k] = some.value[k];
        }
        RONDO_UNROLL
        for (int k = 0; k < at_once; ++k) f(kept, chunk * at_once + k, value + k * width);
    }
};

/// A thread's k-th weight: in a register or in shared memory.
template <Plan plan, bool kept, class Group, class Registers>
RONDO_HOST_DEVICE auto& weight(Group& group, int block, int thread, Registers& r, int k) {
    if constexpr (kept) return r.weight[k];
    else return group.weight(block, thread, k - plan.in_registers);
}
/// Size of the array of weights in registers: at least 1, since arrays of size 0 are not allowed.
constexpr int weights_kept(const Plan& plan) { return plan.in_registers > 0 ? plan.in_registers : 1; }

} // namespace rondo::gpu
