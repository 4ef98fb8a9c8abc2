// SPDX-License-Identifier: MIT
#include <rondo/network/tape.hpp>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

struct Log {
    std::vector<int> seen;
};
struct Small {
    int number;
    void backward(Log& log) const { log.seen.push_back(number); }
};
struct Large {
    std::array<double, 40> numbers;
    void backward(Log& log) const { log.seen.push_back(int(numbers[39])); }
};

TEST(Tape, ReplaysBackwards) {
    Log log;
    rondo::Tape<Log> tape;
    tape.reserve(3);
    tape.record(log, Small{1});
    Large large{};
    tape.record(log, large);
    large.numbers[39] = 7;
    tape.record(log, large);
    tape.replay(log);
    EXPECT_EQ(log.seen, (std::vector<int>{7, 0, 1}));
}

TEST(Tape, KeepsCopies) {
    Log log;
    rondo::Tape<Log> tape;
    tape.reserve(1);
    Small operation{5};
    tape.record(log, operation);
    operation.number = 6;
    tape.replay(log);
    EXPECT_EQ(log.seen, std::vector<int>{5});
}

TEST(Tape, IsReplayedOnceAndMayBeUsedAgain) {
    Log log;
    rondo::Tape<Log> tape;
    tape.reserve(2);
    tape.record(log, Small{1});
    tape.replay(log);
    tape.replay(log);
    EXPECT_EQ(log.seen, std::vector<int>{1});
    tape.record(log, Small{2});
    tape.clear();
    tape.record(log, Small{3});
    tape.record(log, Small{4});
    tape.reserve(1); // never less than before, and nothing is lost
    tape.replay(log);
    EXPECT_EQ(log.seen, (std::vector<int>{1, 4, 3}));
}

TEST(Tape, KeepsItsRecordsWhenItGrows) {
    Log log;
    rondo::Tape<Log> tape;
    tape.reserve(1);
    tape.record(log, Small{1});
    tape.reserve(100);
    tape.record(log, Small{2});
    tape.replay(log);
    EXPECT_EQ(log.seen, (std::vector<int>{2, 1}));
}

TEST(MeasuringTape, CountsAndRunsAtOnce) {
    Log log;
    rondo::MeasuringTape<Log> tape;
    tape.record(log, Small{1});
    tape.record(log, Small{2});
    EXPECT_EQ(tape.count(), 2u);
    EXPECT_EQ(log.seen, (std::vector<int>{1, 2}));
}

} // namespace
