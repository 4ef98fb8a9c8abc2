// SPDX-License-Identifier: MIT
#include "moments.hpp"

#include <rondo/initial/orthogonal.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace orthogonal_test {

using namespace rondo;

template <class S>
void every_gate_is_orthogonal(const ParameterSpec& t, double tolerance) {
    ASSERT_EQ(t.role, ParameterSpec::Role::recurrent_weight);
    const auto u = drawn<S>(Orthogonal{}, t);
    const std::size_t m = std::size_t(t.rows / t.gates), n = std::size_t(t.columns);
    double worst = 0;
    for (std::size_t gate = 0; gate < std::size_t(t.gates); ++gate)
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) {
                double dot = 0; // of two columns
                for (std::size_t k = 0; k < m; ++k)
                    dot += double(u[(gate * m + k) * n + i]) * double(u[(gate * m + k) * n + j]);
                worst = std::max(worst, std::abs(dot - (i == j)));
            }
    EXPECT_LE(worst, tolerance) << t.name.view() << ' ' << n;
}

TEST(Orthogonal, EveryGateKeepsLengths) {
    every_gate_is_orthogonal<double>(LSTM<3, 40>::tensors[1], 1e-14);
    every_gate_is_orthogonal<double>(GRU<3, 1>::tensors[1], 1e-14);
    every_gate_is_orthogonal<double>(RNN<3, 100>::tensors[1], 1e-14);
    every_gate_is_orthogonal<float>(GRU<3, 64>::tensors[1], 5e-7);
    every_gate_is_orthogonal<double>(LSTM<3, 20, Stack{.projection = 5}>::tensors[1], 1e-14);
}

TEST(Orthogonal, GatesDiffer) {
    const auto u = drawn<double>(Orthogonal{}, LSTM<3, 6>::tensors[1]);
    for (std::size_t k = 0; k < 36; ++k) EXPECT_NE(u[k], u[36 + k]);
}

// Signs and directions are as random as the normal numbers they come from: no element is favoured.
TEST(Orthogonal, IsRandom) {
    double corner = 0, square = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        const auto u = drawn<double>(Orthogonal{}, RNN<3, 4>::tensors[1], seed);
        corner += u[0] / 400;
        square += u[15] * u[15] / 400;
    }
    EXPECT_NEAR(corner, 0, 5 * 0.5 / 20);
    EXPECT_NEAR(square, 0.25, 5 * 0.25 / 20);
}

TEST(Orthogonal, IsXavierElsewhere) {
    const auto& tensors = LSTM<3, 5>::tensors;
    for (std::size_t k : {0u, 2u, 3u})
        EXPECT_EQ(drawn<float>(Orthogonal{.forget_bias = 1}, tensors[k]),
                  drawn<float>(Xavier{.forget_bias = 1}, tensors[k]));
    EXPECT_EQ(drawn<float>(Orthogonal{}, Linear<3, 5>::tensors[0]), drawn<float>(Xavier{}, Linear<3, 5>::tensors[0]));
}

} // namespace orthogonal_test
