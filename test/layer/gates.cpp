// SPDX-License-Identifier: MIT
// A trace of a layer's gates holds what its equations made the output of.
#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/final_cell_state.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/model/batch_state.hpp>
#include <rondo/model/workspace.hpp>

#include <support/failure.hpp>
#include <support/gradients.hpp>

namespace gates_test {

using namespace rondo;
using B = TestBackend<double>;

constexpr int in = 3, hidden = 5, steps = 4, batch = 2;
const int lengths[]{4, 2};

template <class Layer, class Check>
void each_gate_of_a_step(const Check& check) {
    const Model<Layer, B> model{Seed{1}};
    const DeviceSequence<B, double, in> x{normal_numbers(in * steps * batch), {steps, batch, lengths}};
    Workspace<Layer, B> work, plain;
    const auto traced =
        work.evaluate(model, nullptr, [&](auto& run) { return Layer::forward(run, x.input(), with_gates); });
    const auto y = values_of<B>(traced.output);
    const auto& gates = traced.gates;
    EXPECT_EQ(y, values_of<B>(plain.forward(model, x.input()))); // tracing changes nothing

    constexpr int directions = Layer::directions;
    ASSERT_EQ(gates.size(), std::size_t(Layer::layers * directions));
    for (int d = 0; d < directions; ++d) { // of the last layer, whose output is y
        const auto& trace = gates[std::size_t((Layer::layers - 1) * directions + d)];
        const auto values = values_of<B>(trace);
        for (int b = 0; b < batch; ++b)
            for (int j = 0; j < hidden; ++j) {
                const auto at = [&](int t, int gate) {
                    return values[std::size_t(t * batch + b) * std::size_t(trace.rows) +
                                  std::size_t(gate * hidden + j)];
                };
                const auto output = [&](int t) {
                    return y[std::size_t((t * batch + b) * directions * hidden + d * hidden + j)];
                };
                check(lengths[b], d == 1, at, output);
            }
    }
}

// Calls f(t, first) for each step in the order of its direction.
template <class F>
void in_order(int length, bool reverse, const F& f) {
    for (int k = 0; k < length; ++k) f(reverse ? length - 1 - k : k);
}

TEST(Gates, OfAnLSTMMakeItsOutput) {
    EXPECT_EQ(cell::LSTM::gate_names[1], "forget gate");
    each_gate_of_a_step<rondo::LSTM<in, hidden, Stack{.layers = 2, .bidirectional = true}>>(
        [](int length, bool reverse, const auto& gate, const auto& output) {
            double c = 0;
            in_order(length, reverse, [&](int t) {
                c = gate(t, 1) * c + gate(t, 0) * gate(t, 2);
                EXPECT_NEAR(output(t), gate(t, 3) * std::tanh(c), 1e-14);
            });
        });
}
template <class Layer>
void expect_gru() {
    each_gate_of_a_step<Layer>([](int length, bool reverse, const auto& gate, const auto& output) {
        double h = 0;
        in_order(length, reverse, [&](int t) {
            h = gate(t, 2) + gate(t, 1) * (h - gate(t, 2));
            EXPECT_NEAR(output(t), h, 1e-14);
            EXPECT_TRUE(gate(t, 0) > 0 && gate(t, 0) < 1);
        });
    });
}
TEST(Gates, OfAGRUMakeItsOutput) {
    EXPECT_EQ(cell::GRU::gate_names[0], "reset gate");
    expect_gru<rondo::GRU<in, hidden, Stack{.bidirectional = true}>>();
    expect_gru<rondo::GRUResetBefore<in, hidden, Stack{}>>();
}

TEST(FinalCellState, IsThatOfTheLastLayerInBothDirections) {
    using Layer = rondo::LSTM<in, hidden, Stack{.layers = 2, .bidirectional = true}>;
    using Cell = FinalCellState<Layer>;
    const Model<Layer, B> model{Seed{1}};
    Model<Cell, B> cell;
    cell.assign(model.values());
    const DeviceSequence<B, double, in> x{normal_numbers(in * steps * batch), {steps, batch, lengths}};
    Workspace<Layer, B> work;
    const auto final =
        work.evaluate(model, nullptr, [&](auto& run) { return Layer::forward(run, x.input(), from_zero); }).final;
    const auto expected = values_of<B>(SequenceView<const double, hidden>{final.value[1], nullptr, {4, batch}});
    Workspace<Cell, B> cell_work;
    const auto c = cell_work.forward(cell, x.input());
    EXPECT_EQ(c.extent.steps, 1);
    const auto values = values_of<B>(c);
    for (int b = 0; b < batch; ++b)
        for (int d = 0; d < 2; ++d)
            for (int j = 0; j < hidden; ++j)
                EXPECT_EQ(values[std::size_t((b * 2 + d) * hidden + j)],
                          expected[std::size_t(((2 + d) * batch + b) * hidden + j)]);
    BatchState<Cell, B> state{batch};
    expect_argument([&] { cell_work.forward(cell, state, x.input()); },
                    "rondo: a bidirectional or reversed layer reads a sequence from its end; it cannot carry state on");
}
TEST(FinalCellState, GoesOnFromTheStateThatTheRunCarries) {
    using Layer = rondo::LSTM<in, hidden, Stack{.layers = 2}>;
    using Cell = FinalCellState<Layer>;
    const Model<Cell, B> model{Seed{1}};
    const auto numbers = normal_numbers(in * 5 * batch);
    const auto middle = numbers.begin() + in * 2 * batch;
    const DeviceSequence<B, double, in> x{numbers, {5, batch}}, first{{numbers.begin(), middle}, {2, batch}},
        second{{middle, numbers.end()}, {3, batch}};
    Workspace<Cell, B> work;
    const auto whole = values_of<B>(work.forward(model, x.input()));
    BatchState<Cell, B> state{batch};
    work.forward(model, state, first.input());
    EXPECT_EQ(values_of<B>(work.forward(model, state, second.input())), whole);
    expect_argument([&] { work.record(model, &state, {}, [&](auto& run) { return Cell::forward(run, x.input()); }); },
                    "rondo: FinalCellState starts from zero in training; it cannot carry state on");
}

} // namespace gates_test
