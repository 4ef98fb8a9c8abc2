// SPDX-License-Identifier: MIT
#pragma once

#include "communicator.hpp"
#include "sum_over_ranks.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// All collective calls of a communicator in terms of messages between two ranks: a derived class says how they are
/// exchanged.
///
/// Memory  half of the largest sum's numbers; calls no larger than earlier ones allocate nothing.
class MessageCommunicator : public AnyCommunicator {
public:
    Error sum(const ShardSums<float>& sums) override { return add(sums); }
    Error sum(const ShardSums<double>& sums) override { return add(sums); }
    Error share(const Shards& shards, double* numbers) override {
        const auto bytes = reinterpret_cast<std::byte*>(numbers);
        return gather_blocks([&](int r) {
            const std::size_t first = std::size_t(shards.part(r, size()).first);
            const std::size_t last = std::size_t(shards.part(r, size()).last);
            return std::span{bytes + first * sizeof *numbers, (last - first) * sizeof *numbers};
        });
    }
    Error all_gather(std::span<std::byte> blocks) override {
        const std::size_t each = blocks.size() / std::size_t(size());
        return gather_blocks([&](int r) { return blocks.subspan(std::size_t(r) * each, each); });
    }
    Error gather(std::span<const std::byte> own, std::span<const std::span<std::byte>> to) override {
        messages_.clear();
        if (rank() > 0) messages_.send(0, own.data(), own.size());
        for (int r = 1; rank() == 0 && r < size(); ++r)
            messages_.receive(r, to[std::size_t(r)].data(), to[std::size_t(r)].size());
        if (rank() == 0 && to[0].data() != own.data()) std::copy(own.begin(), own.end(), to[0].begin());
        return exchange(messages_);
    }
    /// Over a binomial tree.
    Error broadcast(std::span<std::byte> bytes) override {
        int d = 1;
        while (d < size()) d *= 2;
        for (d /= 2; d > 0; d /= 2) { // ranks that are multiples of 2 d have them
            if (rank() % d != 0) continue;
            messages_.clear();
            if (rank() % (2 * d) != 0) messages_.receive(rank() - d, bytes.data(), bytes.size());
            else if (rank() + d < size()) messages_.send(rank() + d, bytes.data(), bytes.size());
            if (Error error = exchange(messages_)) return error;
        }
        return failure();
    }
    Error barrier() override {
        bytes_.resize((std::max)(bytes_.size(), std::size_t(size())));
        return all_gather(std::span{bytes_.data(), std::size_t(size())});
    }

    // The medium of SumOverRanks.
    virtual Error exchange(const Messages& messages) = 0;
    template <class S>
    void add(S* to, const S* from, std::size_t count) {
        for (std::size_t k = 0; k < count; ++k) to[k] += from[k];
    }
    template <class S>
    void copy(S* to, const S* from, std::size_t count) {
        std::copy_n(from, count, to);
    }
    template <class S>
    S* scratch(std::size_t count) {
        if (scratch_.size() < count * sizeof(S)) scratch_.resize(count * sizeof(S));
        return reinterpret_cast<S*>(scratch_.data());
    }

private:
    template <class S>
    Error add(const ShardSums<S>& sums) {
        if (Error error = SumOverRanks<MessageCommunicator, S>{*this, messages_, rank(), size(), sums}()) return error;
        return sums.losses ? share(sums.shards, sums.losses) : Error{};
    }
    // block(r): the bytes that rank r has, which follow those of rank r - 1.
    template <class Block>
    Error gather_blocks(const Block& block) {
        const auto joined = [&](int first, int count) {
            const std::span<std::byte> begin = block(first), end = block(first + count - 1);
            return std::span{begin.data(), end.data() + end.size()};
        };
        if ((size() & (size() - 1)) == 0) {
            for (int d = 1; d < size(); d *= 2) { // a group of d ranks has its blocks
                const int own = rank() / d * d, other = own ^ d;
                const auto mine = joined(own, d), theirs = joined(other, d);
                messages_.clear();
                messages_.send(rank() ^ d, mine.data(), mine.size());
                messages_.receive(rank() ^ d, theirs.data(), theirs.size());
                if (Error error = exchange(messages_)) return error;
            }
            return failure();
        }
        messages_.clear();
        for (int r = 0; r < size(); ++r) {
            if (r == rank()) continue;
            messages_.send(r, block(rank()).data(), block(rank()).size());
            messages_.receive(r, block(r).data(), block(r).size());
        }
        return exchange(messages_);
    }

    Messages messages_;
    std::vector<std::byte> bytes_;
    Buffer<std::byte> scratch_;
};

} // namespace rondo::detail
