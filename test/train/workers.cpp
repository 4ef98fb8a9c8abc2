// SPDX-License-Identifier: MIT
#include <rondo/train/workers.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace workers_test {

using rondo::Workers;

TEST(Workers, EachDoesItsTaskOnceARound) {
    for (const int count : {1, 2, 3, 5}) {
        Workers workers{count};
        ASSERT_EQ(workers.count(), count);
        std::vector<int> done(std::size_t(count),
                              0); // not atomic: each worker has its own element, and each() synchronizes the rounds
        for (int round = 1; round <= 2000; ++round) {
            workers.each([&](int k) { ++done[std::size_t(k)]; });
            ASSERT_EQ(done, std::vector<int>(std::size_t(count), round));
        }
    }
}

TEST(Workers, SeeWhatTheCallerAndEachOtherWrote) {
    Workers workers{3};
    std::vector<long> value{1, 2, 3}, next(3, 0);
    for (int round = 0; round < 500; ++round) {
        workers.each([&](int k) { next[std::size_t(k)] = (value[0] + value[1] + value[2] + k) % 1009; });
        value = next;
    }
    std::vector<long> expected{1, 2, 3};
    for (int round = 0; round < 500; ++round) {
        const long sum = expected[0] + expected[1] + expected[2];
        expected = {sum % 1009, (sum + 1) % 1009, (sum + 2) % 1009};
    }
    EXPECT_EQ(value, expected);
}

TEST(Workers, AreThreadsThatStayAndTheCaller) {
    for (const int count : {1, 2, 5}) {
        Workers workers{count};
        std::vector<std::thread::id> first(std::size_t(count), std::thread::id{}), second = first;
        workers.each([&](int k) { first[std::size_t(k)] = std::this_thread::get_id(); });
        workers.each([&](int k) { second[std::size_t(k)] = std::this_thread::get_id(); });
        EXPECT_EQ(first[0], std::this_thread::get_id());
        EXPECT_EQ(first, second);
        EXPECT_EQ(std::set(first.begin(), first.end()).size(), std::size_t(count));
    }
}

TEST(Workers, LeaveItAllToTheCallerWhereTold) {
    Workers workers{3};
    std::vector<std::thread::id> who(3), me(3, std::this_thread::get_id());
    std::vector<int> order;
    const auto task = [&](int k) {
        who[std::size_t(k)] = std::this_thread::get_id();
        order.push_back(k);
    };
    workers.each(task, true);
    EXPECT_EQ(who, me);
    EXPECT_EQ(order, (std::vector{0, 1, 2}));
}

TEST(Workers, EndWithoutATaskAndWithManyTasks) {
    for (int round = 0; round < 50; ++round) Workers{3};
    Workers none{0};
    EXPECT_EQ(none.count(), 1);
    int calls = 0;
    none.each([&](int k) { calls += k + 1; });
    EXPECT_EQ(calls, 1);
}

TEST(Workers, TakeAnyTaskEachRound) {
    Workers workers{2};
    std::vector<int> a(2, 0);
    std::vector<double> b(2, 0);
    for (int round = 0; round < 100; ++round) {
        workers.each([&](int k) { a[std::size_t(k)] += 1; });
        workers.each([&, large = std::vector<double>(100, 0.5)](int k) { b[std::size_t(k)] += large[std::size_t(k)]; });
    }
    EXPECT_EQ(a, (std::vector{100, 100}));
    EXPECT_EQ(b, (std::vector{50.0, 50.0}));
}

} // namespace workers_test
