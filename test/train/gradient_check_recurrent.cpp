// SPDX-License-Identifier: MIT
// A recurrent layer's gradients, under every loss: of its parameters, inputs and initial states, from its outputs and
// final states.
#include "check_given.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <vector>

namespace gradient_check_recurrent_test {

using cases::Batch, cases::Case;

// All parameters are checked in networks of up to `whole` of them, and once in networks of up to `once`; otherwise
// every nth is.
constexpr std::size_t whole = 500, once = 2000, nth_parameter = 17;

constexpr auto x_of = [](auto& trial) -> auto& { return trial.x.value; };
constexpr auto initial_of = [](auto& trial) -> auto& { return trial.initial.value; };

struct RecurrentGradients : testing::TestWithParam<Case> {
    static void check(const std::vector<int>& lengths, bool from_states, bool dropout) {
        constexpr int steps = 4, batch = 3;
        const Case& c = GetParam();
        const std::size_t state = std::size_t(c.hidden * c.layers * c.directions * batch);
        cases::Trial trial;
        trial.x = Batch{c.input, steps, batch, lengths};
        trial.x.value = normal_numbers(trial.x.value.size(), 2);
        if (from_states) {
            trial.initial = Batch{c.hidden, c.state_steps(), batch}.with(normal_numbers(state, 3));
            if (c.components > 1) std::ranges::copy(normal_numbers(state, 4), std::back_inserter(trial.initial.value));
        }
        trial.targets = targets(c.output, steps * batch);
        trial.targets.numbers.clear();
        trial.targets.states = normal_numbers(state, 7);

        const rondo::Randomness randomness{rondo::Seed{3}, 5, dropout};
        const auto network = c.with(rondo::Seed{42});
        const bool everything = !lengths.empty() && from_states && dropout;
        const bool all = c.parameters <= whole || (everything && c.parameters <= once);
        expect_gradients(*network, trial, randomness, all ? 1 : nth_parameter);
        const auto gradients = train(*network, trial, randomness);
        expect_gradients_given(*network, trial, x_of, gradients.dx.value, randomness);
        expect_gradients_given(*network, trial, initial_of, gradients.dinitial.value, randomness);
    }
};
INSTANTIATE_TEST_SUITE_P(All, RecurrentGradients, testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return c.recurrent() && !c.is_float;
                         })),
                         cases::Name{});

TEST_P(RecurrentGradients, plain) { check({}, false, false); }
TEST_P(RecurrentGradients, lengths_and_initial_states) { check({3, 0, 4}, true, false); }
TEST_P(RecurrentGradients, dropout) { check({}, true, true); }
TEST_P(RecurrentGradients, everything) { check({0, 4, 2}, true, true); }

} // namespace gradient_check_recurrent_test
