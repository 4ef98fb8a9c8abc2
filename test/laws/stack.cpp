// SPDX-License-Identifier: MIT
// Law: a stack of layers is a composition of single layers.

#include "recurrent.hpp"

#include <algorithm>

namespace stack_law_test {

using namespace law;

const Case* composed_of(const Case& c) { return cases::find(c.kind, c.size + "_composed", c.is_float); }

struct StackLaw : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, StackLaw, ::testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return c.recurrent() && composed_of(c);
                         })),
                         cases::Name{});

TEST_P(StackLaw, IsAComposition) {
    const Case &c = GetParam(), &other = *composed_of(c);
    holds("a stack of two = the second after the first, bit by bit", [&] {
        const Size size;
        Trial trial = c.trial(size.seed, size.steps, size.batch, size.any_lengths());
        trial.initial = trial.dfinal = {};
        const auto stacked = c.with(rondo::Seed{size.seed}), composed = other.make();
        // Tensors of both come in the same order: weight_ih_l1 is second.weight_ih_l0.
        const Numbers values = stacked->parameters();
        Numbers copied = composed->parameters();
        for (std::size_t k = 0; k < other.tensors.size(); ++k) {
            const rondo::ParameterSpec &from = c.tensors[k], &to = other.tensors[k];
            RC_ASSERT(from.size() == to.size());
            std::copy_n(values.data() + from.offset, from.size(), copied.data() + to.offset);
        }
        composed->assign(copied);

        const rondo::Randomness randomness{rondo::Seed{size.seed}, 3, true};
        const auto a = train(*stacked, trial, randomness), b = train(*composed, trial, randomness);
        RC_ASSERT(differing(a.y.value, b.y.value) == 0u);
        RC_ASSERT(differing(a.dx.value, b.dx.value) == 0u);
        for (std::size_t k = 0; k < other.tensors.size(); ++k) {
            const auto numbers = [](const Numbers& all, const rondo::ParameterSpec& t) {
                return Numbers(all.data() + t.offset, all.data() + t.offset + t.size());
            };
            RC_ASSERT(differing(numbers(a.gradient, c.tensors[k]), numbers(b.gradient, other.tensors[k])) == 0u);
        }
    });
}

} // namespace stack_law_test
