// SPDX-License-Identifier: MIT
#pragma once

#include "backend.hpp"
#include "compositions.hpp"
#include "peephole.hpp"

#include <rondo/backend/eigen/backend.hpp>
#include <rondo/layer/activation.hpp>
#include <rondo/layer/attention_pooling.hpp>
#include <rondo/layer/dropout.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/sequential.hpp>
#include <rondo/layer/softmax.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

// The network types of typed tests. Sizes of 1, 3, 5, 20 and 33 are not multiples of a pack.

/// The name of a golden file as a type, since nvcc loses a Text that is passed through two aliases.
template <rondo::Text file_name>
struct File {
    static constexpr std::string_view name = file_name.view();
};

/// A network on a backend, its name, and the golden file with the case of that name.
template <class Net, rondo::Backend B, rondo::Text case_name, class GoldenFile = File<"">>
struct Case {
    using network = Net;
    using backend = B;
    using scalar = typename B::scalar;
    static constexpr std::string_view name = case_name.view(), file = GoldenFile::name;
};

/// Whether a network reads tokens, not features.
template <class Net> inline constexpr bool reads_tokens = requires { requires Net::vocabulary > 0; };

/// Names the types of a typed test after their cases.
struct CaseNames {
    template <class Case>
    static std::string GetName(int) {
        return std::string{Case::name};
    }
};

namespace detail {
template <class... Lists> struct Join;
template <class... All> struct Join<testing::Types<All...>> {
    using type = testing::Types<All...>;
};
template <class... First, class... Second, class... Rest>
struct Join<testing::Types<First...>, testing::Types<Second...>, Rest...>
    : Join<testing::Types<First..., Second...>, Rest...> {};
}
template <class... Lists> using Join = typename detail::Join<Lists...>::type;

// Inputs, hidden units, layers, directions. Dropout is off unless a test enables it.
template <class From, template <int, int, rondo::Stack> class Layer, class B>
using GoldenSizes = testing::Types<
    Case<Layer<1, 5, rondo::Stack{}>, B, "1_5_1_1", From>,
    Case<Layer<3, 20, rondo::Stack{.layers = 2}>, B, "3_20_2_1", From>,
    Case<Layer<5, 3, rondo::Stack{.layers = 3, .bidirectional = true, .dropout = rondo::Rate{30}}>, B, "5_3_3_2", From>,
    Case<Layer<20, 1, rondo::Stack{.layers = 2, .bidirectional = true}>, B, "20_1_2_2", From>,
    Case<Layer<33, 33, rondo::Stack{}>, B, "33_33_1_1", From>,
    Case<Layer<3, 5, rondo::Stack{.bidirectional = true}>, B, "3_5_1_2", From>>;

template <class B> using RNNCases = GoldenSizes<File<"rnn_tanh">, rondo::RNN, B>;
template <class B> using ReluRNNCases = GoldenSizes<File<"rnn_relu">, rondo::ReluRNN, B>;
template <class B> using LSTMCases = GoldenSizes<File<"lstm">, rondo::LSTM, B>;
template <class B> using GRUCases = GoldenSizes<File<"gru">, rondo::GRU, B>;
template <class B> using GRUResetBeforeCases = GoldenSizes<File<"gru_reset_before">, rondo::GRUResetBefore, B>;
template <class B> using RecurrentCases =
    Join<RNNCases<B>, ReluRNNCases<B>, LSTMCases<B>, GRUCases<B>, GRUResetBeforeCases<B>>;

using Layers = File<"layers">;
template <class B> using LinearCases =
    testing::Types<Case<rondo::Linear<33, 20>, B, "linear_33_20", Layers>,
                   Case<rondo::Linear<1, 1>, B, "linear_1_1", Layers>,
                   Case<rondo::LinearWithoutBias<5, 3>, B, "linear_5_3_no_bias", Layers>>;
template <class B> using EmbeddingCases = testing::Types<Case<rondo::Embedding<7, 5, 2>, B, "embedding_7_5", Layers>>;
template <class B> using ActivationCases =
    testing::Types<Case<rondo::ReLU<5>, B, "relu_5", Layers>, Case<rondo::ReLU<33>, B, "relu_33", Layers>,
                   Case<rondo::Tanh<5>, B, "tanh_5", Layers>, Case<rondo::Tanh<33>, B, "tanh_33", Layers>,
                   Case<rondo::Sigmoid<5>, B, "sigmoid_5", Layers>, Case<rondo::Sigmoid<33>, B, "sigmoid_33", Layers>>;
template <class B> using SoftmaxCases =
    testing::Types<Case<rondo::Softmax<5>, B, "softmax_5", Layers>, Case<rondo::Softmax<33>, B, "softmax_33", Layers>>;
template <class B> using LayerCases = Join<LinearCases<B>, EmbeddingCases<B>, ActivationCases<B>, SoftmaxCases<B>>;

// The cases of gradient checks: every option of a recurrent layer, every layer, and compositions of them.
template <template <int, int, rondo::Stack> class Layer, class B>
using CheckedSizes = testing::Types<
    Case<Layer<5, 3, rondo::Stack{.layers = 3, .bidirectional = true, .dropout = rondo::Rate{30}}>, B, "5_3_3_2">,
    Case<Layer<1, 20, rondo::Stack{.layers = 2, .dropout = rondo::Rate{30}}>, B, "1_20_2_1">,
    Case<Layer<33, 1, rondo::Stack{.bidirectional = true}>, B, "33_1_1_2">>;

template <class B> using CheckedRNNCases = CheckedSizes<rondo::RNN, B>;
template <class B> using CheckedReluRNNCases = CheckedSizes<rondo::ReluRNN, B>;
template <class B> using CheckedLSTMCases = CheckedSizes<rondo::LSTM, B>;
template <class B> using CheckedPeepholeCases = CheckedSizes<PeepholeLSTM, B>;
template <class B> using CheckedGRUCases = CheckedSizes<rondo::GRU, B>;
template <class B> using CheckedGRUResetBeforeCases = CheckedSizes<rondo::GRUResetBefore, B>;

template <class B>
using CheckedReversedCases = testing::Types<
    Case<rondo::GRU<3, 5, rondo::Stack{.layers = 2, .dropout = rondo::Rate{30}, .reversed = true}>, B, "3_5_2_back">>;

template <class Layer> using First = rondo::Sequential<Layer, rondo::Linear<3, 5>>;
template <int In, class... Layers> using After = rondo::Sequential<rondo::Linear<3, In>, Layers...>;
template <class B>
using CheckedLayerCases = testing::Types<
    Case<rondo::Linear<33, 20>, B, "Linear_33_20">, Case<rondo::Linear<1, 1>, B, "Linear_1_1">,
    Case<rondo::LinearWithoutBias<5, 3>, B, "Linear_5_3_no_bias">, Case<rondo::Embedding<7, 5, 2>, B, "Embedding_7_5">,
    Case<After<33, rondo::ReLU<33>>, B, "ReLU_33">, Case<After<5, rondo::Tanh<5>>, B, "Tanh_5">,
    Case<After<20, rondo::Sigmoid<20>>, B, "Sigmoid_20">, Case<After<33, rondo::Softmax<33>>, B, "Softmax_33">,
    Case<After<5, rondo::Dropout<5, rondo::Rate{1, 4}>>, B, "Dropout_5">,
    Case<After<20, rondo::Residual<rondo::Linear<20, 20>>>, B, "Residual_20">,
    Case<After<3, rondo::LastStep<3>>, B, "LastStep_3">, Case<After<3, rondo::FirstStep<3>>, B, "FirstStep_3">,
    Case<After<2, rondo::FinalStates<1>>, B, "FinalStates_1">,
    Case<After<20, rondo::AttentionPooling<20>>, B, "AttentionPooling_20">,
    Case<First<rondo::AttentionPooling<3, rondo::AdditiveScore<3, 5>>>, B, "AttentionPooling_first">,
    Case<First<rondo::Dropout<3, rondo::Rate{1, 4}>>, B, "Dropout_first">,
    Case<First<rondo::Residual<rondo::Tanh<3>>>, B, "Residual_first">,
    Case<rondo::ResidualOfFirst<rondo::Linear<5, 3>>, B, "ResidualOfFirst_5_3">,
    Case<First<rondo::LastStep<3>>, B, "LastStep_first">>;
template <class B>
using CompositionCases =
    testing::Types<Case<Branch, B, "Branch">, Case<Loop, B, "Loop">, Case<Twice, B, "Twice">,
                   Case<Translator, B, "Translator">, Case<Nested, B, "Nested">, Case<TiedModel, B, "Tied">,
                   Case<Classifier, B, "Classifier">, Case<Forecast, B, "Forecast">>;

/// All cases of gradient checks.
template <class B> using CheckedCases =
    Join<CheckedRNNCases<B>, CheckedReluRNNCases<B>, CheckedLSTMCases<B>, CheckedPeepholeCases<B>, CheckedGRUCases<B>,
         CheckedGRUResetBeforeCases<B>, CheckedLayerCases<B>, CompositionCases<B>>;
template <class B> using Cases = Join<RecurrentCases<B>, LayerCases<B>, CheckedCases<B>>;
