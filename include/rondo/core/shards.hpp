// SPDX-License-Identifier: MIT
#pragma once

#include "extent.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The order of a sum over shards: a binary tree over their numbers, of which this is a stack of complete nodes.
///
/// A node of size s, a power of two, is the sum of the shards [first, first + s), where first is a multiple of s; it is
/// its left half plus its right half. Missing shards after a batch's last one are zero, and not added. Which nodes are
/// pushed does not change the order: single shards, or the nodes that other threads have computed.
///
/// Memory  buffers for as many sums as the stack has nodes: for 2^n shards in order at most n + 1.
class SumTree {
public:
    struct Node {
        int first = 0, size = 1;
    };
    std::size_t size() const { return size_; }
    const Node& node(std::size_t k) const { return nodes_[k]; }
    void clear() { size_ = 0; }

    /// Pushes a node of a tree over `count` shards; returns the number of sums to add then: each time the last buffer
    /// to the one before it, which replaces both.
    std::size_t push(Node node, int count) {
        nodes_[size_++] = node;
        for (std::size_t merged = 0;; ++merged) {
            Node& top = nodes_[size_ - 1];
            // A left half without a right half is the whole node.
            while (top.first > 0 && top.first % (2 * top.size) == 0 && top.first + top.size >= count) top.size *= 2;
            if (size_ < 2 || top.first % (2 * top.size) == 0) return merged;
            Node& left = nodes_[size_ - 2];
            if (left.size != top.size || left.first + left.size != top.first) return merged;
            left.size *= 2;
            --size_;
        }
    }

private:
    std::array<Node, 64> nodes_{};
    std::size_t size_ = 0;
};

/// The shards of a batch: parts over which sums over columns (gradients of parameters, losses) are computed one by one,
/// to be added in the order of a SumTree. So the bits of a sum do not depend on which worker computes a shard.
///
/// Shard s has the sequences [batch s / count, batch (s + 1) / count). A run computes the shards [first, last). With
/// one shard in all, a sum is over all columns, and kernels are chosen by the columns of their operands; with several,
/// by the columns of the whole batch.
struct Shards {
    int batch = 0, count = 1; // of the whole batch
    int first = 0, last = 1;

    /// Of a batch: `most` shards, or one for each sequence.
    static Shards of(int batch, int most) {
        const int count = std::clamp(batch, 1, most);
        return {batch, count, 0, count};
    }
    /// The k-th of `parts` parts of [first, last); the first ones are not empty.
    Shards part(int k, int parts) const {
        const auto bound = [&](int n) {
            return first + int((std::int64_t(last - first) * n + parts - 1) / parts); // rounded up
        };
        return {batch, count, bound(k), bound(k + 1)};
    }
    Shards only(int shard) const { return {batch, count, shard, shard + 1}; }

    int begin(int shard) const { return int(std::int64_t(batch) * shard / count); }
    int begin() const { return begin(first); }
    int sequences(int shard) const { return begin(shard + 1) - begin(shard); }
    int sequences() const { return begin(last) - begin(first); }
    std::size_t size() const { return std::size_t(last - first); }
    /// Whether all columns of the run are summed at once.
    bool single() const { return last - first == 1; }
    /// The sequences of the largest shard, of `all` of a run.
    int widest(int all) const { return single() ? all : (batch + count - 1) / count; }

    /// The columns that choose the kernel of a product over `columns` of a value's columns.
    std::size_t kernel_columns(const Extent& e, std::size_t columns) const {
        return count == 1 ? columns : std::size_t(batch) * std::size_t(e.steps);
    }
    /// The same of a product over a step's columns; 0: those of the operands.
    std::size_t step_columns() const { return count == 1 ? 0 : std::size_t(batch); }
    /// A shard's part of an extent of the run, whose sequences begin at `from` of the run's.
    static Extent cut(const Extent& e, int from, int count) {
        return {e.steps, count, e.lengths ? e.lengths + from : nullptr, e.first_step, e.first_column + from};
    }
    /// The run's part of an extent of the whole batch.
    Extent cut(const Extent& whole) const { return cut(whole, begin(), sequences()); }
    /// Buffers that the sums of the run's shards need, one after the other.
    std::size_t buffers() const {
        SumTree tree;
        std::size_t most = 1;
        for (int s = first; s < last; ++s) {
            most = (std::max)(most, tree.size() + 1);
            tree.push({s, 1}, count);
        }
        return most;
    }
    /// Sums that remain after the run's shards: one unless the parts of a batch do not fit its tree.
    std::size_t nodes() const {
        SumTree tree;
        for (int s = first; s < last; ++s) tree.push({s, 1}, count);
        return (std::max)(tree.size(), std::size_t(1));
    }
    bool operator==(const Shards&) const = default;
};

/// The sum of `count` numbers in the order of a SumTree.
template <class S>
S tree_sum(const S* numbers, int count) {
    std::array<S, 64> sums;
    SumTree tree;
    for (int s = 0; s < count; ++s) {
        sums[tree.size()] = numbers[s];
        const std::size_t top = tree.size();
        const std::size_t merged = tree.push({s, 1}, count);
        for (std::size_t k = top; k > top - merged; --k) sums[k - 1] += sums[k];
    }
    return count > 0 ? sums[0] : S(0);
}

} // namespace rondo
