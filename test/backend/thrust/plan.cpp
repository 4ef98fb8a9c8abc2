// SPDX-License-Identifier: MIT
#include <rondo/backend/thrust/plan.hpp>

#include <rondo/cell/gru.hpp>
#include <rondo/cell/lstm.hpp>
#include <rondo/cell/rnn.hpp>

#include <gtest/gtest.h>

#include <array>

namespace {

using namespace rondo;
using namespace rondo::gpu;

template <class C>
constexpr Kind kind(int hidden, Target target = Hopper::target, std::size_t number = 4, int columns = 1) {
    return plan(target, C::shape, hidden, number, columns).kind;
}
constexpr int blocks_of_lstm(int hidden, Target target = Hopper::target) {
    return plan(target, cell::LSTM::shape, hidden, 4, 1).blocks;
}

static_assert(kind<cell::LSTM>(64) == Kind::block && kind<cell::GRU>(64) == Kind::block);
static_assert(kind<cell::RNN>(128) == Kind::block && kind<cell::RNN>(256) == Kind::cluster);
static_assert(kind<cell::LSTM>(128) == Kind::cluster && blocks_of_lstm(128) == 2);
static_assert(kind<cell::LSTM>(256) == Kind::cluster && blocks_of_lstm(256) == 8);
static_assert(kind<cell::LSTM>(512) == Kind::cluster && blocks_of_lstm(512) == 16);
static_assert(kind<cell::LSTM>(1024) == Kind::grid);
static_assert(kind<cell::LSTM>(4096) == Kind::step, "no device keeps 256 MB of weights on its chip");
static_assert(kind<cell::LSTM>(64, Ampere::target) == Kind::block);
static_assert(kind<cell::LSTM>(256, Ampere::target) == Kind::grid, "no clusters there");
static_assert(kind<cell::GRUResetBefore>(8) == Kind::step, "its second product waits for the first");
static_assert(plan(Hopper::target, cell::LSTM::shape, 128, 8, 1).blocks == 4, "doubles take two registers");

TEST(Plan, FitsItsTarget) {
    for (const Target& target : {Ampere::target, Hopper::target})
        for (const cell::Shape& shape : {cell::RNN::shape, cell::GRU::shape, cell::LSTM::shape})
            for (int hidden = 1; hidden <= 1200; hidden += hidden < 70 ? 1 : 37)
                for (const std::size_t number : {4u, 8u})
                    for (const int columns : {1, 4}) {
                        const Plan p = plan(target, shape, hidden, number, columns);
                        if (p.kind == Kind::step) continue;
                        SCOPED_TRACE(testing::Message() << target.capability << ", " << shape.gates << " gates, "
                                                        << hidden << " units, " << columns << " columns");
                        EXPECT_EQ(p.columns, columns);
                        EXPECT_GE(p.blocks * p.units(), hidden) << "each unit has its threads";
                        EXPECT_LT((p.blocks - 1) * p.units(), hidden + p.units() * p.blocks);
                        EXPECT_EQ(p.threads % 32, 0);
                        EXPECT_LE(p.threads, target.threads);
                        EXPECT_GE(p.lanes, columns);
                        EXPECT_EQ(32 % p.lanes, 0) << "a unit's lanes are in one warp";
                        EXPECT_GE(p.weights() * p.lanes, shape.gates * hidden);
                        EXPECT_LE(p.shared, target.shared);
                        EXPECT_LE(p.in_registers * int(number / 4) * p.threads, target.registers);
                        EXPECT_LE(p.blocks, p.kind == Kind::block     ? 1
                                            : p.kind == Kind::cluster ? target.cluster
                                                                      : target.multiprocessors);
                    }
}

TEST(Plan, WithoutRoomIsOneOfSteps) {
    Target small = Hopper::target;
    small.shared = 100;
    EXPECT_EQ(plan(small, cell::LSTM::shape, 64, 4, 1), Plan{});
    EXPECT_EQ(plan(Hopper::target, cell::LSTM::shape, 8, 4, 64), Plan{}) << "more sequences than lanes";
}

} // namespace
