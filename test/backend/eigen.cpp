// SPDX-License-Identifier: MIT
#include <rondo/backend/eigen/backend.hpp>

#include "networks.hpp"
#include "operations.hpp"
#include "sealed.hpp"

namespace eigen_test {

using Float = rondo::EigenBackend<float>;
using Double = rondo::EigenBackend<double>;
static_assert(rondo::Backend<Sealed<Double>>);

using All = testing::Types<Float, Double, Sealed<Double>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Eigen, Operations, All);

using Compared = testing::Types<Float, Sealed<Double>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Eigen, Networks, Compared);

TEST(Sealed, KeepsTheHostOutAndItsMemoryToo) {
    Sealed<Double> backend;
    VaultBuffer<double> buffer(3);
    double host = 0;
    EXPECT_DEATH(*buffer.data() = 1, "");
    EXPECT_THROW(backend.copy(buffer.data(), &host, 1), std::logic_error);
    backend.fill(buffer.data(), 3, 1);
    EXPECT_EQ(backend.sum(buffer.data(), 3), 3);
}

TEST(Sealed, GradientsAreCentralDifferences) { EXPECT_LT(gradient_error<Sealed<Double>>(), 1e-9); }

} // namespace eigen_test
