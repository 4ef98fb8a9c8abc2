// SPDX-License-Identifier: MIT
#pragma once

#include "../../cell/concept.hpp"
#include "../../core/host_device.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>

namespace rondo::inline v0_1::gpu {

/// What a kernel may count on, of the devices it is built for.
///
/// Units  capability as in sm_90; shared memory of a block in bytes; blocks of a cluster; multiprocessors; threads
///        that a block of a recurrence has at most, so that each has registers for weights; registers of a
///        multiprocessor.
/// Source  CUDA C++ Programming Guide, "Technical Specifications per Compute Capability".
struct Target {
    int capability;
    std::size_t shared;
    int cluster, multiprocessors, threads = 512, registers = 65536;
    bool operator==(const Target&) const = default;
};

/// Devices that a backend's type may name; a program for several has several backends.
struct Ampere { static constexpr Target target{80, std::size_t{163} << 10, 1, 108}; };      // A100; no clusters
struct Hopper { static constexpr Target target{90, std::size_t{227} << 10, 16, 132}; };     // H100, H200
struct Blackwell { static constexpr Target target{100, std::size_t{227} << 10, 16, 148}; }; // B200

template <class D>
concept Device = std::same_as<decltype(D::target), const Target>;

/// Who goes through a sequence together.
enum class Kind {
    block,   // one block: what it hands on lies in its shared memory
    cluster, // the blocks of a cluster, each with some units: they write into each other's shared memory
    grid,    // many blocks, each with some units: they meet in global memory
    step,    // nobody: a product for each step
};

/// How a recurrence is spread over a device: `blocks` go through a slice of `columns` sequences together. Each unit has
/// `lanes` threads, each of which keeps its share of the unit's weights where it stands for the whole sequence: the
/// first `in_registers` of them in registers, the others in shared memory.
struct Plan {
    Kind kind = Kind::step;
    int blocks = 0, threads = 0, lanes = 0, columns = 0;
    int in_registers = 0, in_shared = 0; // weights a thread
    std::size_t shared = 0;              // bytes a block

    RONDO_HOST_DEVICE constexpr int units() const { return threads / lanes; }
    RONDO_HOST_DEVICE constexpr int weights() const { return in_registers + in_shared; }
    bool operator==(const Plan&) const = default;
};

namespace detail {
/// Of so many weights, those that a thread has registers for, besides its sums and addresses; the others need some more
/// addresses. Registers are handed out to four warps at once.
constexpr int kept(Target target, int threads, int weights, std::size_t number) {
    const int each = target.registers / ((threads + 127) / 128 * 128), words = int(number / 4);
    const int most = std::clamp(each - 64, 4, 160) / words;
    return weights <= most ? weights : std::clamp(each - 80, 4, 160) / words;
}

/// The plan of so many blocks, or none (Kind::step) where they have no room.
///
/// Forward, a unit's weights are its rows of U; backward its column: as many. What is handed on are h, or the slopes
/// of all gates, twice: while one is read the other is written.
constexpr Plan plan_of(Target target, int gates, int hidden, std::size_t number, int columns, int blocks, Kind kind) {
    const int units = (hidden + blocks - 1) / blocks;
    int lanes = 32;
    while (lanes > 1 && units * lanes > target.threads) lanes /= 2;
    if (units * lanes > target.threads || lanes < columns) return {};
    const int threads = (units * lanes + 31) / 32 * 32;
    const int weights = gates * ((hidden + lanes - 1) / lanes), in_registers = kept(target, threads, weights, number);
    const std::size_t handed = std::size_t(2 * columns * gates * hidden) * number,
                      shared = handed + std::size_t(threads) * std::size_t(weights - in_registers) * number;
    if (shared > target.shared) return {};
    return {kind, blocks, threads, lanes, columns, in_registers, weights - in_registers, shared};
}
}

/// The plan for a cell of so many units and numbers of so many bytes: the fewest blocks that keep all weights in
/// registers, else the fewest that have room for them at all; clusters before a grid.
///
/// Errors  none: where nothing has room, Kind::step.
constexpr Plan plan(Target target, cell::Shape shape, int hidden, std::size_t number, int columns) {
    if (shape.second > 0) return {};
    Plan second_best;
    for (int blocks = 1; blocks <= target.cluster; blocks *= 2) {
        const Plan found = detail::plan_of(target, shape.gates, hidden, number, columns, blocks,
                                           blocks == 1 ? Kind::block : Kind::cluster);
        if (found.kind != Kind::step && found.in_shared == 0) return found;
        if (found.kind != Kind::step && second_best.kind == Kind::step) second_best = found;
    }
    if (second_best.kind != Kind::step) return second_best;
    for (int blocks = 8; blocks <= target.multiprocessors; blocks += 4) {
        const Plan found = detail::plan_of(target, shape.gates, hidden, number, columns, blocks, Kind::grid);
        if (found.kind != Kind::step) return found;
    }
    return {};
}

} // namespace rondo::gpu
