// SPDX-License-Identifier: MIT
#pragma once

#include "../core/shards.hpp"
#include "worker.hpp"
#include "workers.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Adds the workers' gradients to the first one's, in the order of the SumTree of `count` shards; each worker adds a
/// part of the elements.
///
/// Memory  an entry for each sum; a step with no more of them than before allocates nothing.
template <Backend B>
class SumGradients {
    using scalar = typename B::scalar;

public:
    void operator()(std::vector<Worker<B>>& all, Workers& workers, std::size_t size, int count,
                    std::size_t small_work) {
        std::array<scalar*, 64> nodes;
        SumTree tree;
        sums_.clear();
        for (auto& worker : all)
            for (std::size_t k = 0; k < worker.tree().size(); ++k) {
                const std::size_t top = tree.size();
                nodes[top] = worker.gradient(k).data();
                const std::size_t merged = tree.push(worker.tree().node(k), count);
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
    }

private:
    void add(Worker<B>& worker, std::size_t first, std::size_t count) const {
        for (const AddTo<scalar>& sum : sums_)
            worker.work.backend().elements(AddTo<scalar>{sum.p + first, sum.q + first}, count);
    }
    std::vector<AddTo<scalar>> sums_;
};

} // namespace rondo::detail
