// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/gate_layout.hpp"
#include "../../simd/tail.hpp"
#include "number.hpp"
#include "weight_partition.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The sequences that one group executes: those from `first` on; the longest has `count` valid steps.
template <class C, int H, class S>
struct Slice {
    const Task<C, H, S>& task;
    const RecurrentSteps<C, H, S>& all;
    int first, count;

    RONDO_HOST_DEVICE Slice(const Task<C, H, S>& work, int from, int columns)
        : task{work}, all{work.steps}, first{from}, count{work.longest(from, columns)} {}
    template <class At>
    RONDO_HOST_DEVICE int column(const At& at) const {
        return first + at.column();
    }
    /// Whether a thread owns a unit of a sequence, not padding.
    template <class At>
    RONDO_HOST_DEVICE bool has(const At& at) const {
        return at.real() && column(at) < all.state_slots.batch;
    }
    /// The index of its unit in a state (H x B).
    template <class At>
    RONDO_HOST_DEVICE std::size_t index(const At& at) const {
        return std::size_t(column(at)) * H + std::size_t(at.unit);
    }
};

/// The kernel of all steps of a cell; Derived is Forward or Backward. A group holds U, or U^T, in registers and shared
/// memory.
///
/// In each iteration, the owners of a unit and sequence send their values to the group's blocks; after a barrier, every
/// thread multiplies the values of its share by its weights, and the partial sums are reduced over lanes. Loads from
/// global memory are prefetched one iteration ahead.
template <class Derived, class C, int H, class S, Device D, int some, Direction direction>
struct Pass {
    using number = S;
    using Work = Task<C, H, S>;
    using Steps = Slice<C, H, S>;
    using Gates = GateLayout<C>;
    static constexpr Plan plan = gpu::plan(D::target, C::shape, H, sizeof(S), some, direction);
    static constexpr bool forward = direction == Direction::forward;
    static constexpr int gates = Gates::gates, states = Gates::states, hidden = H, columns = some, tile = plan.tile;
    static constexpr int width = handed_width(C::shape, columns, direction), row = width / columns;
    static constexpr int weights = tile * gates;               // per unit of a thread's share
    static constexpr int rows = forward ? tile * gates : tile; // a thread's sums per sequence
    using Part = WeightPartition<plan, S, width>;
    static constexpr std::size_t handed = Part::handed, sent = std::size_t(H) * width; // per step, with/without padding
    using N = Number<S>;
    using L = PackAccess<N, 1>;
    using At = ThreadPosition<plan, H>;

    template <class Group>
    RONDO_HOST_DEVICE static void run(Group& group, const Work& task, int slice) {
        using Registers = typename Derived::Registers;
        static_assert(Planned<C, H, S, D, some, plan>::checked);
        const Steps steps{task, slice * columns, columns};
        const StateSlots& state_slots = task.steps.state_slots;
        const int count = steps.count;
        group.clear(handed);
        group.each([&](const At& at, Registers& r) {
            load_weights(group, steps, at, r);
            Derived::begin(steps, at, r);
            Derived::fetch(steps, step_of(state_slots, 0, count), at, r);
        });
        if (group.idle()) return;
        Derived::before_steps(group, count);
        for (int iteration = 0; iteration < count; ++iteration) {
            const int t = step_of(state_slots, iteration, count),
                      following = state_slots.reverse == forward ? t - 1 : t + 1;
            Derived::before_barrier(group, steps, t, following, iteration);
            group.wait(iteration % 2);
            group.each([&](const At& at, Registers& r) { multiply(group, at, r, iteration % 2); });
            group.template reduce<columns * tile>(&Registers::sum);
            Derived::after_barrier(group, steps, t, iteration);
        }
        group.each([&](const At& at, Registers& r) {
            if (!at.writes() || !steps.has(at)) return;
            for (int t = count; t < task.steps.steps; ++t) Derived::rest(steps, t, at);
            Derived::end(steps, at, r);
        });
        group.leave();
    }

private:
    // The step that an iteration executes.
    RONDO_HOST_DEVICE static int step_of(const StateSlots& state_slots, int iteration, int count) {
        return state_slots.step(forward ? iteration : count - 1 - iteration, count);
    }
    template <class Group, class Registers>
    RONDO_HOST_DEVICE static void load_weights(Group& group, const Steps& steps, const At& at, Registers& r) {
        Part::each([&](auto kept, int k) {
            RONDO_UNROLL
            for (int w = 0; w < weights; ++w) {
                const int from = Part::unit(k, at.lane), unit = at.first + (forward ? w / gates : w % tile),
                          g = forward ? w % gates : w / tile, to = forward ? unit : from, of = forward ? from : unit;
                weight<plan, kept>(group, at.block, at.thread, r, k * weights + w) =
                    unit < H && from < H ? steps.all.U[std::size_t(g * H + to) * H + std::size_t(of)] : S(0);
            }
        });
    }
    template <class Group, class Registers>
    RONDO_HOST_DEVICE static void multiply(Group& group, const At& at, Registers& r, int buffer) {
        RONDO_UNROLL
        for (int k = 0; k < columns * rows; ++k) r.sum[k] = S(0);
        Part::read(group.handed(at.block, buffer), at.lane, [&](auto kept, int k, const S* numbers) {
            RONDO_UNROLL
            for (int w = 0; w < weights; ++w) {
                const S factor = weight<plan, kept>(group, at.block, at.thread, r, k * weights + w);
                RONDO_UNROLL
                for (int c = 0; c < columns; ++c)
                    r.sum[c * rows + (forward ? w : w % tile)] += factor * numbers[c * row + (forward ? 0 : w / tile)];
            }
        });
    }
};

} // namespace rondo::gpu
