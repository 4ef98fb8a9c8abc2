// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/layer/activation.hpp>
#include <rondo/layer/dropout.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/model/tied.hpp>
#include <rondo/op/add.hpp>
#include <rondo/op/concatenate.hpp>
#include <rondo/op/each_step.hpp>

// Networks with a forward of their own; each has one input of three features, or tokens from 0 to 6.

/// Two branches of one value that are combined twice, and the value itself.
struct Branch : rondo::Network<rondo::Named<"left", rondo::Linear<3, 5>>, rondo::Named<"right", rondo::GRU<3, 5>>,
                               rondo::Named<"gate", rondo::Sigmoid<5>>, rondo::Named<"out", rondo::Linear<13, 1>>> {
    static constexpr int input_size = 3, output_size = 1;
    static auto forward(auto& run, const auto& x) {
        using rondo::layer;
        const auto left = run(layer<"left">, x), right = run(layer<"right">, x);
        const auto sum = rondo::add(run, left, right);
        return run(layer<"out">, rondo::concatenate(run, x, rondo::concatenate(run, run(layer<"gate">, sum), left)));
    }
};

/// A loop over time: each step's input is the previous step's output, and the state is passed from step to step.
struct Loop : rondo::Network<rondo::Named<"in", rondo::Embedding<7, 5>>, rondo::Named<"cell", rondo::LSTM<5, 3>>,
                             rondo::Named<"back", rondo::Linear<3, 5>>, rondo::Named<"out", rondo::Linear<8, 7>>> {
    static constexpr int input_size = 1, output_size = 7, vocabulary = 7;
    static auto forward(auto& run, const auto& tokens) {
        using rondo::layer;
        const auto x = run(layer<"in">, tokens);
        auto last = run(layer<"cell">, rondo::step_of(x, 0), rondo::from_zero);
        const auto y = rondo::each_step(run, x, [&](const auto& now, int) {
            last = run(layer<"cell">, rondo::add(run, now, run(layer<"back">, last.output)), last.final);
            return last.output;
        });
        return run(layer<"out">, rondo::concatenate(run, y, x));
    }
};

/// Layers that are called twice, one of them on its own output: their gradients add up.
struct Twice : rondo::Network<rondo::Named<"in", rondo::Linear<3, 5>>, rondo::Named<"square", rondo::Linear<5, 5>>,
                              rondo::Named<"rnn", rondo::RNN<5, 5>>> {
    static constexpr int input_size = 3, output_size = 5;
    static auto forward(auto& run, const auto& x) {
        using rondo::layer;
        const auto a = run(layer<"in">, x);
        const auto b = run(layer<"rnn">, run(layer<"square">, run(layer<"square">, a)));
        return run(layer<"rnn">, rondo::add(run, b, b));
    }
};

/// The final states of one recurrent layer are the initial states of another.
struct Translator : rondo::Network<rondo::Named<"read", rondo::LSTM<3, 5>>, rondo::Named<"write", rondo::LSTM<5, 5>>> {
    static constexpr int input_size = 3, output_size = 5;
    static auto forward(auto& run, const auto& x) {
        using rondo::layer;
        const auto [y, state] = run(layer<"read">, x, rondo::from_zero);
        return run(layer<"write">, y, state).output;
    }
};

/// Networks as layers.
using Encoder =
    rondo::Sequential<rondo::Linear<3, 20>, rondo::Dropout<20, rondo::Rate{25}>,
                      rondo::GRUResetBefore<20, 5, rondo::Stack{.layers = 2, .dropout = rondo::Rate{1, 8}}>>;
struct Nested
    : rondo::Network<rondo::Named<"encoder", Encoder>,
                     rondo::Named<"head", rondo::Sequential<rondo::Sequential<rondo::Linear<5, 33>, rondo::Tanh<33>>,
                                                            rondo::Linear<33, 3>>>> {
    static constexpr int input_size = 3, output_size = 3;
    static auto forward(auto& run, const auto& x) {
        using rondo::layer;
        return run(layer<"head">, run(layer<"encoder">, x));
    }
};

/// Two tied tensors.
using TiedModel =
    rondo::Tied<rondo::Sequential<rondo::Named<"in", rondo::Embedding<7, 5, 2>>, rondo::LSTM<5, 5>,
                                  rondo::Residual<rondo::GRU<5, 5>>, rondo::Named<"out", rondo::Linear<5, 7>>>,
                rondo::Tie<"out.weight", "in.weight">>;

/// One result a sequence, from the final states of both directions.
using Classifier =
    rondo::Sequential<rondo::Embedding<7, 5, 0>, rondo::ReluRNN<5, 3, rondo::Stack{.layers = 2, .bidirectional = true}>,
                      rondo::FinalStates<3>, rondo::Linear<6, 1>>;

/// One result a sequence, from its last step.
using Forecast = rondo::Sequential<rondo::GRU<3, 20>, rondo::LastStep<20>, rondo::Linear<20, 3>>;
