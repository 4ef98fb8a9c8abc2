// SPDX-License-Identifier: MIT
// Law: the sequences of a batch know nothing of each other.

#include "recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace {

using namespace law;

template <class R>
struct BatchLaw : ::testing::Test {};
TYPED_TEST_SUITE(BatchLaw, All);

// Products block their columns by how many there are, so that a sequence's bits depend on its neighbours' number and on
// its place; only its values do not.
TYPED_TEST(BatchLaw, OfManyIsManyOfOne) {
    using R = TypeParam;
    using S = typename R::scalar;
    holds("a batch of N = N runs of one", [] {
        const Size size;
        const auto trial = R::Trial::random(size.seed, size.steps, size.batch, size.any_lengths());
        const typename R::Model model{rondo::Seed{size.seed}};
        const auto together = R::train(model, trial);
        std::vector<S> gradient(together.gradient.size());
        for (int b = 0; b < size.batch; ++b) {
            const auto one = R::train(model, trial.columns({b}));
            RC_ASSERT(difference(together.y.columns({b}), one.y) <= tolerance<S>);
            RC_ASSERT(difference(together.final.columns({b}), one.final) <= tolerance<S>);
            RC_ASSERT(difference(together.dx.columns({b}), one.dx) <= tolerance<S>);
            RC_ASSERT(difference(together.dinitial.columns({b}), one.dinitial) <= tolerance<S>);
            for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += one.gradient[k];
        }
        RC_ASSERT(difference(together.gradient, gradient) <= tolerance<S>);
    });
}

TYPED_TEST(BatchLaw, HasNoOrder) {
    using R = TypeParam;
    using S = typename R::scalar;
    holds("permuting the sequences permutes the results", [] {
        const Size size;
        const auto trial = R::Trial::random(size.seed, size.steps, size.batch, size.any_lengths());
        const auto order = size.order();
        const typename R::Model model{rondo::Seed{size.seed}};
        const auto a = R::train(model, trial), b = R::train(model, trial.columns(order));
        RC_ASSERT(difference(a.y.columns(order), b.y) <= tolerance<S>);
        RC_ASSERT(difference(a.final.columns(order), b.final) <= tolerance<S>);
        RC_ASSERT(difference(a.dx.columns(order), b.dx) <= tolerance<S>);
        RC_ASSERT(difference(a.dinitial.columns(order), b.dinitial) <= tolerance<S>);
        RC_ASSERT(difference(a.gradient, b.gradient) <= tolerance<S>);
    });
}

// Infinity times the zeros that fill up a pack or a tile must reach nothing.
TYPED_TEST(BatchLaw, AnInfiniteInputReachesOnlyItsOwnSequenceAndWeights) {
    using R = TypeParam;
    const auto trial = R::Trial::random(7, 3, 3);
    auto infinite = trial;
    infinite.x.at(1, 1, 0) = std::numeric_limits<typename R::scalar>::infinity();
    const typename R::Model model{rondo::Seed{1}};
    const auto a = R::train(model, trial), b = R::train(model, infinite);
    const std::vector<int> others{0, 2};
    EXPECT_EQ(changed(a.y.columns(others), b.y.columns(others)), 0u);
    EXPECT_EQ(changed(a.final.columns(others), b.final.columns(others)), 0u);
    EXPECT_EQ(changed(a.dx.columns(others), b.dx.columns(others)), 0u);
    EXPECT_EQ(changed(a.dinitial.columns(others), b.dinitial.columns(others)), 0u);

    // Its gates are at their bounds, where the gradient is zero.
    const auto finite = [](const auto& numbers) {
        return std::ranges::all_of(numbers, [](auto number) { return std::isfinite(number); });
    };
    EXPECT_TRUE(finite(b.y.value) && finite(b.dx.value) && finite(b.dinitial.value));
    for (const rondo::ParameterSpec& tensor : R::Net::tensors) {
        const bool reads_x = tensor.name.view().find("weight_ih_l0") != std::string_view::npos;
        for (std::size_t k = 0; k < tensor.size(); ++k) {
            if (reads_x && k % std::size_t(tensor.columns) == 0) continue; // zero times infinity: of feature 0
            EXPECT_TRUE(std::isfinite(b.gradient[tensor.offset + k])) << tensor.name.view() << " " << k;
        }
    }
}

TYPED_TEST(BatchLaw, OfEqualLengthsNeedsNone) {
    using R = TypeParam;
    holds("lengths that are all T are no lengths, bit by bit", [] {
        const Size size;
        const auto none = R::Trial::random(size.seed, size.steps, size.batch);
        auto given = none;
        given.x.lengths.assign(std::size_t(size.batch), size.steps);
        const typename R::Model model{rondo::Seed{size.seed}};
        const auto a = R::train(model, none), b = R::train(model, given);
        RC_ASSERT(differing(a.y.value, b.y.value) == 0u);
        RC_ASSERT(differing(a.final.value, b.final.value) == 0u);
        RC_ASSERT(differing(a.dx.value, b.dx.value) == 0u);
        RC_ASSERT(differing(a.dinitial.value, b.dinitial.value) == 0u);
        RC_ASSERT(differing(a.gradient, b.gradient) == 0u);
    });
}

} // namespace
