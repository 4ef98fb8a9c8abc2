// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <string_view>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The kind of a layer, as model files record it. A layer declares it as `static constexpr LayerKind kind`; a recurrent
/// layer takes it from its cell.
///
/// Skip adds the input of an earlier layer. other: a layer that no file format can record.
enum class LayerKind {
    other,
    RNN,
    ReluRNN,
    LSTM,
    GRU,
    GRUResetBefore,
    Linear,
    Embedding,
    ReLU,
    Tanh,
    Sigmoid,
    LeakyReLU,
    ELU,
    GELU,
    TanhGELU,
    SiLU,
    Hardsigmoid,
    Hardtanh,
    Softsign,
    Softplus,
    Threshold,
    Softmax,
    LogSoftmax,
    PReLU,
    LayerNorm,
    RMSNorm,
    BatchNorm1d,
    Conv1d,
    MeanPooling,
    MaxPooling,
    MaxPool1d,
    AvgPool1d,
    Flatten,
    LastStep,
    FirstStep,
    FinalStates,
    FinalCellState,
    Dropout,
    Skip,
};

constexpr std::string_view name_of(LayerKind kind) {
    constexpr std::string_view names[]{"a layer that files cannot tell",
                                       "RNN",
                                       "ReluRNN",
                                       "LSTM",
                                       "GRU",
                                       "GRUResetBefore",
                                       "Linear",
                                       "Embedding",
                                       "ReLU",
                                       "Tanh",
                                       "Sigmoid",
                                       "LeakyReLU",
                                       "ELU",
                                       "GELU",
                                       "TanhGELU",
                                       "SiLU",
                                       "Hardsigmoid",
                                       "Hardtanh",
                                       "Softsign",
                                       "Softplus",
                                       "Threshold",
                                       "Softmax",
                                       "LogSoftmax",
                                       "PReLU",
                                       "LayerNorm",
                                       "RMSNorm",
                                       "BatchNorm1d",
                                       "Conv1d",
                                       "MeanPooling",
                                       "MaxPooling",
                                       "MaxPool1d",
                                       "AvgPool1d",
                                       "Flatten",
                                       "LastStep",
                                       "FirstStep",
                                       "FinalStates",
                                       "FinalCellState",
                                       "Dropout",
                                       "Skip"};
    return names[static_cast<int>(kind)];
}

constexpr bool is_norm(LayerKind kind) { return kind >= LayerKind::LayerNorm && kind <= LayerKind::BatchNorm1d; }
/// Whether it reads windows of the steps, by a ConvolutionPlan.
constexpr bool reads_windows(LayerKind kind) {
    return kind == LayerKind::Conv1d || kind == LayerKind::MaxPool1d || kind == LayerKind::AvgPool1d;
}
constexpr bool is_recurrent(LayerKind kind) { return kind >= LayerKind::RNN && kind <= LayerKind::GRUResetBefore; }

/// A layer, cell or function that declares its kind; a member `kind` of another type is the user's own.
template <class T>
concept HasKind = requires { typename std::integral_constant<LayerKind, T::kind>; };

/// Gates of a recurrent layer: the row blocks of its weights.
constexpr int gates_of(LayerKind kind) {
    if (kind == LayerKind::LSTM) return 4;
    return kind == LayerKind::GRU || kind == LayerKind::GRUResetBefore ? 3 : 1;
}
/// Components of its state: h; for LSTM also c.
constexpr int components_of(LayerKind kind) { return kind == LayerKind::LSTM ? 2 : 1; }

} // namespace rondo
