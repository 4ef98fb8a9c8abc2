// SPDX-License-Identifier: MIT
#include <rondo/backend/thrust/backend.hpp>

#include "../networks.hpp"

#include <support/peephole.hpp>

namespace {

using namespace rondo;
using gpu::Kind, gpu::Target;

// Devices so small that small cells need each kind of kernel.
struct SmallClusters { static constexpr Target target{90, 227 * 1024, 4, 1, 32}; };
struct SmallGrid { static constexpr Target target{80, 163 * 1024, 1, 64, 16}; };
struct NoRegisters { static constexpr Target target{90, 227 * 1024, 1, 1, 512, 0}; };

using Clusters = ThrustBackend<double, SmallClusters>;
using Grid = ThrustBackend<double, SmallGrid>;
using Shared = ThrustBackend<double, NoRegisters>;
static_assert(Clusters::plan<cell::LSTM, 17>(4).kind == Kind::cluster && Clusters::plan<cell::LSTM, 17>(4).blocks == 4);
static_assert(Clusters::plan<cell::LSTM, 5>(4).kind == Kind::block && Clusters::plan<cell::LSTM, 5>(4).lanes == 4);
static_assert(Grid::plan<cell::GRU, 5>(1).kind == Kind::block && Grid::plan<cell::RNN, 17>(1).kind == Kind::grid);
static_assert(Grid::steps_memory<cell::RNN, 17>(3) > 0 && Clusters::steps_memory<cell::LSTM, 17>(3) == 0);
static_assert(Shared::plan<cell::LSTM, 5>(4).in_shared > 0 && Shared::plan<cell::LSTM, 5>(4).in_registers > 0);

using Backends = testing::Types<Clusters, Grid, Shared>;
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Networks);

template <class B>
struct Recurrence : Networks<B> {};
TYPED_TEST_SUITE(Recurrence, Backends);

TYPED_TEST(Recurrence, IsTheSameAsStepByStep) {
    this->template expect_same_recurrence<LSTM<3, 17>>();
    this->template expect_same_recurrence<GRU<3, 17, Stack{.bidirectional = true}>>();
    this->template expect_same_recurrence<RNN<3, 33>>();
    this->template expect_same_recurrence<LSTM<5, 5>>();
    this->template expect_same_recurrence<PeepholeLSTM<2, 17>>();
}

} // namespace
