// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/concept.hpp"
#include "../../core/host_device.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// The limits of a device that kernels are compiled for.
///
/// Units  capability as in sm_90; shared memory per block in bytes; multiprocessors; resident clusters of 2, 4, 8 and
///        16 blocks, 0 without clusters; sequences per group, at most; threads per block, few so that each has
///        registers for many weights; registers per multiprocessor.
/// Source  CUDA C++ Programming Guide, "Technical Specifications per Compute Capability"; resident clusters as
///         reported by a device (benchmarks/gpu/barriers.cu).
struct Target {
    int capability;
    std::size_t shared;
    int multiprocessors;
    int clusters[4]{};
    int columns = 8, threads = 256, registers = 65536;
};

/// Targets of ThrustBackend; a program for several devices uses several backends.
struct Ampere {
    static constexpr Target target{80, std::size_t{163} << 10, 108};
}; // A100
struct Hopper {
    static constexpr Target target{90, std::size_t{227} << 10, 132, {66, 30, 15, 7}};
}; // H100, H200
struct Blackwell {
    static constexpr Target target{100, std::size_t{227} << 10, 148, {72, 32, 16, 7}};
}; // B200

template <class D>
concept Device = std::same_as<decltype(D::target), const Target>;

/// The group of threads that executes the steps of a sequence, and the memory in which its blocks exchange values.
enum class Kind {
    block,         // one block; shared memory
    cluster,       // a thread block cluster, units distributed over its blocks; distributed shared memory
    grid,          // a cooperative grid, units distributed over its blocks; global memory
    per_step_gemm, // a matrix product a step, without a persistent kernel
};

/// The mapping of a recurrence to a device. A group of `blocks` executes a slice of `columns` sequences. At each step
/// its threads exchange one row of values per unit (h, or the gates' gradients). Each tile of `tile` units has `lanes`
/// threads; each holds, for the whole sequence, the tile's weights for its share of the units exchanged, the first
/// `in_registers` of them in registers, the others in shared memory. A value it reads is used for all rows of its tile.
struct Plan {
    Kind kind = Kind::per_step_gemm;
    int blocks = 0, threads = 0, lanes = 0, columns = 0, tile = 0;
    int numbers = 0;                     // units in a thread's share, padded with weights of zero
    int in_registers = 0, in_shared = 0; // weights per thread
    std::size_t shared = 0;              // bytes per block

    RONDO_HOST_DEVICE constexpr int units() const { return threads / lanes * tile; }
    RONDO_HOST_DEVICE constexpr int lanes_of_column() const { return lanes / columns; }
    RONDO_HOST_DEVICE constexpr int replicas() const { return lanes / (columns * tile); }
    RONDO_HOST_DEVICE constexpr int weights() const { return in_registers + in_shared; }
    bool operator==(const Plan&) const = default;
};

enum class Direction { forward, backward };

/// Values exchanged per unit and step: h of each sequence, or the gradients of all its gates, whose number is rounded
/// up to a power of two for vector loads.
constexpr int handed_width(cell::Shape shape, int columns, Direction direction) {
    int gates = 1;
    while (direction == Direction::backward && gates < shape.gates) gates *= 2;
    return columns * gates;
}
/// Units of a tile, so that a value read is used for about four rows: in forward each gate of a unit is a row.
constexpr int tile_of(cell::Shape shape, Direction direction) {
    return direction == Direction::forward && shape.gates > 1 ? shape.gates > 2 ? 1 : 2 : 4;
}
/// Units whose values a thread loads at once, as 16 bytes.
RONDO_HOST_DEVICE constexpr int read_at_once(int width, std::size_t number) {
    const int all = int(16 / number);
    return width < all ? all / width : 1;
}

namespace detail {
/// How many of a thread's `weights` fit in registers in addition to `others`: sums, state, prefetched and exchanged
/// values. Weights in shared memory need further registers for addresses. Registers are allocated for four warps at a
/// time.
constexpr int kept(Target target, int threads, int weights, int others, std::size_t number) {
    const int words = int(number / 4), each = (std::min)(target.registers / ((threads + 127) / 128 * 128), 255);
    const auto most = [&](int addresses) { return std::clamp(each - addresses - others * words, 4, 160) / words; };
    return weights <= most(56) ? weights : (std::min)(weights, most(88));
}

/// The number of groups of `blocks` blocks that a device can run concurrently.
constexpr int room(const Target& target, int blocks, Kind kind) {
    if (kind != Kind::cluster) return target.multiprocessors / (std::max)(blocks, 1);
    return target.clusters[blocks == 2 ? 0 : blocks == 4 ? 1 : blocks == 8 ? 2 : 3];
}

/// The plan for groups of `blocks` blocks; Kind::per_step_gemm if it does not fit.
constexpr Plan plan_of(Target target, cell::Shape shape, int hidden, std::size_t number, int columns,
                       Direction direction, int blocks, Kind kind) {
    const int tile = tile_of(shape, direction), tiles = ((hidden + blocks - 1) / blocks + tile - 1) / tile;
    const int width = handed_width(shape, columns, direction), at_once = read_at_once(width, number);
    const int others = direction == Direction::forward ? columns * tile * shape.gates + 12 : columns * tile + 24;
    const auto share = [&](int lanes) { return (hidden + lanes * at_once - 1) / (lanes * at_once) * at_once; };
    const auto weights = [&](int lanes) { return tile * shape.gates * share(lanes); };
    const auto in_registers_of = [&](int threads, int lanes) {
        const int each = at_once * tile * shape.gates; // weights of one load: all in registers or none
        return kept(target, threads, weights(lanes), others, number) / each * each;
    };
    // The fewest lanes for which all weights fit in registers and the block has a warp for each SM sub-partition.
    int lanes = columns * tile;
    while (lanes < 32 && 2 * tiles * lanes <= target.threads &&
           (tiles * lanes < 128 || weights(lanes) > in_registers_of(tiles * lanes, lanes)))
        lanes *= 2;
    if (tiles * lanes > target.threads || lanes > 32) return {};
    const int threads = (tiles * lanes + 31) / 32 * 32;
    const int in_registers = in_registers_of(threads, lanes);
    const int in_shared = weights(lanes) - in_registers;
    const std::size_t handed = std::size_t(2 * share(lanes) * lanes * width) * number,
                      shared = handed + std::size_t(threads) * std::size_t(in_shared) * number;
    if (shared + 64 > target.shared) return {};
    return {kind, blocks, threads, lanes, columns, tile, share(lanes), in_registers, in_shared, shared};
}
}

/// The plan for a cell of `hidden` units and scalars of `number` bytes: the fewest blocks that hold all weights in
/// registers, else the fewest that hold them at all; clusters are preferred to a grid. Kind::per_step_gemm if nothing
/// fits.
constexpr Plan plan(Target target, cell::Shape shape, int hidden, std::size_t number, int columns,
                    Direction direction) {
    if (shape.after_reset > 0) return {};
    Plan second_best;
    const auto good = [&](const Plan& found) {
        if (found.kind != Kind::per_step_gemm && second_best.kind == Kind::per_step_gemm) second_best = found;
        return found.kind != Kind::per_step_gemm && found.in_shared == 0;
    };
    for (int blocks = 1; blocks <= 16; blocks *= 2) {
        if (blocks > 1 && detail::room(target, blocks, Kind::cluster) == 0) continue;
        const Plan found = detail::plan_of(target, shape, hidden, number, columns, direction, blocks,
                                           blocks == 1 ? Kind::block : Kind::cluster);
        if (good(found)) return found;
    }
    if (second_best.kind != Kind::per_step_gemm) return second_best;
    for (int blocks = 8; blocks <= target.multiprocessors; blocks += 4) {
        const Plan found = detail::plan_of(target, shape, hidden, number, columns, direction, blocks, Kind::grid);
        if (good(found)) return found;
    }
    return second_best;
}

/// Elements of global memory for a group of a grid: two exchange buffers and a barrier's counter.
RONDO_HOST_DEVICE constexpr std::size_t grid_memory(std::size_t handed, std::size_t number) {
    return 2 * handed + 64 / number;
}

/// The plans for a cell, one for each number of sequences per group, and the choice among them for a batch.
struct PlanSelector {
    static constexpr int most = 4; // 1, 2, 4 or 8
    Plan plans[most]{};
    int room[most]{}; // groups that run concurrently
    Direction direction;

    constexpr PlanSelector(Target target, cell::Shape shape, int hidden, std::size_t number, Direction way)
        : direction{way} {
        for (int k = 0; k < most && 1 << k <= target.columns; ++k) {
            plans[k] = plan(target, shape, hidden, number, 1 << k, way);
            room[k] = (std::max)(detail::room(target, plans[k].blocks, plans[k].kind), 1);
            handed[k] = std::size_t(plans[k].numbers) * std::size_t(plans[k].lanes * handed_width(shape, 1 << k, way));
        }
        size = number;
    }

    /// The sequences per group of the plan with the least estimated time; 0 if a per-step GEMM is faster or nothing
    /// else fits. More sequences per group make a step longer, fewer need more rounds of groups. If lengths differ
    /// (`ragged`), a round counts as twice as many groups, since groups of short sequences end early.
    ///
    /// Source  measured on an H100 (benchmarks/gpu).
    constexpr int columns(int batch, bool ragged) const {
        int found = 0, least = direction == Direction::forward ? 80 : 56;
        for (int k = 0; k < most; ++k) {
            if (plans[k].kind == Kind::per_step_gemm) continue;
            const bool grid = plans[k].kind == Kind::grid;
            const int at_once = room[k] * (ragged && !grid ? 2 : 1),
                      time = (groups(batch, k) + at_once - 1) / at_once * (4 + (1 << k) + (grid ? 4 : 0));
            if (time < least) {
                found = 1 << k;
                least = time;
            }
        }
        return found;
    }
    /// Elements of global memory for the groups of a grid.
    constexpr std::size_t memory(int batch, bool ragged) const {
        std::size_t all = 0;
        for (int k = 0; k < most; ++k)
            if (1 << k == columns(batch, ragged) && plans[k].kind == Kind::grid)
                all = std::size_t(groups(batch, k)) * grid_memory(handed[k], size);
        return all;
    }

private:
    std::size_t handed[most]{}, size = 4;
    static constexpr int groups(int batch, int k) { return (batch + (1 << k) - 1) >> k; }
};

// Checks that a kernel's plan fits: compilers print this name with the cell, its size and the device.
template <class C, int H, class S, class D, int columns, Plan plan>
struct Planned {
    static_assert(
        plan.kind != Kind::per_step_gemm,
        "rondo: this cell's weights do not fit on this device's chip, or not with so many sequences: it has no "
        "kernel, but a matrix product per step");
    static constexpr bool checked = true;
};

} // namespace rondo::gpu
