// SPDX-License-Identifier: MIT
// A recurrent layer's gradients, under every loss: of its parameters, inputs and initial states, from its outputs and
// final states.
#include "check_given.hpp"

#include <memory/sanitized.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace gradient_check_recurrent_test {

using cases::Batch, cases::Case;

// Each parameter takes two runs.
void expect_some_gradients(cases::Network& network, const cases::Trial& trial, const rondo::Randomness& randomness) {
    const auto gradients = train(network, trial, randomness).gradient;
    auto values = network.parameters();
    const auto loss_at = [&](std::size_t k, double number) {
        const double old = std::exchange(values[k], number);
        network.assign(values);
        values[k] = old;
        return network.record(randomness).loss;
    };
    expect_gradients_of(network.parameters(), gradients, loss_at, 17);
    network.assign(values);
}

constexpr auto x_of = [](auto& trial) -> auto& { return trial.x.value; };
constexpr auto initial_of = [](auto& trial) -> auto& { return trial.initial.value; };

// Of which all are checked.
#ifdef RONDO_TEST_SANITIZED
constexpr std::size_t most_parameters = 0;
#else
constexpr std::size_t most_parameters = 6000;
#endif

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
        if (c.parameters <= 2000 || (everything && c.parameters <= most_parameters))
            expect_gradients(*network, trial, randomness);
        else expect_some_gradients(*network, trial, randomness);
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
