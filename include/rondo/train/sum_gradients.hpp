// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/shards.hpp"
#include "ranks.hpp"
#include "worker.hpp"
#include "workers.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Adds the workers' gradients, then those of all ranks, to the first worker's, in the order of the SumTree of all
/// shards; each worker adds a part of the elements.
///
/// Memory  an entry for each sum; a step with no more of them than before allocates nothing.
template <Backend B>
class SumGradients {
    using scalar = typename B::scalar;

public:
    /// `losses`: a number for each shard, those of this rank's shards are given; with ranks, the others are received.
    Error operator()(std::vector<Worker<B>>& all, Workers& workers, std::size_t size, const Shards& shards,
                     std::size_t small_work, const Ranks& ranks, double* losses) {
        std::array<scalar*, 64> nodes;
        SumTree tree;
        sums_.clear();
        for (auto& worker : all)
            for (std::size_t k = 0; k < worker.tree().size(); ++k) {
                const std::size_t top = tree.size();
                nodes[top] = worker.gradient(k).data();
                const std::size_t merged = tree.push(worker.tree().node(k), shards.count);
                for (std::size_t n = top; n > top - merged; --n) sums_.push_back({nodes[n - 1], nodes[n]});
            }
        if constexpr (Asynchronous<B>) {
            add(all.front(), 0, size);
        } else {
            const std::size_t part = padded((size + all.size() - 1) / all.size());
            const auto add_part = [&](int k) {
                const std::size_t first = (std::min)(std::size_t(k) * part, size);
                add(all[std::size_t(k)], first, (std::min)(part, size - first));
            };
            workers.each(add_part, sums_.size() * size < small_work);
        }
        if (!ranks) return {};
        return sum(ranks.communicator(), all.front(),
                   {shards, {nodes.data(), tree.size()}, all.front().gradient().data(), size, losses});
    }

private:
    static Error sum(AnyCommunicator& communicator, [[maybe_unused]] Worker<B>& worker, const ShardSums<scalar>& sums) {
        if constexpr (Asynchronous<B>) {
            worker.work.backend().wait();
            if (communicator.on_host()) return sum_by_host(communicator, worker.work.backend(), sums);
        }
        return communicator.sum(sums);
    }
    // A device's numbers by way of the host.
    static Error sum_by_host(AnyCommunicator& communicator, B& backend, const ShardSums<scalar>& sums) {
        std::vector<std::vector<scalar>> numbers;
        std::vector<scalar*> nodes;
        for (const scalar* node : sums.nodes) {
            numbers.emplace_back(sums.size);
            B::download(numbers.back().data(), node, sums.size);
            nodes.push_back(numbers.back().data());
        }
        std::vector<scalar> result(sums.size);
        if (Error error = communicator.sum({sums.shards, nodes, result.data(), sums.size, sums.losses})) return error;
        backend.send(sums.result, result.data(), result.size());
        return {};
    }
    void add(Worker<B>& worker, std::size_t first, std::size_t count) const {
        for (const AddTo<scalar>& sum : sums_)
            worker.work.backend().elements(AddTo<scalar>{sum.p + first, sum.q + first}, count);
    }
    std::vector<AddTo<scalar>> sums_;
};

} // namespace rondo::detail
