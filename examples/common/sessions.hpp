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

/// A session owns its state and what was said; the weights behind the stream are everybody's and const.
struct Session {
    rondo::AnyStream stream;
    std::vector<float> values, answers; // all that it asks, all that it was told
    std::size_t asked = 0, answered = 0; // requests
    bool busy = false;                   // waits for a worker, or has one
};

/// The next request of a session.
inline void answer(Session& session) {
    const std::size_t at = session.answered * values_a_request;
    session.stream.process(session.values.data() + at, session.answers.data() + at, values_a_request);
}

/// Sessions that have something to do, for threads that have nothing to do. A session has one worker at a time, so what
/// is the session's needs no lock while it is answered.
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
    /// Answers requests until there will be none.
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
            if (session.busy) add(session); // behind the others
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
