// SPDX-License-Identifier: MIT
#pragma once

#include "communicator.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The communicator of a program that is one process: rank 0 of 1. A Trainer without a communicator does the same.
class SingleProcess final : public AnyCommunicator {
public:
    int rank() const override { return 0; }
    int size() const override { return 1; }
    Error sum(const ShardSums<float>& sums) override { return take(sums); }
    Error sum(const ShardSums<double>& sums) override { return take(sums); }
    Error share(const Shards&, double*) override { return failure_; }
    Error all_gather(std::span<std::byte>) override { return failure_; }
    Error gather(std::span<const std::byte> own, std::span<const std::span<std::byte>> to) override {
        std::copy(own.begin(), own.end(), to[0].begin());
        return failure_;
    }
    Error broadcast(std::span<std::byte>) override { return failure_; }
    Error barrier() override { return failure_; }
    Error fail(const Error& error) override { return failure_ ? failure_ : failure_ = error; }
    const Error& failure() const override { return failure_; }

private:
    // The tree of all shards is one node.
    template <class S>
    Error take(const ShardSums<S>& sums) {
        if (sums.result != sums.nodes[0]) std::copy_n(sums.nodes[0], sums.size, sums.result);
        return failure_;
    }
    Error failure_;
};

} // namespace rondo
