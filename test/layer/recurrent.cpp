// SPDX-License-Identifier: MIT
// Compares recurrent layers with PyTorch's: outputs, final states, and the gradients of inputs, initial states and
// parameters.
#include <cases/case.hpp>

#include <support/golden.hpp>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace recurrent_test {

using cases::Batch, cases::Case, cases::Numbers;

const std::string_view sizes[]{"1_5_1_1", "3_20_2_1", "5_3_3_2", "20_1_2_2", "33_33_1_1", "3_5_1_2", "3_16_2_1"};
cases::Cases in_golden_files() {
    return cases::cases_where([](const Case& c) {
        return !c.golden.empty() || (c.kind != "peephole" && std::ranges::count(sizes, c.size) > 0);
    });
}
Golden golden_of(const Case& c, const std::string& part) {
    return c.golden.empty() ? Golden{c.kind, c.size + part} : Golden{c.golden, c.kind + '/' + c.size + part};
}

struct RecurrentGolden : testing::TestWithParam<Case> {
    const Case& c = GetParam();
    std::unique_ptr<cases::Network> network = c.make();

    RecurrentGolden() { network->assign(golden_of(c, "").parameters<double>(c.tensors)); }

    struct Variant {
        const Case& c;
        Golden golden;
        cases::Trial trial;

        Variant(const Case& of, std::string_view name) : c{of}, golden{golden_of(c, '/' + std::string{name})} {
            trial.x = poisoned("x", c.input);
            trial.dy = poisoned("dy", c.output);
            if (golden.has("h0")) trial.initial = states("h0", "c0");
            trial.dfinal = states("dh_n", "dc_n");
        }
        /// Padding is NaN, since it must not be read.
        Batch poisoned(std::string_view name, int rows) const {
            Batch all{rows, golden.extent("x", 0), golden.extent("x", 1),
                      golden.has("lengths") ? golden.get<int>("lengths") : std::vector<int>{}};
            all.value = golden.get<double>(name);
            all.each_padded(
                [&](int t, int b, int row) { all.at(t, b, row) = std::numeric_limits<double>::quiet_NaN(); });
            return all;
        }
        Batch states(std::string_view h, std::string_view cell) const {
            Batch all{c.hidden, c.state_steps(), golden.extent("x", 1)};
            std::vector<Numbers> components{golden.get<double>(h)};
            if (c.components > 1) components.push_back(golden.get<double>(cell));
            all.value = c.state(components);
            return all;
        }
        void expect(std::string_view name, const Numbers& got, double times = 1) const {
            golden.expect(name, got, c.is_float, times);
        }
        void expect(std::string_view h, std::string_view cell, const Numbers& got, double times = 1) const {
            for (int k = 0; k < c.components; ++k) expect(k == 0 ? h : cell, c.component(got, k), times);
        }
    };

    /// Runs backward twice, since gradients add up.
    void train(std::string_view name) {
        const Variant v{c, name};
        network->give(v.trial);
        for (const double runs : {1.0, 2.0}) {
            network->soil();
            auto got = network->record();
            v.expect("y", got.y.value);
            v.expect("h_n", "c_n", got.final.value);
            network->backward();
            network->gradients(got);
            v.expect("dx", got.dx.value, runs);
            if (v.golden.has("h0")) v.expect("dh0", "dc0", got.dinitial.value, runs);
            v.golden.expect_gradients(c.tensors, got.gradient, c.is_float, runs);
        }
    }

    /// Inference; with a persistent state where the layer has one.
    void infer(std::string_view name) {
        const Variant v{c, name};
        network->give(v.trial);
        network->soil();
        if (c.causal()) {
            network->set_state(v.trial.x.batch, v.trial.initial.value);
            v.expect("y", network->carry().value);
            v.expect("h_n", "c_n", network->state());
        } else {
            const auto got = network->evaluate();
            v.expect("y", got.y.value);
            v.expect("h_n", "c_n", got.final.value);
        }
    }
};
INSTANTIATE_TEST_SUITE_P(All, RecurrentGolden, testing::ValuesIn(in_golden_files()), cases::Name{});

TEST_P(RecurrentGolden, plain) { train("plain"); }
TEST_P(RecurrentGolden, full) { train("full"); }
TEST_P(RecurrentGolden, inference) {
    infer("full");
    infer("plain");
}

} // namespace recurrent_test
