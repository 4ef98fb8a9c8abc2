// SPDX-License-Identifier: MIT
#include <rondo/backend/thrust/backend.hpp>

#include "networks.hpp"
#include "operations.hpp"

namespace {

using Backends = testing::Types<rondo::ThrustBackend<float>, rondo::ThrustBackend<double>>;

INSTANTIATE_TYPED_TEST_SUITE_P(Thrust, Operations, Backends);
INSTANTIATE_TYPED_TEST_SUITE_P(Thrust, Networks, Backends);

TEST(Thrust, GradientsAreCentralDifferences) { EXPECT_LT(gradient_error<rondo::ThrustBackend<double>>(), 1e-9); }

} // namespace
