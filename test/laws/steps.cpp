// SPDX-License-Identifier: MIT
// Law: running T1 steps and then T2 from where they ended is running T1 + T2 steps.

#include "recurrent.hpp"

#include <algorithm>

namespace steps_law_test {

using namespace law;

/// Where runs are slow also whole packs of the cells whose case in one_of_each runs in both directions.
bool stepped(const Case& c) {
    return c.causal() && (tried(c) || (c.recurrent() && c.slow && c.is_float && c.size == "3_16_2_1"));
}
struct Steps : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, Steps, ::testing::ValuesIn(cases::cases_where(stepped)), cases::Name{});

struct Halves {
    Trial whole, first, second;
    int steps;

    Halves(const Case& c, const Size& size)
        : whole{c.trial(size.seed, size.steps, size.batch, size.any_lengths())}, first{whole}, second{whole},
          steps{any(0, size.steps + 1)} {
        first.x = whole.x.part(0, steps);
        second.x = whole.x.part(steps, size.steps - steps);
    }
};

/// The parts' outputs, one after the other.
Numbers joined(const cases::Batch& a, const cases::Batch& b) {
    auto all = a.value;
    all.insert(all.end(), b.value.begin(), b.value.end());
    return all;
}

TEST_P(Steps, InPartsFromExplicitStates) {
    const Case& c = GetParam();
    holds("T1 + T2 steps = T1 steps, then T2 steps", [&] {
        const Size size;
        Halves halves{c, size};
        const auto network = c.with(rondo::Seed{size.seed});
        const auto whole = infer(*network, halves.whole), first = infer(*network, halves.first);
        halves.second.initial = first.final;
        const auto second = infer(*network, halves.second);
        RC_ASSERT(difference(whole.y.value, joined(first.y, second.y)) <= c.tolerance());
        RC_ASSERT(difference(whole.final, second.final) <= c.tolerance());
    });
}

TEST_P(Steps, InPartsFromCarriedState) {
    const Case& c = GetParam();
    holds("a carried State is the explicit States, bit by bit", [&] {
        const Size size;
        Halves halves{c, size};
        const auto network = c.with(rondo::Seed{size.seed}), explicit_states = c.with(rondo::Seed{size.seed});
        network->set_state(size.batch, halves.whole.initial.value);
        network->keep_state();
        const auto forward = [&](const Trial& trial) {
            network->give(trial);
            return network->carry();
        };
        const auto first = forward(halves.first);
        const auto middle = infer(*explicit_states, halves.first);
        RC_ASSERT(c.changed(first.value, middle.y.value) == 0u);
        RC_ASSERT(network->state() == middle.final.value);

        const auto second = forward(halves.second);
        halves.second.initial = middle.final;
        const auto end = infer(*explicit_states, halves.second);
        RC_ASSERT(c.changed(second.value, end.y.value) == 0u);
        RC_ASSERT(network->state() == end.final.value);

        // A State is a value: what was kept goes back to the beginning.
        network->restore_state();
        RC_ASSERT(c.changed(first.value, forward(halves.first).value) == 0u);
        // And a run without one starts from zero and leaves it alone.
        network->keep_state();
        Trial from_zero = halves.whole;
        std::ranges::fill(from_zero.initial.value, 0);
        network->give(halves.whole);
        RC_ASSERT(c.changed(network->carry(true).value, infer(*explicit_states, from_zero).y.value) == 0u);
        RC_ASSERT(network->state_is_as_kept());
    });
}

TEST_P(Steps, OneByOne) {
    const Case& c = GetParam();
    holds("T steps = T times Workspace::step", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps, size.batch);
        const auto network = c.with(rondo::Seed{size.seed});
        network->set_state(size.batch, trial.initial.value);
        Numbers outputs;
        for (int t = 0; t < size.steps; ++t) {
            Trial one = trial;
            one.x = trial.x.part(t, 1);
            network->give(one);
            const auto y = network->step().value;
            outputs.insert(outputs.end(), y.begin(), y.end());
        }
        const auto last = network->state();
        const auto whole = infer(*network, trial);
        RC_ASSERT(difference(whole.y.value, outputs) <= c.tolerance());
        RC_ASSERT(difference(whole.final.value, last) <= c.tolerance());
    });
}

// A run that calls a layer twice: a tape with a States between its records.
TEST_P(Steps, InPartsWithinOneRun) {
    const Case& c = GetParam();
    holds("a layer called twice goes on, forward and backward", [&] {
        const Size size;
        Halves halves{c, size};
        const auto network = c.with(rondo::Seed{size.seed});
        const auto whole = train(*network, halves.whole);
        halves.whole.split = halves.steps;
        network->renew_workspace();
        network->give(halves.whole);
        RC_ASSERT(difference(whole.y.value, network->evaluate().y.value) <= c.tolerance());
        const auto parts = train(*network, halves.whole, {}, true);
        RC_ASSERT(difference(whole.y.value, parts.y.value) <= c.tolerance());
        RC_ASSERT(difference(whole.final.value, parts.final.value) <= c.tolerance());
        RC_ASSERT(difference(whole.gradient, parts.gradient) <= c.tolerance());
        RC_ASSERT(difference(whole.dx.value, parts.dx.value) <= c.tolerance());
        RC_ASSERT(difference(whole.dinitial.value, parts.dinitial.value) <= c.tolerance());
    });
}

} // namespace steps_law_test
