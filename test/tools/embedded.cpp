// SPDX-License-Identifier: MIT
// A header that `rondo embed` wrote: the network, its parameters bit by bit, and a stream that takes no memory.
#include "../memory/counted.hpp"
#include "embedded_model.hpp"

#include <embedded.hpp>
#include <embedded_in_int8.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace {

using namespace rondo;

static_assert(std::is_same_v<embedded::Net, Written>);
static_assert(std::is_same_v<decltype(embedded::parameters), const float[Model<Written>::size]>);

TEST(Embedded, HasTheModelsBits) {
    const auto values = Model<Written>{Seed{5}}.values();
    EXPECT_EQ((std::vector<float>{embedded::parameters, embedded::parameters + embedded::size}),
              (std::vector<float>{values.begin(), values.end()}));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(embedded::parameters) % 64, 0u);
}

TEST(Embedded, StreamsWithoutAHeap) {
    const Packed packed{Model<Written>{Seed{5}}};
    Stream expected{packed};
    alignas(64) static std::byte weights[Packed<embedded::Net>::size];
    alignas(64) static float values[256];
    float found[7]{};
    EXPECT_EQ(counted::allocations([&] {
                  const Packed<embedded::Net> of_array{embedded::parameters, weights};
                  Stream stream{of_array, std::span<float>{values}};
                  const auto y = stream.step(3);
                  for (int k = 0; k < 7; ++k) found[k] = y[std::size_t(k)];
              }),
              0u);
    const auto y = expected.step(3);
    EXPECT_EQ((std::vector<float>{found, found + 7}), (std::vector<float>{y.begin(), y.end()}));
}

TEST(Embedded, InInt8PacksTheSameWeights) {
    using Weights = Packed<embedded_in_int8::Net, EigenBackend<float>, std::int8_t>;
    static_assert(std::is_same_v<embedded_in_int8::Net, Written>);
    const Weights expected{Model<Written>{Seed{5}}};
    alignas(64) static std::byte weights[Weights::size];
    EXPECT_EQ(counted::allocations([&] {
                  const Weights of_arrays{embedded_in_int8::parameters, weights};
                  EXPECT_TRUE(std::equal(weights, weights + sizeof weights, expected.data()));
              }),
              0u);
    EXPECT_EQ(embedded_in_int8::parameters.weights.size(), 7u * 5 + 9 * 5) << "5 columns; those of 3 are in float";
}

} // namespace
