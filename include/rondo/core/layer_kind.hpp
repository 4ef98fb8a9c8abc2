// SPDX-License-Identifier: MIT
#pragma once

#include "../version.hpp"

#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// What a layer computes, as files of models tell it. A layer states its own as `static constexpr LayerKind kind`; a
/// recurrent layer's is its cell's.
///
/// Skip adds what an earlier layer was given. other: no file can tell it.
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
    Softmax,
    LastStep,
    FirstStep,
    FinalStates,
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
                                       "Softmax",
                                       "LastStep",
                                       "FirstStep",
                                       "FinalStates",
                                       "Dropout",
                                       "Skip"};
    return names[static_cast<int>(kind)];
}

constexpr bool is_recurrent(LayerKind kind) { return kind >= LayerKind::RNN && kind <= LayerKind::GRUResetBefore; }

/// Blocks of rows of a recurrent layer's weights; numbers of its state a hidden unit.
constexpr int gates_of(LayerKind kind) {
    if (kind == LayerKind::LSTM) return 4;
    return kind == LayerKind::GRU || kind == LayerKind::GRUResetBefore ? 3 : 1;
}
constexpr int components_of(LayerKind kind) { return kind == LayerKind::LSTM ? 2 : 1; }

} // namespace rondo
