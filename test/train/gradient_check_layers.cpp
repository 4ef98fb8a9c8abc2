// SPDX-License-Identifier: MIT
// A network's gradients under each loss, of its parameters and its inputs; with and without padding and dropout.
#include "check_given.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace gradient_check_layers_test {

using cases::Batch, cases::Case;

struct NetworkGradients : testing::TestWithParam<Case> {
    static constexpr int steps = 4, batch = 3;
    enum class Loss { cross_entropy, squared, binary };

    static void check(Loss loss) {
        check(loss, {}, false);
        if (GetParam().kind != "without_lengths") check(loss, {3, 0, 4}, true);
    }

private:
    static void check(Loss loss, const std::vector<int>& lengths, bool dropout) {
        const Case& c = GetParam();
        constexpr std::size_t columns = steps * batch;
        cases::Trial trial;
        trial.x = Batch{c.vocabulary > 0 ? 1 : c.input, steps, batch, lengths};
        if (c.vocabulary > 0) {
            // The row of a padding token is not trained, whatever the loss makes of it.
            std::size_t k = 0;
            for (const int token : whole_numbers(columns, c.vocabulary, 2))
                trial.x.value[k++] = token != c.tensors[0].padding ? token : token == 0 ? 1 : token - 1;
        } else {
            trial.x.value = normal_numbers(trial.x.value.size(), 2);
            // Nothing may read what padding holds.
            trial.x.each_padded(
                [&](int t, int b, int row) { trial.x.at(t, b, row) = std::numeric_limits<double>::quiet_NaN(); });
        }
        const auto all = targets(c.output, columns);
        switch (loss) {
        case Loss::cross_entropy: trial.targets.classes = all.classes; break;
        case Loss::squared: trial.targets.numbers = all.numbers; break;
        default: trial.targets.fractions = all.fractions;
        }
        const rondo::Randomness randomness{rondo::Seed{3}, 5, dropout};
        const auto network = c.with(rondo::Seed{42});
        expect_gradients(*network, trial, randomness);
        if (c.vocabulary == 0) {
            const auto gradients = train(*network, trial, randomness).dx.value;
            expect_gradients_given(
                *network, trial, [](auto& of) -> auto& { return of.x.value; }, gradients, randomness);
        }
    }
};
INSTANTIATE_TEST_SUITE_P(All, NetworkGradients, testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return !c.is_float &&
                                    (c.kind == "linear" || c.kind == "embedding" || c.kind == "checked" ||
                                     c.kind == "without_lengths" || (c.kind == "composition" && !c.slow));
                         })),
                         cases::Name{});

TEST_P(NetworkGradients, cross_entropy) { check(Loss::cross_entropy); }
TEST_P(NetworkGradients, squared) { check(Loss::squared); }
TEST_P(NetworkGradients, binary) { check(Loss::binary); }

} // namespace gradient_check_layers_test
