// SPDX-License-Identifier: MIT
#include <rondo/backend/thrust/backend.hpp>

#include "../networks.hpp"

#include <rondo/layer/variant.hpp>

namespace recurrence_test {

using namespace rondo;
using gpu::Kind, gpu::Target;

// Devices so small that small cells need each kind of kernel.
struct SmallClusters {
    static constexpr Target target{90, 227 * 1024, 1, {1, 1}, 4, 32};
};
struct SmallGrid {
    static constexpr Target target{80, 163 * 1024, 64, {}, 4, 16};
};
struct NoRegisters {
    static constexpr Target target{90, 227 * 1024, 1, {}, 4, 512, 0};
};

using Clusters = ThrustBackend<double, SmallClusters>;
using Grid = ThrustBackend<double, SmallGrid>;
using Shared = ThrustBackend<double, NoRegisters>;
constexpr auto forward = gpu::Direction::forward, backward = gpu::Direction::backward;
static_assert(Clusters::plan<cell::LSTM, 17>(4, forward).kind == Kind::cluster);
static_assert(Clusters::plan<cell::LSTM, 5>(4, backward).kind == Kind::block);
static_assert(Grid::plan<cell::GRU, 5>(1, forward).kind == Kind::block);
static_assert(Grid::plan<cell::RNN, 33>(1, forward).kind == Kind::grid);
static_assert(Shared::plan<cell::LSTM, 5>(4, forward).in_shared > 0);
static_assert(Shared::plan<cell::RNN, 33>(1, backward).in_shared > 0);

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
    this->template expect_same_recurrence<GRU<3, 17, Stack{.bias = false}>>();
    using Coupled = LSTMVariant<3, 17, cell::Variant{.clip = Ratio{1, 2}, .coupled = true, .peepholes = true}>;
    this->template expect_same_recurrence<Coupled>();
}

} // namespace recurrence_test
