// SPDX-License-Identifier: MIT
// Law: padding changes no bit of a recurrent layer's results, whatever it holds and however much there is of it.

#include "padding.hpp"
#include "recurrent.hpp"

namespace {

using namespace law;

template <class R>
struct Padding : ::testing::Test {};
TYPED_TEST_SUITE(Padding, All);

TYPED_TEST(Padding, ChangesNothing) {
    using R = TypeParam;
    using S = typename R::scalar;
    holds("outputs, states and gradients do not see the padding", [] {
        const Size size;
        const auto trial = R::Trial::random(size.seed, size.steps, size.batch, size.lengths());
        const Filler<S> filler;
        auto padded = trial;
        const int extra = any_padding();
        padded.x = trial.x.padded(extra, filler);
        padded.dy = trial.dy.padded(extra, filler);

        const typename R::Model model{rondo::Seed{size.seed}};
        typename R::Workspace used; // what earlier runs left is not seen, either
        auto noise = R::Trial::random(size.seed, size.steps + 7, size.batch);
        noise.x.value.assign(noise.x.value.size(), std::numeric_limits<S>::quiet_NaN());
        R::train(model, noise, used);
        const auto a = R::train(model, trial), b = R::train(model, padded, used);
        RC_ASSERT(changed(a.y, b.y) == 0u);
        RC_ASSERT(changed(a.final.value, b.final.value) == 0u);
        RC_ASSERT(changed(a.dx, b.dx) == 0u);
        RC_ASSERT(changed(a.dinitial.value, b.dinitial.value) == 0u);
        RC_ASSERT(changed(a.gradient, b.gradient) == 0u);
        RC_ASSERT(not_zero_in_padding(b.y) == 0u);
        RC_ASSERT(not_zero_in_padding(b.dx) == 0u);

        // Inference does the same, forward.
        const auto c = R::infer(model, padded);
        RC_ASSERT(changed(a.y, c.y) == 0u);
        RC_ASSERT(changed(a.final.value, c.final.value) == 0u);
        RC_ASSERT(not_zero_in_padding(c.y) == 0u);
    });
}

TYPED_TEST(Padding, LeavesASequenceOfNoStepsWhereItBegan) {
    using R = TypeParam;
    holds("a sequence of no steps ends where it began", [] {
        const Size size;
        auto lengths = size.lengths();
        lengths[0] = 0;
        const auto trial = R::Trial::random(size.seed, size.steps, size.batch, lengths);
        const auto out = R::train(typename R::Model{rondo::Seed{size.seed}}, trial);
        RC_ASSERT(changed(out.final.columns({0}).value, trial.initial.columns({0}).value) == 0u);
        RC_ASSERT(changed(out.dinitial.columns({0}).value, trial.dfinal.columns({0}).value) == 0u);
    });
}

} // namespace
