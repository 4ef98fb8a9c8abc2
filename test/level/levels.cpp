// SPDX-License-Identifier: MIT
// Translation units built for different processors, in one program: each runs its own code, and all agree.
#include "steps.hpp"

#include <rondo/core/random.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace {

std::vector<float> numbers(std::size_t count, double scale) {
    std::vector<float> all(count);
    const rondo::RandomStream draw{rondo::Seed{1}, rondo::Purpose::user};
    for (std::size_t k = 0; k < count; ++k) all[k] = float(scale * draw.normal(k));
    return all;
}

void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 2e-6f);
}

TEST(Levels, LinkAndAgree) {
    const auto parameters = numbers(20000, 0.2), x = numbers(3 * 20, 1);
    const Outputs base = steps_of_the_baseline(parameters, x), narrow = steps_without_wider_packs(parameters, x),
                  native = steps_of_this_processor(parameters, x);
    EXPECT_EQ(base.level, "SSE");
    EXPECT_TRUE(narrow.level == "AVX2" || narrow.level == "AVX" || narrow.level == "SSE") << narrow.level;
    for (const Outputs* o : {&base, &narrow, &native}) {
        expect_near(o->streamed, base.streamed);
        expect_near(o->unrolled, base.streamed);
    }
    double size = 0;
    for (const float value : base.streamed) size += std::abs(value);
    EXPECT_GT(size, 1);
}

} // namespace
