// SPDX-License-Identifier: MIT
#pragma once

#include "single.hpp"
#include "typed.hpp"

#include <rondo/model/single_cell.hpp>

#include <memory/sanitized.hpp>

#include <algorithm>
#include <utility>

namespace cases {

template <class C>
class TypedCell final : public SingleCell {
    using Layer = typename C::network;
    using S = typename C::scalar;
    using Step = typename C::Step;
    using B = TestBackend<S>;
    static constexpr int In = Layer::input_size, Hidden = Layer::hidden_size, states = C::states;

public:
    void draw(rondo::Seed seed) override { cell_ = C{seed}; }
    Numbers parameters() const override { return converted<double>(cell_.parameters.values()); }
    void assign(const Numbers& parameters) override { cell_.parameters.assign(converted<S>(parameters)); }
    void set_input_weight(int row, int column, double number) override {
        cell_.parameters.template tensor<"weight_ih">()(row, column) = S(number);
    }
    int recurrent_columns() const override { return int(cell_.parameters.template tensor<"weight_hh">().cols()); }

    Outcome loop(const Trial& trial) override {
        const int steps = trial.x.steps, batch = trial.x.batch;
        if (int(loop_.size()) != steps || loop_.front().batch() != batch) {
            loop_.clear();
            for (int t = 0; t < steps; ++t) loop_.emplace_back(batch);
        }
        Outcome all;
        all.y = Batch{Hidden, steps, batch};
        all.dx = Batch{In, steps, batch};
        all.final = all.dinitial = Batch{Hidden, states, batch};
        const auto copy = [](const auto& from, auto&& to) { std::copy_n(from.data(), to.size(), to.data()); };
        const auto to_step = [](const Batch& from, int t, auto&& to) {
            std::copy_n(&from.at(t, 0, 0), to.size(), to.data());
        };
        const auto to_batch = [](const auto& from, Batch& to, int t) {
            std::copy_n(from.data(), from.size(), &to.at(t, 0, 0));
        };
        for (int t = 0; t < steps; ++t) {
            Step& now = loop_[std::size_t(t)];
            to_step(trial.x, t, now.x());
            each_state([&](auto k) {
                if (t > 0) copy(loop_[std::size_t(t - 1)].template after<k>(), now.template before<k>());
                else to_step(trial.initial, k, now.template before<k>());
            });
            cell_.forward(now);
            to_batch(now.after(), all.y, t);
        }
        each_state([&](auto k) { to_batch(loop_.back().template after<k>(), all.final, k); });
        for (int t = steps - 1; t >= 0; --t) {
            Step& now = loop_[std::size_t(t)];
            each_state([&](auto k) {
                if (t + 1 < steps)
                    copy(loop_[std::size_t(t + 1)].template before_gradient<k>(), now.template after_gradient<k>());
                else to_step(trial.dfinal, k, now.template after_gradient<k>());
            });
            for (int n = 0; n < Hidden * batch; ++n) now.after_gradient().data()[n] += S((&trial.dy.at(t, 0, 0))[n]);
            cell_.backward(now, gradient_);
            to_batch(now.x_gradient(), all.dx, t);
        }
        each_state([&](auto k) { to_batch(loop_.front().template before_gradient<k>(), all.dinitial, k); });
        all.gradient = converted<double>(gradient_.values());
        return all;
    }

    Outcome layer(const Trial& trial) const override {
        using Whole = rondo::Recurrent<typename Layer::cell_type, In, Hidden>;
        using States = typename Whole::template StatesOf<S>;
        rondo::Model<Whole, B> model, gradient;
        model.assign(cell_.parameters.values()); // the same tensors under the layer's names
        DeviceSequence<B, S, In> x{converted<S>(trial.x.value), trial.x.extent()};
        PlacedStates<B, States> initial{converted<S>(trial.initial.value), trial.x.batch};
        rondo::Workspace<Whole, B> work;
        const auto [y, final] =
            work.record(model, nullptr, {}, [&](auto& run) { return Whole::forward(run, x.view(), initial.view()); });
        copy_to_device(work.backend(), y.gradient, converted<S>(trial.dy.value));
        set_gradients(work.backend(), final, converted<S>(trial.dfinal.value));
        Outcome all;
        all.y = of_doubles(law::Batch<S>::template of<B>(y));
        all.final = Batch{Hidden, states, trial.x.batch}.with(converted<double>(final_of<B>(final)));
        work.backward(&gradient);
        all.dx = trial.x.with(converted<double>(x.gradients()));
        all.dinitial = trial.initial.with(converted<double>(initial.gradients()));
        all.gradient = converted<double>(gradient.values());
        return all;
    }

private:
    // f(0) for h, and f(1) for c where there is one; the component is a constant.
    template <class F>
    static void each_state(F&& f) {
        f(std::integral_constant<int, 0>{});
        if constexpr (states == 2) f(std::integral_constant<int, 1>{});
    }

    C cell_;
    typename C::Parameters gradient_;
    std::vector<Step> loop_;
};

template <template <int, int, class> class Cell, class S, int In, int Hidden>
void add(CellCases& to, const std::string& kind) {
    using C = Cell<In, Hidden, TestBackend<S>>;
    CellCase c;
    c.kind = kind;
    c.size = std::to_string(In) + '_' + std::to_string(Hidden);
    c.is_float = sizeof(S) == 4;
    c.name = kind + '_' + c.size + (c.is_float ? "_float" : "_double");
    c.input = In;
    c.hidden = Hidden;
    c.components = C::states;
    c.tensors = C::network::tensors;
    c.make = []() -> std::unique_ptr<SingleCell> { return std::make_unique<TypedCell<C>>(); };
    to.push_back(std::move(c));
}

template <template <int, int, class> class Cell, class S>
void add_cell_sizes(CellCases& to, const std::string& kind) {
    add<Cell, S, 1, 3>(to, kind);
    add<Cell, S, 3, 16>(to, kind);
    add<Cell, S, 5, 20>(to, kind);
#ifndef RONDO_TEST_SANITIZED
    add<Cell, S, 33, 5>(to, kind);
#endif
}
template <template <int, int, class> class Cell>
void add_single(CellCases& to, const std::string& kind) {
    add_cell_sizes<Cell, double>(to, kind);
#ifndef RONDO_TEST_SANITIZED
    add_cell_sizes<Cell, float>(to, kind);
#endif
}

} // namespace cases
