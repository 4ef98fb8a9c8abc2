// SPDX-License-Identifier: MIT
// Compares layers without states with PyTorch's: outputs, and the gradients of inputs and parameters.
#include <cases/case.hpp>

#include <support/failure.hpp>
#include <support/golden.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string_view>

namespace layers_test {

using cases::Batch, cases::Case;

struct LayerGolden : testing::TestWithParam<Case> {
    const Case& c = GetParam();
    Golden golden = c.kind == "map"    ? Golden{"maps", c.size}
                    : c.kind == "conv" ? Golden{"convolutions", c.size}
                                       : Golden{"layers", c.kind + '_' + c.size};
    std::unique_ptr<cases::Network> network = c.make();

    LayerGolden() {
        cases::Trial trial;
        trial.x = trial.dy = Batch{c.vocabulary > 0 ? 1 : c.input, golden.extent("x", 0), golden.extent("x", 1)};
        trial.x.value = golden.get<double>("x");
        trial.dy.value = golden.get<double>("dy");
        network->assign(golden.parameters<double>(c.tensors));
        network->give(trial);
    }
};
constexpr std::string_view kinds[]{"linear", "embedding", "relu", "tanh", "sigmoid", "softmax", "map", "conv"};
INSTANTIATE_TEST_SUITE_P(All, LayerGolden, testing::ValuesIn(cases::cases_where([](const Case& c) {
                             return std::ranges::count(kinds, c.kind) > 0;
                         })),
                         cases::Name{});

/// Runs backward twice, since gradients add up.
TEST_P(LayerGolden, Training) {
    for (const double runs : {1.0, 2.0}) {
        network->soil();
        auto got = network->record();
        golden.expect("y", got.y.value, c.is_float, 1);
        network->backward();
        network->gradients(got);
        if (c.vocabulary == 0) golden.expect("dx", got.dx.value, c.is_float, runs);
        golden.expect_gradients(c.tensors, got.gradient, c.is_float, runs);
    }
}
TEST_P(LayerGolden, Inference) {
    network->soil();
    golden.expect("y", network->infer().y.value, c.is_float, 1);
}

TEST(Flatten, ExpectsItsNumberOfStepsAndNoLengths) {
    const Case& c = *cases::find("map", "flatten_33", false);
    const auto network = c.make();
    const auto refused = [&](int steps, const std::vector<int>& lengths) {
        cases::Trial trial;
        trial.x = Batch{33, steps, 2, lengths};
        network->give(trial);
        return failure_of([&] { network->infer(); }).message;
    };
    EXPECT_EQ(refused(3, {}), "rondo::Flatten: expected sequences of 2 steps, got 3");
    EXPECT_EQ(refused(2, {1, 2}), "rondo::Flatten: expected sequences without lengths");
}

/// As in PyTorch: of several the last one has the gradient.
TEST(MaxPool1d, NaNIsTheMaximum) {
    const Case& c = *cases::find("conv", "max_overlapping", false); // kernel 3, stride 2, padding 1
    const auto network = c.make();
    cases::Trial trial;
    trial.x = Batch{20, 5, 1};
    trial.dy = Batch{20, 3, 1};
    for (std::size_t n = 0; n < trial.x.value.size(); ++n) trial.x.value[n] = double(n);
    trial.x.at(2, 0, 7) = trial.x.at(1, 0, 7) = std::numeric_limits<double>::quiet_NaN();
    for (std::size_t n = 0; n < trial.dy.value.size(); ++n) trial.dy.value[n] = double(n + 1);
    network->give(trial);
    auto got = network->record();
    network->backward();
    network->gradients(got);
    for (int row = 0; row < 20; ++row)
        for (int t = 0; t < 5; ++t) {
            const bool nan = row == 7;
            const double dy[3]{trial.dy.at(0, 0, row), trial.dy.at(1, 0, row), trial.dy.at(2, 0, row)},
                expected = nan ? (t == 1   ? dy[0]
                                  : t == 2 ? dy[1]
                                  : t == 4 ? dy[2]
                                           : 0)
                               : (t == 1   ? dy[0]
                                  : t == 3 ? dy[1]
                                  : t == 4 ? dy[2]
                                           : 0);
            EXPECT_EQ(got.dx.at(t, 0, row), expected) << row << ' ' << t;
            EXPECT_EQ(t < 3 && std::isnan(got.y.at(t % 3, 0, row)), nan && t < 2) << row << ' ' << t;
        }
}

} // namespace layers_test
