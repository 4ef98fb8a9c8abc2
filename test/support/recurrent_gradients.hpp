// SPDX-License-Identifier: MIT
#pragma once

#include "gradients.hpp"

/// Checks the gradients of a recurrent layer's parameters, inputs and initial states, with every loss of its outputs
/// and final states.
template <class Case>
struct RecurrentGradients : testing::Test {
    using Net = typename Case::network;
    using B = typename Case::backend;
    static constexpr int steps = 4, batch = 3, components = Net::components;

    void check(const int* lengths, bool from_states, bool dropout) {
        const rondo::Extent extent{steps, batch, lengths};
        typename Net::template StatesOf<double> initial{.batch = batch};
        Given<B> x{Net::input_size * extent.columns(), 2}, h{initial.size(), 3}, c{initial.size(), 4};
        for (int k = 0; k < components && from_states; ++k) {
            initial.value[k] = (k == 0 ? h : c).value();
            initial.gradient[k] = (k == 0 ? h : c).gradient();
        }
        const Targets<B> targets{std::max(Net::output_size * extent.columns(), initial.size()), Net::output_size};
        const auto body = [&](auto& run) {
            const auto [y, last] = Net::forward(
                run, rondo::SequenceView<const double, Net::input_size>{x.value(), x.gradient(), extent}, initial);
            auto loss = targets.cross_entropy(run, y) + targets.binary(run, y);
            for (int k = 0; k < components; ++k) {
                using Last = rondo::SequenceView<double, Net::hidden_size>;
                const rondo::Extent states{Net::layers * Net::directions, batch};
                loss += targets.squared(run, Last{last.value[k], last.gradient[k], states});
            }
            return loss;
        };
        const rondo::Model<Net, B> model{rondo::Seed{42}};
        expect_gradients(model, {&x, &h, &c}, {rondo::Seed{3}, 5, dropout}, body);
    }
};

TYPED_TEST_SUITE_P(RecurrentGradients);
TYPED_TEST_P(RecurrentGradients, plain) { this->check(nullptr, false, false); }
TYPED_TEST_P(RecurrentGradients, lengths_and_initial_states) {
    const int lengths[]{3, 0, 4};
    this->check(lengths, true, false);
}
TYPED_TEST_P(RecurrentGradients, dropout) { this->check(nullptr, true, true); }
TYPED_TEST_P(RecurrentGradients, everything) {
    const int lengths[]{0, 4, 2};
    this->check(lengths, true, true);
}
REGISTER_TYPED_TEST_SUITE_P(RecurrentGradients, plain, lengths_and_initial_states, dropout, everything);
