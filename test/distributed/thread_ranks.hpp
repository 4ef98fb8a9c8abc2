// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/distributed/message_communicator.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace distributed_test {

using namespace rondo;

/// Ranks that are threads of this process.
class ThreadRanks {
public:
    explicit ThreadRanks(int count) : count_{count} {}

    /// Calls work(communicator) on as many threads as there are ranks; none may throw.
    template <class Work>
    void run(const Work& work) {
        std::vector<std::thread> threads;
        for (int r = 0; r < count_; ++r)
            threads.emplace_back([&, r] {
                Rank rank{*this, r};
                work(rank);
            });
        for (std::thread& thread : threads) thread.join();
    }

    class Rank final : public detail::MessageCommunicator {
    public:
        Rank(ThreadRanks& all, int rank) : all_{&all}, rank_{rank} {}
        int rank() const override { return rank_; }
        int size() const override { return all_->count_; }
        const Error& failure() const override { return failure_; }
        Error fail(const Error& error) override {
            const std::lock_guard lock{all_->mutex_};
            if (!all_->failure_) all_->failure_ = error;
            failure_ = all_->failure_;
            all_->arrived_.notify_all();
            return failure_;
        }
        Error exchange(const detail::Messages& messages) override {
            std::unique_lock lock{all_->mutex_};
            for (const detail::Send& one : messages.sends)
                all_->boxes_[{rank_, one.to}].emplace_back(one.bytes, one.bytes + one.size);
            sent += messages.sends.size();
            all_->arrived_.notify_all();
            for (const detail::Receive& one : messages.receives) {
                auto& box = all_->boxes_[{one.from, rank_}];
                const bool came = all_->arrived_.wait_for(lock, std::chrono::seconds{60},
                                                          [&] { return !box.empty() || all_->failure_; });
                if (all_->failure_) return failure_ = all_->failure_;
                if (!came || box.front().size() != one.size)
                    return {Error::Kind::device, "rank " + std::to_string(rank_) + ": expected " +
                                                     std::to_string(one.size) + " bytes of rank " +
                                                     std::to_string(one.from)};
                std::copy(box.front().begin(), box.front().end(), one.bytes);
                box.pop_front();
            }
            return failure_;
        }
        std::size_t sent = 0; // messages

    private:
        ThreadRanks* all_;
        int rank_;
        Error failure_;
    };

private:
    int count_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> boxes_;
    Error failure_;
};

} // namespace distributed_test
