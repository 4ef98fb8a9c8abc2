// SPDX-License-Identifier: MIT
// Law: padding changes no bit of a network's loss and gradients, whatever layers it is made of.

#include "padding.hpp"
#include "recurrent.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace padding_network_law_test {

using namespace law;
using cases::Batch;

struct PaddingOfANetwork : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(BeginningWith, PaddingOfANetwork, ::testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return c.kind == "padded_squared" || c.kind == "padded_binary" ||
                                    c.kind == "padded_statistics";
                         })),
                         cases::Name{});

TEST_P(PaddingOfANetwork, ChangesNothing) {
    const Case& c = GetParam();
    holds("loss, outputs and gradients do not see the padding", [&] {
        const Size size;
        const auto lengths = size.lengths();
        if (c.kind == "padded_statistics") RC_PRE(std::accumulate(lengths.begin(), lengths.end(), 0) > 1);
        const auto x = c.random(size.seed, c.input, size.steps, size.batch, lengths);
        auto targets = c.random(size.seed + 1, c.output, size.steps, size.batch, lengths);
        for (double& value : targets.value) value = c.rounded(value * 0.5 + 0.5); // a probability, for the binary loss
        const Filler filler{c.is_float};
        const int extra = any_padding();

        const auto network = c.with(rondo::Seed{size.seed});
        const auto run = [&](const Batch& given, const Batch& wanted) {
            Trial trial;
            trial.x = given;
            (c.kind == "padded_binary" ? trial.targets.fractions : trial.targets.numbers) = wanted.value;
            auto all = train(*network, trial, {rondo::Seed{size.seed}, 1, true});
            all.gradient.push_back(all.loss);
            all.y = network->infer().y;
            return all;
        };
        const auto plain = run(x, targets), padded = run(x.padded(extra, filler), targets.padded(extra, filler));
        RC_ASSERT(c.changed(plain.gradient, padded.gradient) == 0u);
        RC_ASSERT(c.changed(plain.y, padded.y) == 0u);
        RC_ASSERT(c.changed(plain.dx, padded.dx) == 0u);
        RC_ASSERT(not_zero_in_padding(plain.dx) == 0u);
        RC_ASSERT(not_zero_in_padding(padded.dx) == 0u);
    });
}

// Networks that read tokens and keep one step of each sequence.
struct PaddingOfTokens : ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Keeping, PaddingOfTokens, ::testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return c.kind == "padded_class";
                         })),
                         cases::Name{});

TEST_P(PaddingOfTokens, IsNotSelected) {
    const Case& c = GetParam();
    holds("padding is not selected", [&] {
        const Size size;
        const auto lengths = size.lengths();
        const Batch x{1, size.steps, size.batch, lengths};
        const int extra = any_padding(), filler = *rc::gen::element(0, -1, 1 << 30);
        const auto network = c.with(rondo::Seed{size.seed});
        const auto run = [&](Batch a) {
            a.each_valid([&](int t, int b, int) { a.at(t, b, 0) = (3 * t + 5 * b) % c.vocabulary; });
            Trial trial;
            trial.x = std::move(a);
            trial.targets.classes.assign(std::size_t(size.batch), 1);
            auto numbers = train(*network, trial).gradient;
            const auto y = network->infer().y;
            RC_ASSERT(y.steps == 1);
            std::ranges::copy(y.value, std::back_inserter(numbers));
            return numbers;
        };
        RC_ASSERT(c.changed(run(x), run(x.padded(extra, [&](int) { return filler; }))) == 0u);
    });
}

} // namespace padding_network_law_test
