// SPDX-License-Identifier: MIT
// Law: the sequences of a batch know nothing of each other.

#include "recurrent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace batch_law_test {

using namespace law;

struct BatchLaw : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, BatchLaw, ::testing::ValuesIn(cases::cases_where(tried)), cases::Name{});

// Products of few columns have kernels, and bits, of their own.
TEST_P(BatchLaw, OfManyIsManyOfOne) {
    const Case& c = GetParam();
    holds("a batch of N = N runs of one", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps, size.batch, size.any_lengths());
        const auto network = c.with(rondo::Seed{size.seed});
        const auto together = train(*network, trial);
        Numbers gradient(together.gradient.size());
        for (int b = 0; b < size.batch; ++b) {
            const auto one = train(*network, trial.columns({b}));
            RC_ASSERT(difference(together.y.columns({b}), one.y) <= c.tolerance());
            RC_ASSERT(difference(together.final.columns({b}), one.final) <= c.tolerance());
            RC_ASSERT(difference(together.dx.columns({b}), one.dx) <= c.tolerance());
            RC_ASSERT(difference(together.dinitial.columns({b}), one.dinitial) <= c.tolerance());
            for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += one.gradient[k];
        }
        RC_ASSERT(difference(together.gradient, gradient) <= c.tolerance());
    });
}

TEST_P(BatchLaw, HasTheBitsOfItsPartsIfNoneIsOfFewColumns) {
    const Case& c = GetParam();
    if (!c.one_order) return;
    holds("a sequence has the same bits in a batch of any width", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps + 5, size.batch);
        const auto network = c.with(rondo::Seed{size.seed});
        const auto together = train(*network, trial);
        const int first = any(0, size.batch);
        std::vector<int> some;
        for (int b = first; b < size.batch; ++b) some.push_back(b);
        const auto part = train(*network, trial.columns(some));
        RC_ASSERT(differing(together.y.columns(some).value, part.y.value) == 0u);
        RC_ASSERT(differing(together.final.columns(some).value, part.final.value) == 0u);
        RC_ASSERT(differing(together.dx.columns(some).value, part.dx.value) == 0u);
        RC_ASSERT(differing(together.dinitial.columns(some).value, part.dinitial.value) == 0u);
    });
}

TEST_P(BatchLaw, HasNoOrder) {
    const Case& c = GetParam();
    holds("permuting the sequences permutes the results", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps, size.batch, size.any_lengths());
        const auto order = size.order();
        const auto network = c.with(rondo::Seed{size.seed});
        const auto a = train(*network, trial), b = train(*network, trial.columns(order));
        RC_ASSERT(difference(a.y.columns(order), b.y) <= c.tolerance());
        RC_ASSERT(difference(a.final.columns(order), b.final) <= c.tolerance());
        RC_ASSERT(difference(a.dx.columns(order), b.dx) <= c.tolerance());
        RC_ASSERT(difference(a.dinitial.columns(order), b.dinitial) <= c.tolerance());
        RC_ASSERT(difference(a.gradient, b.gradient) <= c.tolerance());
    });
}

// Infinity times the zeros that fill up a pack or a tile must reach nothing.
TEST_P(BatchLaw, AnInfiniteInputReachesOnlyItsOwnSequenceAndWeights) {
    const Case& c = GetParam();
    const auto trial = c.trial(7, 3, 3);
    auto infinite = trial;
    infinite.x.at(1, 1, 0) = std::numeric_limits<double>::infinity();
    const auto network = c.with(rondo::Seed{1});
    const auto a = train(*network, trial), b = train(*network, infinite);
    const std::vector<int> others{0, 2};
    EXPECT_EQ(c.changed(a.y.columns(others), b.y.columns(others)), 0u);
    EXPECT_EQ(c.changed(a.final.columns(others), b.final.columns(others)), 0u);
    EXPECT_EQ(c.changed(a.dx.columns(others), b.dx.columns(others)), 0u);
    EXPECT_EQ(c.changed(a.dinitial.columns(others), b.dinitial.columns(others)), 0u);

    if (!c.bounded) return; // else its gates are at their bounds, where the gradient is zero
    const auto finite = [](const auto& numbers) {
        return std::ranges::all_of(numbers, [](auto number) { return std::isfinite(number); });
    };
    EXPECT_TRUE(finite(b.y.value) && finite(b.dx.value) && finite(b.dinitial.value));
    for (const rondo::ParameterSpec& tensor : c.tensors) {
        const bool reads_x = tensor.name.view().find("weight_ih_l0") != std::string_view::npos;
        for (std::size_t k = 0; k < tensor.size(); ++k) {
            if (reads_x && k % std::size_t(tensor.columns) == 0) continue; // zero times infinity: of feature 0
            EXPECT_TRUE(std::isfinite(b.gradient[tensor.offset + k])) << tensor.name.view() << " " << k;
        }
    }
}

TEST_P(BatchLaw, OfEqualLengthsNeedsNone) {
    const Case& c = GetParam();
    holds("lengths that are all T are no lengths, bit by bit", [&] {
        const Size size;
        const auto none = c.trial(size.seed, size.steps, size.batch);
        auto given = none;
        given.x.lengths.assign(std::size_t(size.batch), size.steps);
        const auto network = c.with(rondo::Seed{size.seed});
        const auto a = train(*network, none), b = train(*network, given);
        RC_ASSERT(differing(a.y.value, b.y.value) == 0u);
        RC_ASSERT(differing(a.final.value, b.final.value) == 0u);
        RC_ASSERT(differing(a.dx.value, b.dx.value) == 0u);
        RC_ASSERT(differing(a.dinitial.value, b.dinitial.value) == 0u);
        RC_ASSERT(differing(a.gradient, b.gradient) == 0u);
    });
}

} // namespace batch_law_test
