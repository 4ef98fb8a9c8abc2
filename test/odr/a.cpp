// SPDX-License-Identifier: MIT
// Two translation units that include every header, in one program.
#include "both.hpp"

#include <gtest/gtest.h>

#include <cmath>

Outcome run_a() { return run_here(); }

TEST(TwoTranslationUnits, AreOneProgram) {
    const Outcome a = run_a(), b = run_b();
    EXPECT_EQ(a, b);
    EXPECT_TRUE(std::isfinite(a.loss) && a.loss > 1) << a.loss;
    EXPECT_NE(a.gradient, std::vector<float>(a.gradient.size()));
    EXPECT_EQ(a.logits.size(), 7u * 3 * 11);
}
