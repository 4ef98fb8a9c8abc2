// SPDX-License-Identifier: MIT
// Law: one answer. The same seed, data and extents give the same bits, whatever ran before.

#include "recurrent.hpp"

#include <rondo/core/error.hpp>

namespace seed_law_test {

using namespace law;
using cases::Initial, rondo::Seed;

struct SeedLaw : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, SeedLaw, ::testing::ValuesIn(cases::cases_where(tried)), cases::Name{});

TEST_P(SeedLaw, GivesTheSameParameters) {
    const auto a = GetParam().make(), b = GetParam().make();
    holds("equal seeds, equal parameters; other seeds, others", [&] {
        const Seed seed{any<std::uint64_t>(0, 1 << 16)}, other{seed.value + any<std::uint64_t>(1, 1 << 16)};
        for (const Initial initial : {Initial::xavier, Initial::orthogonal, Initial::standard}) {
            a->draw(seed, initial);
            b->draw(seed, initial);
            RC_ASSERT(a->same_parameters(*b));
        }
        b->draw(other);
        RC_ASSERT(!a->same_parameters(*b));
    });
}

TEST_P(SeedLaw, GivesTheSameTrainingStep) {
    const Case& c = GetParam();
    holds("equal randomness, equal outputs, states and gradients", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps + 1, size.batch, size.any_lengths());
        const auto fresh = c.with(Seed{size.seed}), used = c.with(Seed{size.seed});
        const rondo::Randomness randomness{Seed{size.seed}, 5, true};
        train(*used, c.trial(size.seed + 9, 9, 9), {Seed{7}, 1, true});
        const auto a = train(*fresh, trial, randomness);
        RC_ASSERT(differing(a, train(*used, trial, randomness, true)) == 0u);
        RC_ASSERT(differing(a, train(*fresh, trial, randomness, true)) == 0u);
        // A workspace that moved is the same workspace.
        used->move_workspace();
        RC_ASSERT(differing(a, train(*used, trial, randomness, true)) == 0u);
    });
}

TEST_P(SeedLaw, AMovedWorkspaceKeepsWhatItRecorded) {
    const Case& c = GetParam();
    const auto trial = c.trial(1, 4, 3);
    const auto network = c.with(Seed{1});
    const auto wanted = train(*network, trial);
    network->renew_workspace();
    network->forget_gradient();
    network->give(trial);
    auto got = network->record();
    network->move_workspace();
    network->backward();
    network->gradients(got);
    EXPECT_EQ(differing(wanted, got), 0u);
    // What is replayed is gone.
    EXPECT_THROW(network->backward(), rondo::Failure);
    auto again = got;
    network->gradients(again);
    EXPECT_EQ(again.gradient, got.gradient);
}

/// With more than one unit: a rectified one may be zero throughout, under any mask.
struct MaskLaw : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, MaskLaw, ::testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return tried(c) && c.dropout && c.hidden > 1;
                         })),
                         cases::Name{});

TEST_P(MaskLaw, AnotherStepOrSeedIsAnotherMask) {
    const Case& c = GetParam();
    const auto trial = c.trial(1, 6, 5);
    const auto network = c.with(Seed{1});
    const auto y = [&](std::uint64_t seed, std::uint64_t step, bool dropout) {
        return train(*network, trial, {Seed{seed}, step, dropout}, true).y.value;
    };
    EXPECT_GT(differing(y(1, 1, true), y(1, 2, true)), 0u);
    EXPECT_GT(differing(y(1, 1, true), y(2, 1, true)), 0u);
    EXPECT_GT(differing(y(1, 1, true), y(1, 1, false)), 0u);
    EXPECT_EQ(differing(y(1, 1, false), y(2, 2, false)), 0u);
    EXPECT_EQ(differing(y(1, 1, false), infer(*network, trial).y.value), 0u);
}

} // namespace seed_law_test
