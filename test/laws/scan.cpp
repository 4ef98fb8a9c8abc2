// SPDX-License-Identifier: MIT
// Law: a scan over many steps is as many single steps, and its backward that of the steps, wherever it is cut.

#include "recurrent.hpp"

#include <algorithm>
#include <vector>

namespace scan_law_test {

using namespace law;

struct Scan : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, Scan, ::testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return c.recurrent() && c.golden == "linear" && c.causal();
                         })),
                         cases::Name{});

constexpr int steps = 70; // of several chunks, the last one shorter

TEST_P(Scan, IsItsSteps) {
    const Case& c = GetParam();
    const Trial trial = c.trial(1, steps, 3);
    const auto network = c.with(rondo::Seed{1});
    const auto whole = train(*network, trial);
    network->set_state(3, trial.initial.value);
    Numbers outputs;
    for (int t = 0; t < steps; ++t) {
        Trial one = trial;
        one.x = trial.x.part(t, 1);
        network->give(one);
        const auto y = network->step().value;
        outputs.insert(outputs.end(), y.begin(), y.end());
    }
    EXPECT_LE(difference(whole.y.value, outputs), c.tolerance());
    EXPECT_LE(difference(whole.final.value, network->state()), c.tolerance());
}

TEST_P(Scan, IsThatOfItsSequences) {
    const Case& c = GetParam();
    const std::vector<int> lengths{70, 51, 0, 17};
    const Trial trial = c.trial(2, steps, 4, lengths);
    const auto network = c.with(rondo::Seed{1});
    const auto all = train(*network, trial);
    Numbers gradient(all.gradient.size());
    for (int b = 0; b < 4; ++b) {
        Trial one = trial.columns({b});
        one.x = one.x.part(0, (std::max)(lengths[std::size_t(b)], 1));
        one.dy = one.dy.part(0, one.x.steps);
        const auto alone = train(*network, one);
        const auto part = all.y.columns({b}).part(0, one.x.steps), dx = all.dx.columns({b}).part(0, one.x.steps);
        EXPECT_LE(difference(part.value, alone.y.value), c.tolerance());
        EXPECT_LE(difference(dx.value, alone.dx.value), c.tolerance());
        EXPECT_LE(difference(all.final.columns({b}).value, alone.final.value), c.tolerance());
        EXPECT_LE(difference(all.dinitial.columns({b}).value, alone.dinitial.value), c.tolerance());
        for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += alone.gradient[k];
    }
    EXPECT_LE(difference(all.gradient, gradient), 10 * c.tolerance());
}

TEST_P(Scan, MayBeCutAnywhere) {
    const Case& c = GetParam();
    Trial trial = c.trial(3, steps, 2);
    const auto network = c.with(rondo::Seed{1});
    const auto whole = train(*network, trial);
    for (const int first : {0, 1, 16, 35, 69}) {
        trial.split = first;
        const auto parts = train(*network, trial);
        EXPECT_LE(difference(whole.y.value, parts.y.value), c.tolerance()) << first;
        EXPECT_LE(difference(whole.final.value, parts.final.value), c.tolerance()) << first;
        EXPECT_LE(difference(whole.dx.value, parts.dx.value), c.tolerance()) << first;
        EXPECT_LE(difference(whole.dinitial.value, parts.dinitial.value), c.tolerance()) << first;
        EXPECT_LE(difference(whole.gradient, parts.gradient), 10 * c.tolerance()) << first;
    }
}

} // namespace scan_law_test
