// SPDX-License-Identifier: MIT
// Laws: a reversed layer is one that reads ahead, over reversed sequences; a bidirectional layer is two layers, one of
// which reads each sequence from its end.

#include "recurrent.hpp"

#include <algorithm>
#include <string>

namespace direction_law_test {

using namespace law;

/// The same layers ahead; null where they are no case.
const Case* ahead_of(const Case& c) {
    const std::string layer = std::to_string(c.input) + '_' + std::to_string(c.hidden);
    return cases::find(c.kind, layer + '_' + std::to_string(c.layers) + "_1", c.is_float);
}
cases::Cases bidirectional() {
    return cases::cases_where([&](const Case& c) { return c.directions == 2 && c.layers == 1 && ahead_of(c); });
}
cases::Cases reversed() {
    return cases::cases_where([&](const Case& c) { return c.reversed && ahead_of(c); });
}

/// Numbers of one direction's tensors: those of `other` whose names end so.
Numbers direction_of(const Case& to, const Case& from, const Numbers& values, std::string_view ending) {
    Numbers one(to.parameters);
    for (const rondo::ParameterSpec& t : to.tensors)
        for (const rondo::ParameterSpec& u : from.tensors)
            if (u.name.view() == std::string{t.name.view()}.append(ending))
                std::copy_n(values.data() + u.offset, u.size(), one.data() + t.offset);
    return one;
}

struct Direction : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, Direction, ::testing::ValuesIn(bidirectional()), cases::Name{});

TEST_P(Direction, BothAreTwo) {
    const Case& c = GetParam();
    const Case& one = *ahead_of(c);
    holds("bidirectional = one pass ahead and one over the reversed sequences", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps, size.batch, size.any_lengths());
        const auto network = c.with(rondo::Seed{size.seed});
        const auto both = train(*network, trial);

        // Entry 2 k + d of a state is component k of direction d.
        const auto entries = [](const cases::Batch& s, int direction) {
            cases::Batch some{s.rows, s.steps / 2, s.batch};
            some.each([&](int k, int b, int row) { some.at(k, b, row) = s.at(2 * k + direction, b, row); });
            return some;
        };
        const auto single = one.make();
        single->assign(direction_of(one, c, network->parameters(), ""));
        const auto ahead = train(
            *single, {trial.x, entries(trial.initial, 0), trial.dy.features(0, c.h_size), entries(trial.dfinal, 0)});
        single->assign(direction_of(one, c, network->parameters(), "_reverse"));
        const auto back = train(*single, {trial.x.reversed(), entries(trial.initial, 1),
                                          trial.dy.features(c.h_size, c.h_size).reversed(), entries(trial.dfinal, 1)});

        // Ahead, both do the same; backwards, the columns of a product come in another order.
        RC_ASSERT(differing(both.y.features(0, c.h_size).value, ahead.y.value) == 0u);
        RC_ASSERT(differing(entries(both.final, 0).value, ahead.final.value) == 0u);
        RC_ASSERT(differing(entries(both.dinitial, 0).value, ahead.dinitial.value) == 0u);
        RC_ASSERT(differing(direction_of(one, c, both.gradient, ""), ahead.gradient) == 0u);
        RC_ASSERT(difference(both.y.features(c.h_size, c.h_size), back.y.reversed()) <= c.tolerance());
        RC_ASSERT(difference(entries(both.final, 1), back.final) <= c.tolerance());
        RC_ASSERT(difference(entries(both.dinitial, 1), back.dinitial) <= c.tolerance());
        RC_ASSERT(difference(direction_of(one, c, both.gradient, "_reverse"), back.gradient) <= c.tolerance());
        auto dx = ahead.dx;
        const auto reversed = back.dx.reversed();
        for (std::size_t k = 0; k < dx.value.size(); ++k) dx.value[k] += reversed.value[k];
        RC_ASSERT(difference(both.dx, dx) <= c.tolerance());
    });
}

struct Reversed : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(All, Reversed, ::testing::ValuesIn(reversed()), cases::Name{});

TEST_P(Reversed, IsAheadOverReversedSequences) {
    const Case& c = GetParam();
    const Case& one = *ahead_of(c);
    holds("a reversed layer = a pass ahead over reversed sequences, whose outputs are turned back", [&] {
        const Size size;
        const auto trial = c.trial(size.seed, size.steps, size.batch, size.any_lengths());
        const auto network = c.with(rondo::Seed{size.seed}), single = one.make();
        single->assign(network->parameters());
        const auto back = train(*network, trial);
        const auto ahead = train(*single, {trial.x.reversed(), trial.initial, trial.dy.reversed(), trial.dfinal});
        // The columns of a product come in another order.
        RC_ASSERT(difference(back.y, ahead.y.reversed()) <= c.tolerance());
        RC_ASSERT(difference(back.final, ahead.final) <= c.tolerance());
        RC_ASSERT(difference(back.dx, ahead.dx.reversed()) <= c.tolerance());
        RC_ASSERT(difference(back.dinitial, ahead.dinitial) <= c.tolerance());
        RC_ASSERT(difference(back.gradient, ahead.gradient) <= c.tolerance());
        RC_ASSERT(differing(infer(*network, trial).y.value, back.y.value) == 0u);
    });
}

} // namespace direction_law_test
