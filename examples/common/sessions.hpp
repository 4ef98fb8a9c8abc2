// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/stream/any_stream.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace common {

constexpr std::size_t values_a_request = 25;

/// A session owns its state, requests and answers; the weights of its stream are const and shared by all sessions.
struct Session {
    rondo::AnyStream stream;
    std::vector<float> values, answers;  // inputs of all requests, and their results
    std::size_t asked = 0, answered = 0; // number of requests
    bool busy = false;                   // in the queue, or with a worker
};

/// Answers the next request of a session.
inline void answer(Session& session) {
    const std::size_t at = session.answered * values_a_request;
    session.stream.process(session.values.data() + at, session.answers.data() + at, values_a_request);
}

/// A queue of sessions with pending requests, for worker threads. A session has at most one worker at a time, so its
/// data needs no lock while a request is answered.
class SessionQueue {
public:
    void ask(Session& session) {
        const std::lock_guard lock{mutex_};
        ++session.asked;
        if (!std::exchange(session.busy, true)) add(session);
    }
    void close() {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        ready_.notify_all();
    }
    /// Answers requests until the queue is closed and empty.
    void work() {
        std::unique_lock lock{mutex_};
        for (;;) {
            ready_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            Session& session = *waiting_.front();
            waiting_.pop_front();
            lock.unlock();
            answer(session);
            lock.lock();
            session.busy = ++session.answered < session.asked;
            if (session.busy) add(session); // at the end of the queue
        }
    }

private:
    void add(Session& session) {
        waiting_.push_back(&session);
        ready_.notify_one();
    }
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<Session*> waiting_;
    bool closed_ = false;
};

} // namespace common
