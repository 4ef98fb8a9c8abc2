// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/memory.hpp"
#include "../core/random.hpp"
#include "../core/shards.hpp"
#include "../core/view.hpp"
#include "../core/weighted_target.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// What happens to the states of recurrent layers between mini-batches.
enum class StatePolicy {
    none,   // every sequence starts from zero; final states are discarded
    start,  // every sequence starts from zero; final states persist
    resume, // each sequence starts from the final state of the same sequence in the previous mini-batch
};

/// Which sequences of a mini-batch a Batch has: those from `first` on, of `sequences` in all; of 0: it has them all.
struct BatchPart {
    int first = 0, sequences = 0;
};

/// The part of each mini-batch that a rank of several reads: the sequences of its shards (Trainer::part).
struct RankPart {
    int rank = 0, ranks = 1, shards = 1;

    /// The rank's shards of a mini-batch of so many sequences, and what a Batch of their sequences says of them.
    Shards of(std::size_t sequences) const { return Shards::of(int(sequences), shards).part(rank, ranks); }
    BatchPart note(const Shards& own) const { return ranks > 1 ? BatchPart{own.begin(), own.batch} : BatchPart{}; }
};

/// A mini-batch: the network's inputs and targets for one training step. Targets may have weights: WeightedTarget.
template <class Target, class... Inputs>
struct Batch {
    std::tuple<Inputs...> inputs;
    Target target;
    StatePolicy state_policy = StatePolicy::none;
    BatchPart part{};

    /// The sequences of the whole mini-batch.
    int sequences() const { return part.sequences > 0 ? part.sequences : target.extent.batch; }
};

/// A source of the mini-batches of one epoch: `count()` of them, `at(k)` returns the k-th, a view that is valid until
/// the next call. `begin_epoch` shuffles them for that epoch; the order depends on the seed and the number of the epoch
/// only.
template <class B>
concept Batches = requires(B& batches, Seed seed, std::int64_t epoch, std::size_t k) {
    { batches.count() } -> std::convertible_to<std::size_t>;
    batches.begin_epoch(seed, epoch);
    batches.at(k);
};

/// A source of which a rank reads its own part: at(k, part) has the sequences of the rank's shards of mini-batch k,
/// with the steps of the whole one. Of other sources each rank reads all, and computes its part.
template <class B>
concept PartedBatches = Batches<B> && requires(B& batches, std::size_t k, const RankPart& part) {
    { batches.at(k, part) } -> std::same_as<decltype(batches.at(k))>;
};

namespace detail {
inline void check_batch(const char* what, std::size_t k, std::size_t count) {
    if (k >= count)
        fail(Error::Kind::argument, std::string{what} + ": expected a batch from 0 to below " + std::to_string(count) +
                                        ", got " + std::to_string(k));
}

/// Memory for some of a mini-batch's sequences, with the layout of a mini-batch. It only grows.
class SliceMemory {
public:
    template <class Target, class... Inputs>
    Batch<Target, Inputs...> copy(const Batch<Target, Inputs...>& batch, int first, int count) {
        parts_.resize(sizeof...(Inputs) + 2); // the weights of targets are the last
        return copy(batch, first, count, std::index_sequence_for<Inputs...>{});
    }

private:
    template <class Target, class... Inputs, std::size_t... k>
    Batch<Target, Inputs...> copy(const Batch<Target, Inputs...>& batch, int first, int count,
                                  std::index_sequence<k...>) {
        return {{copy(parts_[k], std::get<k>(batch.inputs), first, count)...},
                copy_target(batch.target, sizeof...(k), first, count),
                batch.state_policy};
    }
    template <class T, int Rows>
    SequenceView<const T, Rows> copy_target(const SequenceView<const T, Rows>& x, std::size_t k, int first, int count) {
        return copy(parts_[k], x, first, count);
    }
    template <class Target, class S>
    WeightedTarget<Target, S> copy_target(const WeightedTarget<Target, S>& x, std::size_t k, int first, int count) {
        return {copy(parts_[k], x.values, first, count), copy(parts_[k + 1], x.weights, first, count)};
    }
    template <class T, int Rows>
    static SequenceView<const T, Rows> copy(Buffer<std::byte>& part, const SequenceView<const T, Rows>& x, int first,
                                            int count) {
        const Extent& e = x.extent;
        const std::size_t width = std::size_t(count) * Rows, stride = std::size_t(e.batch) * Rows;
        part.resize((std::max)(part.size(), width * std::size_t(e.steps) * sizeof(T)));
        T* values = reinterpret_cast<T*>(part.data());
        for (std::size_t t = 0; t < std::size_t(e.steps); ++t)
            std::copy_n(x.value + t * stride + std::size_t(first) * Rows, width, values + t * width);
        return {values,
                nullptr,
                {e.steps, count, e.lengths ? e.lengths + first : nullptr, e.first_step, e.first_column + first}};
    }
    std::vector<Buffer<std::byte>> parts_;
};
}

} // namespace rondo
