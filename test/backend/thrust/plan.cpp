// SPDX-License-Identifier: MIT
#include <rondo/backend/thrust/plan.hpp>

#include <rondo/cell/gru.hpp>
#include <rondo/cell/lstm.hpp>
#include <rondo/cell/rnn.hpp>

#include <gtest/gtest.h>

#include <array>

namespace plan_test {

using namespace rondo;
using namespace rondo::gpu;

constexpr auto forward = Direction::forward, backward = Direction::backward;
template <class C>
constexpr Kind kind(int hidden, Direction direction, Target target = Hopper::target, std::size_t number = 4) {
    return plan(target, C::shape, hidden, number, 1, direction).kind;
}
constexpr int blocks_of_lstm(int hidden, std::size_t number = 4) {
    return plan(Hopper::target, cell::LSTM::shape, hidden, number, 1, forward).blocks;
}

static_assert(kind<cell::LSTM>(64, forward) == Kind::block && kind<cell::GRU>(64, backward) == Kind::block);
static_assert(kind<cell::RNN>(128, forward) == Kind::block && kind<cell::RNN>(512, forward) == Kind::cluster);
static_assert(kind<cell::LSTM>(128, backward) == Kind::cluster && blocks_of_lstm(128) == 2);
static_assert(kind<cell::LSTM>(256, backward) == Kind::cluster && blocks_of_lstm(256) == 8);
static_assert(kind<cell::LSTM>(512, backward) == Kind::cluster && blocks_of_lstm(512) == 16);
static_assert(kind<cell::LSTM>(1024, forward) == Kind::grid && kind<cell::LSTM>(1024, backward) == Kind::grid);
static_assert(kind<cell::LSTM>(4096, forward) == Kind::per_step_gemm, "no device keeps 256 MB of weights on its chip");
static_assert(kind<cell::LSTM>(64, forward, Ampere::target) == Kind::block);
static_assert(kind<cell::LSTM>(256, forward, Ampere::target) == Kind::grid, "no clusters there");
static_assert(kind<cell::GRUResetBefore>(8, forward) == Kind::per_step_gemm, "its second product waits for the first");
static_assert(blocks_of_lstm(128, 8) == 4, "doubles take two registers");

template <class F>
void each_plan(const F& f) {
    for (const Target& target : {Ampere::target, Hopper::target, Blackwell::target})
        for (const cell::Shape& shape : {cell::RNN::shape, cell::GRU::shape, cell::LSTM::shape})
            for (int hidden = 1; hidden <= 1200; hidden += hidden < 70 ? 1 : 37)
                for (const std::size_t number : {4u, 8u})
                    for (const int columns : {1, 2, 4, 8})
                        for (const Direction direction : {forward, backward})
                            if (const Plan p = plan(target, shape, hidden, number, columns, direction);
                                p.kind != Kind::per_step_gemm) {
                                SCOPED_TRACE(testing::Message()
                                             << target.capability << ", " << shape.gates << " gates, " << hidden
                                             << " units, " << columns << " columns, "
                                             << (direction == forward ? "forward" : "backward"));
                                f(p, target, shape, hidden, number, columns);
                            }
}

TEST(Plan, FitsItsTarget) {
    each_plan(
        [](const Plan& p, const Target& target, const cell::Shape& shape, int hidden, std::size_t number, int columns) {
            EXPECT_EQ(p.columns, columns);
            EXPECT_GE(p.blocks * p.units(), hidden) << "each unit has its threads";
            EXPECT_EQ(p.threads % 32, 0);
            EXPECT_LE(p.threads, target.threads);
            EXPECT_EQ(32 % p.lanes, 0) << "a tile's lanes are in one warp";
            EXPECT_EQ(p.lanes % (columns * p.tile), 0) << "each unit and sequence has its lane";
            EXPECT_GE(p.numbers * p.lanes, hidden);
            EXPECT_EQ(p.weights(), p.numbers * p.tile * shape.gates);
            EXPECT_LE(p.shared, target.shared);
            EXPECT_LE(p.in_registers * int(number / 4) * p.threads, target.registers);
            const int most = p.kind == Kind::block ? 1 : p.kind == Kind::cluster ? 16 : target.multiprocessors;
            EXPECT_LE(p.blocks, most);
        });
}

TEST(Plan, WithoutRoomIsOneOfSteps) {
    Target small = Hopper::target;
    small.shared = 100;
    EXPECT_EQ(plan(small, cell::LSTM::shape, 64, 4, 1, forward), Plan{});
    EXPECT_EQ(plan(Hopper::target, cell::LSTM::shape, 8, 4, 64, forward), Plan{}) << "more sequences than lanes";
}

TEST(PlanSelector, TakesAsFewSequencesAsThereIsRoomFor) {
    constexpr PlanSelector selector{Hopper::target, cell::LSTM::shape, 256, 4, forward}; // clusters of 8: room for 15
    EXPECT_EQ(selector.columns(1, false), 1);
    EXPECT_EQ(selector.columns(15, false), 1);
    EXPECT_EQ(selector.columns(16, false), 2);
    EXPECT_EQ(selector.columns(60, false), 4);
    EXPECT_EQ(selector.columns(400, false), 8);
    EXPECT_EQ(selector.columns(5000, false), 0) << "so many rounds that a product a step is faster";
    EXPECT_EQ(selector.columns(30, true), 1) << "of different lengths more come at once";
    EXPECT_EQ(selector.memory(400, false), 0u);
    constexpr PlanSelector large{Hopper::target, cell::LSTM::shape, 1024, 4, forward};
    EXPECT_GT(large.memory(1, false), 2048u);
    EXPECT_EQ(large.columns(2, true), 2) << "a grid is all there is room for";
    EXPECT_EQ((PlanSelector{Hopper::target, cell::LSTM::shape, 4096, 4, forward}.columns(1, false)), 0);
}

} // namespace plan_test
