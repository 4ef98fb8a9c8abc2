// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/model/single_cell.hpp>

#include <laws/batch.hpp>
#include <support/backend.hpp>
#include <support/golden.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

// Cells by themselves: one step is PyTorch's cell's, and a loop of steps is the layer.

template <template <int, int, class> class Cell, int In_, int Hidden_, class B_, rondo::Text kind>
struct CellCase {
    using B = B_;
    using S = typename B::scalar;
    using Type = Cell<In_, Hidden_, B>;
    static constexpr int In = In_, Hidden = Hidden_;
    static std::string name() {
        return std::string{kind.view()} + "/" + std::to_string(In) + "_" + std::to_string(Hidden);
    }
};

template <class Case>
struct SingleCell : testing::Test {
    using S = typename Case::S;
    using C = typename Case::Type;
    using Step = typename C::Step;
    static constexpr int In = Case::In, Hidden = Case::Hidden, states = C::states;

    // f(0) for h, and f(1) for c where there is one; the component is a constant.
    template <class F>
    static void each_state(F&& f) {
        f(std::integral_constant<int, 0>{});
        if constexpr (states == 2) f(std::integral_constant<int, 1>{});
    }

    /// Twice, since a second backward adds up and a step may be taken again.
    void is_pytorchs() {
        const Golden golden{"cells", Case::name()};
        C cell;
        cell.parameters.assign(golden.template parameters<S>(C::network::tensors));
        Step step{golden.extent("x", 0)};
        EXPECT_EQ(step.batch(), 3);
        typename C::Parameters gradient;
        const char* const letter[]{"h", "c"};
        for (const double runs : {1.0, 2.0}) {
            golden.copy("x", step.x().data());
            each_state([&](auto k) { golden.copy(letter[k] + std::string{"0"}, step.template before<k>().data()); });
            cell.forward(step);
            each_state([&](auto k) {
                golden.expect(letter[k], step.template after<k>().data());
                golden.copy(std::string{"d"} + letter[k], step.template after_gradient<k>().data());
            });
            cell.backward(step, gradient);
            golden.expect("dx", step.x_gradient().data());
            each_state([&](auto k) {
                golden.expect(std::string{"d"} + letter[k] + "0", step.template before_gradient<k>().data());
            });
            golden.expect_gradients(C::network::tensors, gradient.values(), runs);
        }
    }

    void has_pytorchs_names() {
        const char* const expected[]{"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
        ASSERT_EQ(C::network::tensors.size(), 4u);
        for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(C::network::tensors[k].name.view(), expected[k]);
        C cell{rondo::Seed{2}};
        cell.parameters.template tensor<"weight_ih">()(0, In - 1) = 7;
        EXPECT_EQ(cell.parameters.values()[In - 1], 7);
        EXPECT_EQ((cell.parameters.template tensor<"weight_hh">().cols()), Hidden);
    }

    /// Five steps and their way back, against the layer over five steps.
    void loop_is_the_layer() {
        using B = typename Case::B;
        using Layer = rondo::Recurrent<typename C::network::cell_type, In, Hidden>;
        constexpr int steps = 5;
        for (const int batch : {1, 3, 20}) {
            C cell{rondo::Seed{4}};
            rondo::Model<Layer, B> model;
            model.assign(cell.parameters.values()); // the same tensors under the layer's names

            const auto x = law::Batch<S, In>::random(1, steps, batch);
            const auto dy = law::Batch<S, Hidden>::random(2, steps, batch);
            std::vector<std::vector<S>> first, last_gradient;
            std::vector<S> all_first;
            for (int k = 0; k < states; ++k) {
                first.push_back(law::Batch<S, Hidden>::random(std::uint64_t(3 + k), 1, batch).value);
                last_gradient.push_back(law::Batch<S, Hidden>::random(std::uint64_t(5 + k), 1, batch).value);
                all_first.insert(all_first.end(), first.back().begin(), first.back().end());
            }
            auto placed = x.template place<B>();
            PlacedStates<B, typename Layer::template StatesOf<S>> initial{all_first, batch};
            rondo::Workspace<Layer, B> work;
            rondo::Model<Layer, B> expected_gradient;
            const auto recorded = work.record(
                model, nullptr, {}, [&](auto& run) { return Layer::forward(run, placed.view(), initial.view()); });
            const auto& y = recorded.output;
            const auto& final = recorded.final;
            std::ranges::copy(dy.value, y.gradient);
            for (int k = 0; k < states; ++k) std::ranges::copy(last_gradient[std::size_t(k)], final.gradient[k]);
            work.backward(&expected_gradient);

            std::vector<Step> loop;
            for (int t = 0; t < steps; ++t) loop.emplace_back(batch);
            typename C::Parameters gradient;
            law::Batch<S, Hidden> outputs{steps, batch};
            law::Batch<S, In> x_gradients{steps, batch};
            for (int t = 0; t < steps; ++t) {
                Step& now = loop[std::size_t(t)];
                std::copy_n(&x.at(t, 0, 0), In * batch, now.x().data());
                each_state([&](auto k) {
                    if (t > 0) now.template before<k>() = loop[std::size_t(t - 1)].template after<k>();
                    else std::ranges::copy(first[k], now.template before<k>().data());
                });
                cell.forward(now);
                std::copy_n(now.after().data(), Hidden * batch, &outputs.at(t, 0, 0));
            }
            for (int t = steps - 1; t >= 0; --t) {
                Step& now = loop[std::size_t(t)];
                each_state([&](auto k) {
                    if (t + 1 < steps)
                        now.template after_gradient<k>() = loop[std::size_t(t + 1)].template before_gradient<k>();
                    else std::ranges::copy(last_gradient[k], now.template after_gradient<k>().data());
                });
                for (int n = 0; n < Hidden * batch; ++n) now.after_gradient().data()[n] += (&dy.at(t, 0, 0))[n];
                cell.backward(now, gradient);
                std::copy_n(now.x_gradient().data(), In * batch, &x_gradients.at(t, 0, 0));
            }

            using law::difference;
            constexpr double allowed = law::tolerance<S>;
            EXPECT_LT(difference(values_of<B>(y), outputs.value), allowed);
            EXPECT_LT(difference(placed.gradients(), x_gradients.value), allowed);
            EXPECT_LT(difference(expected_gradient.values(), gradient.values()), allowed);
            const std::vector<S> first_gradients = initial.gradients();
            each_state([&](auto k) {
                const auto after = loop.back().template after<k>(), before = loop.front().template before_gradient<k>();
                EXPECT_LT(difference(std::vector<S>(final.value[k], final.value[k] + final.size()),
                                     std::vector<S>(after.data(), after.data() + after.size())),
                          allowed);
                const auto from = first_gradients.begin() + k * after.size();
                EXPECT_LT(difference(std::vector<S>(from, from + after.size()),
                                     std::vector<S>(before.data(), before.data() + before.size())),
                          allowed);
            });
        }
    }
};

struct CellNames {
    template <class Case>
    static std::string GetName(int) {
        std::string name = Case::name();
        std::ranges::replace(name, '/', '_');
        return name;
    }
};

template <template <int, int, class> class Cell, class B, rondo::Text kind>
using CellSizes =
    testing::Types<CellCase<Cell, 1, 3, B, kind>, CellCase<Cell, 5, 20, B, kind>, CellCase<Cell, 33, 5, B, kind>>;
template <class B>
using RNNCells = CellSizes<rondo::RNNCell, B, "rnn_tanh">;
template <class B>
using ReluRNNCells = CellSizes<rondo::ReluRNNCell, B, "rnn_relu">;
template <class B>
using LSTMCells = CellSizes<rondo::LSTMCell, B, "lstm">;
template <class B>
using GRUCells = CellSizes<rondo::GRUCell, B, "gru">;
template <class B>
using GRUResetBeforeCells = CellSizes<rondo::GRUResetBeforeCell, B, "gru_reset_before">;

TYPED_TEST_SUITE_P(SingleCell);
TYPED_TEST_P(SingleCell, step) { this->is_pytorchs(); }
TYPED_TEST_P(SingleCell, names) { this->has_pytorchs_names(); }
TYPED_TEST_P(SingleCell, loop) { this->loop_is_the_layer(); }
REGISTER_TYPED_TEST_SUITE_P(SingleCell, step, names, loop);
