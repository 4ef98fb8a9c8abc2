// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/concept.hpp"
#include "../../core/host_device.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE::gpu {

/// What a kernel may count on, of the devices it is built for.
///
/// Units  capability as in sm_90; shared memory of a block in bytes; multiprocessors; clusters of 2, 4, 8 and 16 blocks
///        that it has room for at once, 0 where there are none; sequences that a group of threads goes through
///        together, at most; threads of a block, so few that each has registers for many weights; registers of a
///        multiprocessor.
/// Source  CUDA C++ Programming Guide, "Technical Specifications per Compute Capability"; the room for clusters is
///         what a device said (benchmarks/gpu/barriers.cu).
struct Target {
    int capability;
    std::size_t shared;
    int multiprocessors;
    int clusters[4]{};
    int columns = 8, threads = 256, registers = 65536;
};

/// Devices that a backend's type may name; a program for several has several backends.
struct Ampere { static constexpr Target target{80, std::size_t{163} << 10, 108}; };                      // A100
struct Hopper { static constexpr Target target{90, std::size_t{227} << 10, 132, {66, 30, 15, 7}}; };     // H100, H200
struct Blackwell { static constexpr Target target{100, std::size_t{227} << 10, 148, {72, 32, 16, 7}}; }; // B200

template <class D>
concept Device = std::same_as<decltype(D::target), const Target>;

/// Who goes through a sequence together.
enum class Kind {
    block,   // one block: what it hands on lies in its shared memory
    cluster, // the blocks of a cluster, each with some units: they write into each other's shared memory
    grid,    // many blocks, each with some units: they meet in global memory
    per_step_gemm, // a matrix product a step, without a persistent kernel
};

/// How a recurrence is spread over a device: `blocks` go through a slice of `columns` sequences together. Each `tile`
/// of units has `lanes` threads, each of which keeps the tile's weights for its share of the numbers handed on, where
/// it stands for the whole sequence: the first `in_registers` of them in registers, the others in shared memory. What
/// a thread reads of the numbers handed on serves all rows of its tile.
struct Plan {
    Kind kind = Kind::per_step_gemm;
    int blocks = 0, threads = 0, lanes = 0, columns = 0, tile = 0;
    int numbers = 0;                     // a thread's share; those past the last one have the weight 0
    int in_registers = 0, in_shared = 0; // weights a thread
    std::size_t shared = 0;              // bytes a block

    RONDO_HOST_DEVICE constexpr int units() const { return threads / lanes * tile; }
    RONDO_HOST_DEVICE constexpr int lanes_of_column() const { return lanes / columns; }
    RONDO_HOST_DEVICE constexpr int replicas() const { return lanes / (columns * tile); }
    RONDO_HOST_DEVICE constexpr int weights() const { return in_registers + in_shared; }
    bool operator==(const Plan&) const = default;
};

/// Which way a pass goes: it decides how much is handed on.
enum class Direction { forward, backward };

/// What is handed on for a unit and a step: h of each sequence, or the gradients of all its gates, whose number is
/// rounded up to a power of two so that they can be read at once.
constexpr int handed_width(cell::Shape shape, int columns, Direction direction) {
    int gates = 1;
    while (direction == Direction::backward && gates < shape.gates) gates *= 2;
    return columns * gates;
}
/// Units of a tile, so that a number read serves four rows: forward, gates have each their own row.
constexpr int tile_of(cell::Shape shape, Direction direction) {
    return direction == Direction::forward && shape.gates > 1 ? shape.gates > 2 ? 1 : 2 : 4;
}
/// Units whose numbers a thread reads at once: of 16 bytes.
RONDO_HOST_DEVICE constexpr int read_at_once(int width, std::size_t number) {
    const int all = int(16 / number);
    return width < all ? all / width : 1;
}

namespace detail {
/// Of so many weights, those that a thread has registers for, besides `others`: sums and what it carries, reads and
/// hands on. Weights in shared memory need some more. Registers are handed out to four warps at once.
constexpr int kept(Target target, int threads, int weights, int others, std::size_t number) {
    const int words = int(number / 4), each = (std::min)(target.registers / ((threads + 127) / 128 * 128), 255);
    const auto most = [&](int addresses) { return std::clamp(each - addresses - others * words, 4, 160) / words; };
    return weights <= most(56) ? weights : (std::min)(weights, most(88));
}

/// Groups of so many blocks that a device has room for at once.
constexpr int room(const Target& target, int blocks, Kind kind) {
    if (kind != Kind::cluster) return target.multiprocessors / (std::max)(blocks, 1);
    return target.clusters[blocks == 2 ? 0 : blocks == 4 ? 1 : blocks == 8 ? 2 : 3];
}

/// The plan of so many blocks, or none (Kind::step) where they have no room.
constexpr Plan plan_of(Target target, cell::Shape shape, int hidden, std::size_t number, int columns,
                       Direction direction, int blocks, Kind kind) {
    const int tile = tile_of(shape, direction), tiles = ((hidden + blocks - 1) / blocks + tile - 1) / tile;
    const int width = handed_width(shape, columns, direction), at_once = read_at_once(width, number);
    const int others = direction == Direction::forward ? columns * tile * shape.gates + 12 : columns * tile + 24;
    const auto share = [&](int lanes) { return (hidden + lanes * at_once - 1) / (lanes * at_once) * at_once; };
    const auto weights = [&](int lanes) { return tile * shape.gates * share(lanes); };
    const auto in_registers_of = [&](int threads, int lanes) {
        const int each = at_once * tile * shape.gates; // weights of what is read at once: all of them or none
        return kept(target, threads, weights(lanes), others, number) / each * each;
    };
    // As few threads as have registers for all weights, or keep all parts of a multiprocessor busy.
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

/// The plan for a cell of so many units and numbers of so many bytes: the fewest blocks that keep all weights in
/// registers, else the fewest that have room for them at all; clusters before a grid.
///
/// Errors  none: where nothing has room, Kind::step.
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
        const Plan found =
            detail::plan_of(target, shape, hidden, number, columns, direction, blocks, Kind::grid);
        if (good(found)) return found;
    }
    return second_best;
}

/// Numbers of global memory that a group of a grid hands on through: what is handed, twice, and a counter.
RONDO_HOST_DEVICE constexpr std::size_t grid_memory(std::size_t handed, std::size_t number) {
    return 2 * handed + 64 / number;
}

/// The plans for a cell, one for each number of sequences that a group may go through together, and which of them a
/// batch takes.
struct PlanSelector {
    static constexpr int most = 4; // 1, 2, 4 or 8
    Plan plans[most]{};
    int room[most]{}; // groups at once
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

    /// Those that take the least time, as far as rounds and sequences tell: many sequences make each step longer, few
    /// make more groups than the device has room for at once. 0 where a product a step is faster, or the only way. Of
    /// sequences of different lengths twice as many groups come in a round, the last when the shortest have ended.
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
    /// Numbers of global memory that the groups of a grid hand on through.
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

/// A kernel of a plan: that there is one is checked in the name of the cell, its size and the device.
template <class C, int H, class S, class D, int columns, Plan plan>
struct Planned {
    static_assert(plan.kind != Kind::per_step_gemm,
                  "rondo: this cell's weights do not fit on this device's chip, or not beside so many sequences: its "
                  "steps are products, one a step, not a kernel");
    static constexpr bool checked = true;
};

} // namespace rondo::gpu
