// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/shards.hpp"
#include "agreements.hpp"

#include <concepts>
#include <cstddef>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// What a rank contributes to a sum over all shards of a batch, and where the sum goes.
///
/// shards  those of the whole batch; rank r of n computes shards.part(r, n)
/// nodes   the sums of this rank's shards: a buffer for each node that remains in the SumTree of its shards. They are
///         overwritten.
/// result  a buffer for the sum; it may be the first node
/// size    numbers in each buffer
/// losses  a number for each shard of the batch: the rank's own are given, the others received; null: none
template <class S>
struct ShardSums {
    Shards shards;
    std::span<S* const> nodes;
    S* result = nullptr;
    std::size_t size = 0;
    double* losses = nullptr;
};

/// The processes (ranks) of a training run, type-erased: trainers are compiled once for all communicators.
///
/// Every function but rank, size, on_host, failure and fail is collective: all ranks call the same ones in the same
/// order, from one thread.
///
/// Errors  of any rank reach all: each collective call that waits for others returns the error that a rank passed to
///         `fail`, and so do all later calls. A rank that does not answer is an error, too.
class AnyCommunicator : public detail::Agreements {
public:
    int rank() const override = 0; // from 0
    int size() const override = 0;
    /// Whether the buffers of `sum` are in the host's memory.
    virtual bool on_host() const { return true; }

    /// Adds the sums of all ranks in the order of the SumTree of all shards, so that neither ranks nor their number
    /// change a bit. Every rank has the result.
    virtual Error sum(const ShardSums<float>& sums) = 0;
    virtual Error sum(const ShardSums<double>& sums) = 0;
    /// Gives all ranks the numbers of all shards, of which each has its own.
    virtual Error share(const Shards& shards, double* numbers) = 0;
    /// Gives all ranks all blocks: `blocks` has an equal block for each rank, of which each has filled its own.
    Error all_gather(std::span<std::byte> blocks) override = 0;
    /// Sends each rank's bytes to rank 0, which has a buffer for each rank (also for itself); others have none.
    Error gather(std::span<const std::byte> own, std::span<const std::span<std::byte>> to) override = 0;
    /// Sends bytes from rank 0 to all others, which have a buffer of the same size.
    Error broadcast(std::span<std::byte> bytes) override = 0;
    Error barrier() override = 0;

    /// Tells all ranks of an error, which ends every collective call. Returns the first error that this rank has told
    /// or was told.
    Error fail(const Error& error) override = 0;
    /// That error, or none.
    virtual const Error& failure() const = 0;
};

/// Ranks of a training run: see AnyCommunicator, from which a type derives to be given to a Trainer.
template <class C>
concept Communicator = std::derived_from<C, AnyCommunicator> &&
                       requires(C& c, const Shards& shards, const ShardSums<float>& singles,
                                const ShardSums<double>& doubles, std::span<std::byte> bytes, const Error& error) {
                           { c.rank() } -> std::same_as<int>;
                           { c.size() } -> std::same_as<int>;
                           { c.sum(singles) } -> std::same_as<Error>;
                           { c.sum(doubles) } -> std::same_as<Error>;
                           { c.share(shards, static_cast<double*>(nullptr)) } -> std::same_as<Error>;
                           { c.broadcast(bytes) } -> std::same_as<Error>;
                           { c.barrier() } -> std::same_as<Error>;
                           { c.fail(error) } -> std::same_as<Error>;
                       };

namespace detail {
/// The nodes that remain of shards that are computed in order.
inline SumTree tree_of(const Shards& own) {
    SumTree tree;
    for (int s = own.first; s < own.last; ++s) tree.push({s, 1}, own.count);
    return tree;
}
}

} // namespace rondo
