// SPDX-License-Identifier: MIT
// Collective calls over any number of ranks, here threads: sums have the order of the tree of all shards.
#include <rondo/core/shards.hpp>
#include <rondo/distributed/communicator.hpp>
#include <rondo/distributed/single_process.hpp>

#include <distributed/thread_ranks.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace distributed_test {
namespace {

static_assert(Communicator<SingleProcess> && Communicator<ThreadRanks::Rank> && !Communicator<int>);

/// Numbers whose sum depends on its order.
template <class S>
std::vector<S> numbers(std::size_t count, int shard) {
    std::vector<S> all(count);
    for (std::size_t k = 0; k < count; ++k) all[k] = S(std::sin(double(k + 1) * double(shard + 1)) * 100 + shard);
    return all;
}
/// The buffers of a rank: the nodes of its shards.
template <class S>
std::vector<std::vector<S>> nodes_of(const Shards& own, std::size_t size) {
    std::vector<std::vector<S>> nodes;
    SumTree tree;
    for (int s = own.first; s < own.last; ++s) {
        nodes.resize(tree.size());
        nodes.push_back(numbers<S>(size, s));
        for (std::size_t merged = tree.push({s, 1}, own.count); merged > 0; --merged) {
            const std::vector<S> last = nodes.back();
            nodes.pop_back();
            for (std::size_t k = 0; k < size; ++k) nodes.back()[k] += last[k];
        }
    }
    return nodes;
}

template <class S>
void expect_tree_sums(int count, int ranks, std::size_t size) {
    const Shards shards{count, count, 0, count};
    const std::vector<S> expected = nodes_of<S>(shards, size)[0];
    std::mutex mutex;
    ThreadRanks{ranks}.run([&](AnyCommunicator& rank) {
        const Shards own = shards.part(rank.rank(), ranks);
        auto nodes = nodes_of<S>(own, size);
        std::vector<S*> pointers;
        for (auto& node : nodes) pointers.push_back(node.data());
        std::vector<S> other(size);
        std::vector<double> losses(std::size_t(count), -1);
        for (int s = own.first; s < own.last; ++s) losses[std::size_t(s)] = 0.1 * s;
        // Into the first node, as a trainer's, or elsewhere.
        S* const result = nodes.empty() || rank.rank() % 2 == 1 ? other.data() : nodes[0].data();
        const Error error = rank.sum(ShardSums<S>{shards, pointers, result, size, losses.data()});
        const std::lock_guard lock{mutex};
        EXPECT_FALSE(error) << error.message;
        EXPECT_EQ(std::vector<S>(result, result + size), expected)
            << count << " shards, " << ranks << " ranks, " << size << " numbers, rank " << rank.rank();
        for (int s = 0; s < count; ++s) EXPECT_EQ(losses[std::size_t(s)], 0.1 * s);
    });
}

TEST(Communicator, AddsInTheOrderOfTheTree) {
    for (const int count : {1, 2, 3, 5, 8, 12, 20})
        for (const int ranks : {2, 3, 4, 5, 7, 8})
            for (const std::size_t size : {1u, 3u, 20u, 33u, 700u}) {
                if (count > 8 && size == 700u) continue;
                expect_tree_sums<float>(count, ranks, size);
                if (size == 33u) expect_tree_sums<double>(count, ranks, size);
            }
}

TEST(Communicator, SendsFewMessagesWhereRanksAreAPowerOfTwo) {
    ThreadRanks{8}.run([&](ThreadRanks::Rank& rank) {
        std::vector<float> own(64, 1);
        float* const node = own.data();
        EXPECT_FALSE(rank.sum(ShardSums<float>{{8, 8, 0, 8}, {&node, 1}, node, own.size()}));
        EXPECT_EQ(own[63], 8);
        EXPECT_LE(rank.sent, 6u);
    });
}

TEST(Communicator, GathersAndBroadcasts) {
    for (const int ranks : {1, 2, 3, 4, 6, 8})
        ThreadRanks{ranks}.run([&](AnyCommunicator& rank) {
            std::vector<int> all(std::size_t(ranks), -1), expected;
            for (int r = 0; r < ranks; ++r) expected.push_back(7 * r);
            all[std::size_t(rank.rank())] = 7 * rank.rank();
            EXPECT_FALSE(rank.all_gather(std::as_writable_bytes(std::span{all})));
            EXPECT_EQ(all, expected);
            EXPECT_FALSE(rank.barrier());

            std::vector<int> sent(33, rank.rank() == 0 ? 5 : 0);
            EXPECT_FALSE(rank.broadcast(std::as_writable_bytes(std::span{sent})));
            EXPECT_EQ(sent, std::vector<int>(33, 5));

            std::vector<std::vector<int>> parts(static_cast<std::size_t>(ranks));
            std::vector<std::span<std::byte>> to;
            for (int r = 0; r < ranks; ++r) { // of different sizes, also none
                if (rank.rank() == 0) parts[std::size_t(r)].resize(std::size_t(r % 3));
                to.push_back(std::as_writable_bytes(std::span{parts[std::size_t(r)]}));
            }
            const std::vector<int> own(std::size_t(rank.rank() % 3), rank.rank());
            EXPECT_FALSE(rank.gather(std::as_bytes(std::span{own}), to));
            for (int r = 0; rank.rank() == 0 && r < ranks; ++r)
                EXPECT_EQ(parts[std::size_t(r)], std::vector<int>(std::size_t(r % 3), r));
        });
}

TEST(Communicator, AFailureReachesEverybody) {
    ThreadRanks{5}.run([&](AnyCommunicator& rank) {
        const Error own{Error::Kind::file, "of rank 3"};
        const Error error = rank.rank() == 3 ? rank.fail(own) : rank.barrier();
        EXPECT_EQ(error, own);
        EXPECT_EQ(rank.barrier(), own) << "and ends what follows";
        EXPECT_EQ(rank.failure(), own);
    });
}

TEST(Communicator, OfASingleProcessIsItsOwn) {
    SingleProcess one;
    std::vector<double> node(20, 3), result(20);
    double* const nodes = node.data();
    EXPECT_FALSE(one.sum(ShardSums<double>{{4, 4, 0, 4}, {&nodes, 1}, result.data(), 20}));
    EXPECT_EQ(result, node);
    EXPECT_FALSE(one.barrier());
    const Error error{Error::Kind::file, "none"};
    EXPECT_EQ(one.fail(error), error);
    EXPECT_EQ(one.barrier(), error);
}

} // namespace
} // namespace distributed_test
