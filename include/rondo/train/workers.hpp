// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A fixed number of threads that run one task together, then wait for the next. The caller is one of the workers.
class Workers {
public:
    /// Errors  exceptions of std::thread if the system cannot start another thread.
    explicit Workers(int count) : stop_{*this} {
        for (int k = 1; k < count; ++k) stop_.threads.emplace_back([this, k] { work(k); });
    }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    int count() const { return int(stop_.threads.size()) + 1; }

    /// Calls task(k) for each worker k, where the caller is worker 0, and returns when all have ended. The task must
    /// not throw. `alone`: the caller runs all parts, one after the other.
    template <class Task>
    void each(const Task& task, bool alone = false) {
        if (alone || stop_.threads.empty()) {
            for (int k = 0; k < count(); ++k) task(k);
            return;
        }
        {
            const std::lock_guard lock{mutex_};
            task_ = std::cref(task);
            left_ = stop_.threads.size();
            ++round_;
        }
        start_.notify_all();
        task(0);
        std::unique_lock lock{mutex_};
        done_.wait(lock, [this] { return left_ == 0; });
    }

private:
    void work(int k) {
        std::size_t round = 0;
        for (;;) {
            std::unique_lock lock{mutex_};
            start_.wait(lock, [&] { return ended_ || round_ != round; });
            if (ended_) return;
            round = round_;
            lock.unlock();
            task_(k);
            lock.lock();
            if (--left_ == 0) done_.notify_one();
        }
    }

    std::mutex mutex_;
    std::condition_variable start_, done_;
    std::function<void(int)> task_;
    std::size_t round_ = 0, left_ = 0;
    bool ended_ = false;

    // Joins the threads that were started, even if another one could not be started.
    struct Stop {
        Workers& workers;
        std::vector<std::thread> threads{};
        ~Stop() {
            {
                const std::lock_guard lock{workers.mutex_};
                workers.ended_ = true;
            }
            workers.start_.notify_all();
            for (std::thread& thread : threads) thread.join();
        }
    };
    Stop stop_; // the last member, so that it is destroyed first
};

} // namespace rondo
