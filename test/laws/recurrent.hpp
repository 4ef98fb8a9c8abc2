// SPDX-License-Identifier: MIT
#pragma once

// What the laws of recurrent layers share: which layers, a trial of one, and what a training step makes of it.

#include "batch.hpp"
#include "generate.hpp"

#include <support/backend.hpp>
#include <support/peephole.hpp>

#include <rondo/layer/gru.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/model/workspace.hpp>

#include <gtest/gtest.h>

#include <string>

namespace law {

/// A recurrent layer and nothing else.
template <class L>
struct Alone : rondo::Network<rondo::Named<"rec", L>> {
    static auto forward(auto& run, const auto& x) { return run(rondo::layer<"rec">, x); }
    static auto forward(auto& run, const auto& x, const auto& initial) { return run(rondo::layer<"rec">, x, initial); }
};

template <class L, class S>
struct Recurrent {
    using layer = L;
    using scalar = S;
    using Backend = TestBackend<S>;
    using Net = Alone<L>;
    using Model = rondo::Model<Net, Backend>;
    using Workspace = rondo::Workspace<Net, Backend>;
    using State = rondo::BatchState<Net, Backend>;
    using Input = Batch<S, L::input_size>;
    using Output = Batch<S, L::output_size>;
    // A state is a batch whose steps are its components, layers and directions.
    using States = Batch<S, L::hidden_size>;
    using RunStates = typename L::template StatesOf<S>;
    static constexpr int entries = L::layers * L::directions, state_steps = L::components * entries;

    /// What goes in: inputs and first states, and the gradients of what comes out.
    struct Trial {
        Input x;
        States initial;
        Output dy;
        States dfinal;

        static Trial random(std::uint64_t seed, int steps, int batch, const std::vector<int>& lengths = {}) {
            return {Input::random(seed, steps, batch, lengths), States::random(seed + 1, state_steps, batch),
                    Output::random(seed + 2, steps, batch, lengths), States::random(seed + 3, state_steps, batch)};
        }
        Trial columns(const std::vector<int>& from) const {
            return {x.columns(from), initial.columns(from), dy.columns(from), dfinal.columns(from)};
        }
    };
    /// What comes out.
    struct Outcome {
        Output y;
        States final;
        Input dx;
        States dinitial;
        std::vector<S> gradient;
    };

    static Output output(const rondo::SequenceView<S, L::output_size>& y) { return Output::template of<Backend>(y); }
    static PlacedStates<Backend, RunStates> place(const States& s) { return {s.value, s.batch}; }
    static States copy(const RunStates& r) { return States{state_steps, r.batch}.with(final_of<Backend>(r)); }

    static Outcome infer(const Model& model, const Trial& trial, Workspace&& work = {}) {
        const auto x = trial.x.template place<Backend>();
        auto initial = place(trial.initial);
        const auto [y, final] = work.forward(model, x.input(), initial.view());
        return {output(y), copy(final), {}, {}, {}};
    }
    /// A training step.
    static Outcome train(const Model& model, const Trial& trial, Workspace& work,
                         const rondo::Randomness& randomness = {}) {
        auto x = trial.x.template place<Backend>();
        auto initial = place(trial.initial);
        const auto [y, final] = work.record(model, nullptr, randomness,
                                            [&](auto& run) { return Net::forward(run, x.view(), initial.view()); });
        copy_to_device(work.backend(), y.gradient, trial.dy.value);
        set_gradients(work.backend(), final, trial.dfinal.value);
        Outcome out{output(y), copy(final), {}, {}, {}};
        Model gradient;
        work.backward(&gradient);
        out.dx = trial.x.with(x.gradients());
        out.dinitial = trial.initial.with(initial.gradients());
        out.gradient = gradient.values();
        return out;
    }
    static Outcome train(const Model& model, const Trial& trial) {
        Workspace work;
        return train(model, trial, work);
    }
};

// Sizes below, at and above a pack, with and without a rest.
using Ahead = ::testing::Types<Recurrent<rondo::ReluRNN<4, 7, rondo::Stack{.layers = 2}>, double>,
                               Recurrent<rondo::LSTM<3, 16, rondo::Stack{.layers = 2}>, float>,
                               Recurrent<rondo::GRU<4, 17>, float>,
                               Recurrent<rondo::GRUResetBefore<2, 6, rondo::Stack{.layers = 2}>, double>>;
using Both = ::testing::Types<Recurrent<rondo::LSTM<3, 5, rondo::Stack{.bidirectional = true}>, float>,
                              Recurrent<rondo::GRU<3, 9, rondo::Stack{.bidirectional = true}>, double>,
                              Recurrent<rondo::GRUResetBefore<2, 5, rondo::Stack{.bidirectional = true}>, float>,
                              Recurrent<PeepholeLSTM<1, 3, rondo::Stack{.bidirectional = true}>, double>>;
using All = ::testing::Types<Recurrent<rondo::RNN<3, 5>, float>,
                             Recurrent<rondo::LSTM<3, 16, rondo::Stack{.layers = 2, .bidirectional = true}>, float>,
                             Recurrent<rondo::GRU<4, 17, rondo::Stack{.layers = 2}>, float>,
                             Recurrent<rondo::GRUResetBefore<2, 6, rondo::Stack{.bidirectional = true}>, double>,
                             Recurrent<PeepholeLSTM<3, 5>, double>>;

} // namespace law
