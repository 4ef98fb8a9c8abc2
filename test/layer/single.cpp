// SPDX-License-Identifier: MIT
// Cells by themselves: one step is PyTorch's cell's, and a loop of steps is the layer.
#include <cases/single.hpp>

#include <support/golden.hpp>

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

namespace single_cell_test {

using cases::Batch, cases::CellCase, cases::Numbers;

template <class F>
cases::CellCases cells_where(const F& f) {
    cases::CellCases some;
    for (const CellCase& c : cases::all_cells())
        if (f(c)) some.push_back(c);
    return some;
}
/// PyTorch has no cell that resets before the product.
bool in_golden_file(const CellCase& c) { return c.kind != "gru_reset_before"; }
constexpr auto name = [](const testing::TestParamInfo<CellCase>& info) { return info.param.name; };

struct SingleCell : testing::TestWithParam<CellCase> {};
INSTANTIATE_TEST_SUITE_P(All, SingleCell, testing::ValuesIn(cases::all_cells()), name);
struct SingleCellGolden : testing::TestWithParam<CellCase> {};
INSTANTIATE_TEST_SUITE_P(All, SingleCellGolden, testing::ValuesIn(cells_where(in_golden_file)), name);

/// Twice, since a second backward adds up and a step may be taken again.
TEST_P(SingleCellGolden, Step) {
    const CellCase& c = GetParam();
    const Golden golden{"cells", c.kind + '/' + c.size};
    const int batch = golden.extent("x", 0);
    EXPECT_EQ(batch, 3);
    const auto states = [&](const std::string& before, const std::string& after) {
        Batch all{c.hidden, c.components, batch};
        all.value = golden.get<double>(before + 'h' + after);
        if (c.components > 1)
            for (const double number : golden.get<double>(before + 'c' + after)) all.value.push_back(number);
        return all;
    };
    const auto expect = [&](const std::string& before, const std::string& after, const Numbers& got) {
        const auto size = std::ptrdiff_t(got.size()) / c.components;
        for (int k = 0; k < c.components; ++k)
            golden.expect(before + (k == 0 ? 'h' : 'c') + after,
                          Numbers(got.begin() + k * size, got.begin() + (k + 1) * size), c.is_float, 1);
    };
    cases::Trial trial{Batch{c.input, 1, batch}.with(golden.get<double>("x")), states("", "0"),
                       Batch{c.hidden, 1, batch}, states("d", "")};
    const auto cell = c.make();
    cell->assign(golden.parameters<double>(c.tensors));
    for (const double runs : {1.0, 2.0}) {
        const auto got = cell->loop(trial);
        expect("", "", got.final.value);
        golden.expect("dx", got.dx.value, c.is_float, 1);
        expect("d", "0", got.dinitial.value);
        golden.expect_gradients(c.tensors, got.gradient, c.is_float, runs);
    }
}

TEST_P(SingleCell, HasPyTorchsNames) {
    const CellCase& c = GetParam();
    const char* const expected[]{"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
    ASSERT_EQ(c.tensors.size(), 4u);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(c.tensors[k].name.view(), expected[k]);
    const auto cell = c.make();
    cell->draw(rondo::Seed{2});
    cell->set_input_weight(0, c.input - 1, 7);
    EXPECT_EQ(cell->parameters()[std::size_t(c.input - 1)], 7);
    EXPECT_EQ(cell->recurrent_columns(), c.hidden);
}

/// Five steps and their way back, against the layer over five steps.
TEST_P(SingleCell, LoopIsTheLayer) {
    const CellCase& c = GetParam();
    constexpr int steps = 5;
    for (const int batch : {1, 3, 20}) {
        const auto states = [&](std::uint64_t seed) {
            Batch all{c.hidden, c.components, batch};
            all.value.clear();
            for (int k = 0; k < c.components; ++k)
                for (const double number : Batch::random(seed + std::uint64_t(k), c.hidden, 1, batch).value)
                    all.value.push_back(number);
            return all;
        };
        const cases::Trial trial{Batch::random(1, c.input, steps, batch), states(3),
                                 Batch::random(2, c.hidden, steps, batch), states(5)};
        const auto cell = c.make();
        cell->draw(rondo::Seed{4});
        const auto loop = cell->loop(trial), layer = cell->layer(trial);
        using law::difference;
        EXPECT_LT(difference(layer.y, loop.y), c.tolerance());
        EXPECT_LT(difference(layer.final, loop.final), c.tolerance());
        EXPECT_LT(difference(layer.dx, loop.dx), c.tolerance());
        EXPECT_LT(difference(layer.dinitial, loop.dinitial), c.tolerance());
        EXPECT_LT(difference(layer.gradient, loop.gradient), c.tolerance());
    }
}

} // namespace single_cell_test

const cases::CellCases& cases::all_cells() {
    static const CellCases all = [] {
        CellCases list;
        for (const auto add : {add_single_rnn, add_single_lstm, add_single_gru}) add(list);
        return list;
    }();
    return all;
}
