// SPDX-License-Identifier: MIT
// Law: padding changes no bit of a recurrent layer's results, whatever it holds and however much there is of it.

#include "padding.hpp"
#include "recurrent.hpp"

namespace padding_law_test {

using namespace law;

struct Padding : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, Padding, ::testing::ValuesIn(cases::cases_where(tried)), cases::Name{});

TEST_P(Padding, ChangesNothing) {
    const Case& c = GetParam();
    holds("outputs, states and gradients do not see the padding", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps, size.batch, size.lengths());
        const Filler filler{c.is_float};
        auto padded = trial;
        const int extra = any_padding();
        padded.x = trial.x.padded(extra, filler);
        padded.dy = trial.dy.padded(extra, filler);

        const auto network = c.with(rondo::Seed{size.seed});
        const auto a = train(*network, trial);
        // What earlier runs left in a workspace is not seen, either.
        auto noise = c.trial(size.seed, size.steps + 7, size.batch);
        noise.x.value.assign(noise.x.value.size(), std::numeric_limits<double>::quiet_NaN());
        train(*network, noise);
        const auto b = train(*network, padded, {}, true);
        RC_ASSERT(c.changed(a.y, b.y) == 0u);
        RC_ASSERT(c.changed(a.final.value, b.final.value) == 0u);
        RC_ASSERT(c.changed(a.dx, b.dx) == 0u);
        RC_ASSERT(c.changed(a.dinitial.value, b.dinitial.value) == 0u);
        RC_ASSERT(c.changed(a.gradient, b.gradient) == 0u);
        RC_ASSERT(not_zero_in_padding(b.y) == 0u);
        RC_ASSERT(not_zero_in_padding(b.dx) == 0u);

        // Inference does the same, forward.
        const auto inferred = infer(*network, padded);
        RC_ASSERT(c.changed(a.y, inferred.y) == 0u);
        RC_ASSERT(c.changed(a.final.value, inferred.final.value) == 0u);
        RC_ASSERT(not_zero_in_padding(inferred.y) == 0u);
    });
}

TEST_P(Padding, LeavesASequenceOfNoStepsWhereItBegan) {
    const Case& c = GetParam();
    holds("a sequence of no steps ends where it began", [&] {
        const Size size;
        auto lengths = size.lengths();
        lengths[0] = 0;
        const auto trial = c.trial(size.seed, size.steps, size.batch, lengths);
        const auto out = train(*c.with(rondo::Seed{size.seed}), trial);
        RC_ASSERT(c.changed(out.final.columns({0}).value, trial.initial.columns({0}).value) == 0u);
        RC_ASSERT(c.changed(out.dinitial.columns({0}).value, trial.dfinal.columns({0}).value) == 0u);
    });
}

} // namespace padding_law_test
