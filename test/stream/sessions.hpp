// SPDX-License-Identifier: MIT
#pragma once

#include "streamed.hpp"

#include <rondo/stream/streams.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

/// Random groups of sessions, beside streams alone.
template <class Net, class S = float, class W = S>
class Sessions {
    using B = rondo::EigenBackend<S>;
    using Many = rondo::Streams<Net, B, W>;
    using Input = typename Many::input;
    struct Session {
        typename Many::Handle handle;
        rondo::Stream<Net, B, W> alone;
    };

public:
    explicit Sessions(std::size_t capacity) : many_{packed_, capacity} {}

    void expect_equal_bits(int rounds) {
        for (int k = 0; k < rounds; ++k) {
            while (chance(30) > 0 && sessions_.size() < many_.capacity()) join();
            if (chance(4) == 0 && !sessions_.empty()) leave(chance(sessions_.size()));
            if (chance(8) == 0 && !sessions_.empty()) {
                Session& one = sessions_[chance(sessions_.size())];
                ASSERT_TRUE(many_.reset(one.handle, rest_));
                one.alone.reset(rest_);
            }
            std::shuffle(sessions_.begin(), sessions_.end(), random_);
            step(chance(2) == 0 ? sessions_.size() : chance(sessions_.size() + 1));
        }
        EXPECT_EQ(many_.size(), sessions_.size());
    }

private:
    std::size_t chance(std::size_t of) { return random_() % of; }
    void join() {
        sessions_.push_back({chance(2) == 0 ? many_.join() : many_.join(rest_), rondo::Stream<Net, B, W>{packed_}});
        ASSERT_TRUE(sessions_.back().handle);
        sessions_.back().alone.state(*many_.state(sessions_.back().handle));
    }
    void leave(std::size_t k) {
        const auto handle = sessions_[k].handle;
        EXPECT_TRUE(many_.leave(handle));
        EXPECT_FALSE(many_.leave(handle));
        EXPECT_FALSE(many_.holds(handle));
        sessions_.erase(sessions_.begin() + std::ptrdiff_t(k));
    }
    void step(std::size_t count) {
        std::vector<typename Many::Handle> handles;
        std::vector<Input> x;
        std::vector<S> y(count * Many::output_size), expected;
        const int seed = int(random_() % 1000);
        for (std::size_t k = 0; k < count; ++k) {
            handles.push_back(sessions_[k].handle);
            const auto one = inputs<Net, S>(1, std::uint64_t(seed) + k);
            x.insert(x.end(), one.begin(), one.end());
            const auto alone = streamed(sessions_[k].alone, one, 0, 1);
            expected.insert(expected.end(), alone.begin(), alone.end());
        }
        ASSERT_TRUE(many_.step(handles, x, y));
        ASSERT_EQ(y, expected) << count << " sessions";
        for (const Session& one : sessions_) ASSERT_EQ(*many_.state(one.handle), one.alone.state()) << count;
        rest_ = count > 0 ? sessions_[0].alone.state() : rest_;
    }

    rondo::Packed<Net, B, W> packed_{drawn_model<Net, S>(3)};
    Many many_;
    std::vector<Session> sessions_;
    rondo::State<Net, S> rest_;
    std::mt19937 random_{1};
};

template <class Net, class S = float, class W = S>
void expect_equal_bits(std::size_t capacity = 40, int rounds = 12) {
    SCOPED_TRACE(__PRETTY_FUNCTION__);
    Sessions<Net, S, W>{capacity}.expect_equal_bits(rounds);
}
