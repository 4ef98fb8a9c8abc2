// SPDX-License-Identifier: MIT
#pragma once

#include "../core/memory.hpp"
#include "communicator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Bytes for another rank, and bytes from one.
struct Send {
    int to;
    const std::byte* bytes;
    std::size_t size;
};
struct Receive {
    int from;
    std::byte* bytes;
    std::size_t size;
};
/// Messages that are sent and received at the same time. Between two ranks they arrive in the order of the list.
struct Messages {
    std::vector<Send> sends;
    std::vector<Receive> receives;

    void clear() { sends.clear(), receives.clear(); }
    template <class S>
    void send(int to, const S* numbers, std::size_t count) {
        if (count > 0) sends.push_back({to, reinterpret_cast<const std::byte*>(numbers), count * sizeof(S)});
    }
    template <class S>
    void receive(int from, S* numbers, std::size_t count) {
        if (count > 0) receives.push_back({from, reinterpret_cast<std::byte*>(numbers), count * sizeof(S)});
    }
};

/// A sum over shards that several ranks have computed, in the order of the SumTree of all shards.
///
/// Each rank adds a piece of the numbers and sends it to the others. Where every rank has one node of the same size and
/// ranks are a power of two, that is recursive halving, then doubling; otherwise each rank receives its piece of all
/// nodes at once. Either way a rank sends 2 (n - 1) / n times the numbers; halving in 2 log2(n) messages, the other way
/// in 2 (n - 1).
///
/// Medium  has exchange(messages), which sends, receives and waits; add(to, from, count); copy(to, from, count); and
///         template scratch<S>(count). Their memory is that of the buffers.
/// Memory  the medium's scratch memory: a piece of each other rank's nodes, or half of the numbers.
/// Source  Thakur, Rabenseifner & Gropp, "Optimization of collective communication operations in MPICH" (2005).
template <class Medium, class S>
class SumOverRanks {
public:
    SumOverRanks(Medium& medium, Messages& messages, int rank, int ranks, const ShardSums<S>& sums)
        : medium_{medium}, messages_{messages}, rank_{rank}, ranks_{ranks}, sums_{sums} {}

    Error operator()() { return halves() ? by_halves() : by_pieces(); }

private:
    Shards shards(int rank) const { return sums_.shards.part(rank, ranks_); }
    // Whether the ranks' nodes are the leaves of a complete tree.
    bool halves() const {
        const int each = sums_.shards.count / ranks_;
        const auto power = [](int n) { return n > 0 && (n & (n - 1)) == 0; };
        return power(ranks_) && power(each) && each * ranks_ == sums_.shards.count;
    }

    struct Part {
        std::size_t first, count;
    };
    Part lower(const Part& p) const { return {p.first, (std::min)(padded((p.count + 1) / 2), p.count)}; }
    Part upper(const Part& p) const { return {p.first + lower(p).count, p.count - lower(p).count}; }

    Error by_halves() {
        S* const sum = sums_.nodes[0];
        S* const other = medium_.template scratch<S>(padded((sums_.size + 1) / 2));
        std::array<Part, 32> kept;
        Part own{0, sums_.size};
        std::size_t depth = 0;
        for (int d = 1; d < ranks_; d *= 2) {
            kept[depth++] = own;
            const bool first = (rank_ & d) == 0;
            const Part mine = first ? lower(own) : upper(own), theirs = first ? upper(own) : lower(own);
            messages_.clear();
            messages_.send(rank_ ^ d, sum + theirs.first, theirs.count);
            messages_.receive(rank_ ^ d, other, mine.count);
            if (Error error = medium_.exchange(messages_)) return error;
            medium_.add(sum + mine.first, other, mine.count); // a + b and b + a are the same number
            own = mine;
        }
        for (int d = ranks_ / 2; d > 0; d /= 2) {
            const Part whole = kept[--depth];
            const bool first = (rank_ & d) == 0;
            const Part theirs = first ? upper(whole) : lower(whole);
            messages_.clear();
            messages_.send(rank_ ^ d, sum + own.first, own.count);
            messages_.receive(rank_ ^ d, sum + theirs.first, theirs.count);
            if (Error error = medium_.exchange(messages_)) return error;
            own = whole;
        }
        if (sum != sums_.result) medium_.copy(sums_.result, sum, sums_.size);
        return {};
    }

    Part piece(int rank) const {
        const std::size_t each = padded((sums_.size + std::size_t(ranks_) - 1) / std::size_t(ranks_));
        const std::size_t first = (std::min)(std::size_t(rank) * each, sums_.size);
        return {first, (std::min)(each, sums_.size - first)};
    }
    Error by_pieces() {
        const Part own = piece(rank_);
        std::size_t others = 0;
        for (int r = 0; r < ranks_; ++r) others += r == rank_ ? 0 : tree_of(shards(r)).size();
        const std::size_t room = padded(own.count);
        S* next = medium_.template scratch<S>((std::max)(others * room, std::size_t(1)));
        S* const received = next;
        messages_.clear();
        for (int r = 0; r < ranks_; ++r) {
            if (r == rank_) continue;
            const Part part = piece(r);
            for (S* const node : sums_.nodes) messages_.send(r, node + part.first, part.count);
            for (std::size_t k = tree_of(shards(r)).size(); k > 0; --k, next += room)
                messages_.receive(r, next, own.count);
        }
        if (Error error = medium_.exchange(messages_)) return error;

        std::array<S*, 64> nodes;
        SumTree tree;
        next = received;
        for (int r = 0; r < ranks_; ++r) {
            const SumTree of_rank = tree_of(shards(r));
            for (std::size_t k = 0; k < of_rank.size(); ++k) {
                const std::size_t top = tree.size();
                nodes[top] = r == rank_ ? sums_.nodes[k] + own.first : next;
                next += r == rank_ ? 0 : room;
                const std::size_t merged = tree.push(of_rank.node(k), sums_.shards.count);
                for (std::size_t n = top; n > top - merged; --n) medium_.add(nodes[n - 1], nodes[n], own.count);
            }
        }
        if (nodes[0] != sums_.result + own.first) medium_.copy(sums_.result + own.first, nodes[0], own.count);
        messages_.clear();
        for (int r = 0; r < ranks_; ++r) {
            if (r == rank_) continue;
            messages_.send(r, sums_.result + own.first, own.count);
            messages_.receive(r, sums_.result + piece(r).first, piece(r).count);
        }
        return medium_.exchange(messages_);
    }

    Medium& medium_;
    Messages& messages_;
    int rank_, ranks_;
    const ShardSums<S>& sums_;
};

} // namespace rondo::detail
