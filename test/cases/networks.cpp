// SPDX-License-Identifier: MIT
// Every layer after another one and as a network's first.
#include "lists.hpp"
#include "typed.hpp"

#include <rondo/layer/activation.hpp>
#include <rondo/layer/attention_pooling.hpp>
#include <rondo/layer/batch_norm.hpp>
#include <rondo/layer/dropout.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/final_cell_state.hpp>
#include <rondo/layer/flatten.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/layer/lstm.hpp>
#include <rondo/layer/norm.hpp>
#include <rondo/layer/pooling.hpp>
#include <rondo/layer/prelu.hpp>
#include <rondo/layer/residual.hpp>
#include <rondo/layer/rnn.hpp>
#include <rondo/layer/select.hpp>
#include <rondo/layer/softmax.hpp>

namespace cases {
namespace {

using namespace rondo;

template <class Layer> using First = Sequential<Layer, Linear<3, 5>>;
template <int In, class... Layers> using After = Sequential<Linear<3, In>, Layers...>;
constexpr Stack both{.bidirectional = true};

void add_checked(Cases& to) {
    const auto add = [&]<class Net>(std::type_identity<Net>, const char* name) {
        add_network<Net, double>(to, "checked", name);
    };
    add(std::type_identity<After<33, ReLU<33>>>{}, "ReLU_33");
    add(std::type_identity<After<5, Tanh<5>>>{}, "Tanh_5");
    add(std::type_identity<After<20, Sigmoid<20>>>{}, "Sigmoid_20");
    add(std::type_identity<After<33, Softmax<33>>>{}, "Softmax_33");
    add(std::type_identity<After<5, Dropout<5, Rate{1, 4}>>>{}, "Dropout_5");
    add(std::type_identity<After<20, Residual<Linear<20, 20>>>>{}, "Residual_20");
    add(std::type_identity<After<3, LastStep<3>>>{}, "LastStep_3");
    add(std::type_identity<After<3, FirstStep<3>>>{}, "FirstStep_3");
    add(std::type_identity<After<2, FinalStates<1>>>{}, "FinalStates_1");
    add(std::type_identity<First<FinalCellState<LSTM<3, 3>>>>{}, "FinalCellState_first");
    add(std::type_identity<After<20, AttentionPooling<20>>>{}, "AttentionPooling_20");
    add(std::type_identity<First<AttentionPooling<3, AdditiveScore<3, 5>>>>{}, "AttentionPooling_first");
    add(std::type_identity<First<Dropout<3, Rate{1, 4}>>>{}, "Dropout_first");
    add(std::type_identity<First<Residual<Tanh<3>>>>{}, "Residual_first");
    add(std::type_identity<ResidualOfFirst<Linear<5, 3>>>{}, "ResidualOfFirst_5_3");
    add(std::type_identity<First<LastStep<3>>>{}, "LastStep_first");
    add(std::type_identity<After<1, Softsign<1>, PReLU<1>, LayerNorm<1>>>{}, "LayerNorm_1");
    add(std::type_identity<After<5, LeakyReLU<5>, ELU<5>, LayerNorm<5>, SiLU<5>, Softplus<5>, PReLU<5, 5>>>{},
        "LayerNorm_5");
    add(std::type_identity<After<20, GELU<20>, RMSNorm<20>, Hardtanh<20>, PReLU<20>, MeanPooling<20>>>{}, "RMSNorm_20");
    add(std::type_identity<
            After<33, TanhGELU<33>, LayerNorm<33, Norm{.bias = false}>, Hardsigmoid<33>, LogSoftmax<33>>>{},
        "LogSoftmax_33");
    add(std::type_identity<First<MaxPooling<3>>>{}, "MaxPooling_first");
    add(std::type_identity<After<5, BatchNorm1d<5>, SiLU<5>>>{}, "BatchNorm1d_5");
    add(std::type_identity<First<BatchNorm1d<3, BatchNormOptions{.affine = false}>>>{}, "BatchNorm1d_first");
    add_network<After<3, Flatten<3, 4>>, double>(to, "without_lengths", "Flatten_3_4");
}

void add_padded(Cases& to) {
    // One result a step,
    add_network<Sequential<Linear<3, 4>, Tanh<4>, LSTM<4, 5, both>, Dropout<10, Rate{30}>, Residual<Linear<10, 10>>,
                           Softmax<10>, Linear<10, 2>>,
                float>(to, "padded_squared", "Linear");
    add_network<Sequential<Sigmoid<3>, GRU<3, 4>, Linear<4, 1>>, double>(to, "padded_binary", "Sigmoid");
    add_network<Sequential<ReLU<3>, ReluRNN<3, 4>>, float>(to, "padded_squared", "ReLU");
    add_network<Sequential<Softmax<5>, GRUResetBefore<5, 3>>, double>(to, "padded_squared", "Softmax");
    add_network<Sequential<Dropout<3, Rate{30}>, Residual<RNN<3, 3>>>, float>(to, "padded_squared", "Dropout");
    add_network<Sequential<LayerNorm<3>, GELU<3>, Softplus<3>, PReLU<3>, RMSNorm<3>, LogSoftmax<3>, PReLU<3, 3>>,
                float>(to, "padded_squared", "LayerNorm");
    add_network<Sequential<BatchNorm1d<3>, Linear<3, 5>, BatchNorm1d<5, BatchNormOptions{.affine = false}>>, double>(
        to, "padded_statistics", "BatchNorm1d");
    // and one a sequence.
    add_network<Sequential<Embedding<7, 4>, GRU<4, 6>, LastStep<6>, Linear<6, 3>>, float>(to, "padded_class",
                                                                                          "LastStep");
    add_network<Sequential<Embedding<7, 4>, RNN<4, 6, Stack{.reversed = true}>, FirstStep<6>>, double>(
        to, "padded_class", "FirstStep");
    add_network<Sequential<Embedding<7, 4, 0>, LSTM<4, 3, both>, FinalStates<3>, Linear<6, 2>>, double>(
        to, "padded_class", "FinalStates");
    add_network<Sequential<Embedding<7, 4>, FinalCellState<LSTM<4, 3, both>>, Linear<6, 2>>, double>(to, "padded_class",
                                                                                                     "FinalCellState");
    add_network<Sequential<Embedding<7, 4>, RNN<4, 6>, AttentionPooling<6, AdditiveScore<6, 3>>>, double>(
        to, "padded_class", "AttentionPooling");
    add_network<Sequential<Embedding<7, 5>, LayerNorm<5>, MeanPooling<5>>, float>(to, "padded_class", "MeanPooling");
    add_network<Sequential<Embedding<7, 5>, SiLU<5>, MaxPooling<5>>, double>(to, "padded_class", "MaxPooling");
}

} // namespace

void add_networks(Cases& to) {
    add_checked(to);
    add_padded(to);
}

} // namespace cases
