// SPDX-License-Identifier: MIT
#pragma once

#include "../core/values.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The states of a recurrent layer for a batch of sequences: what it starts from and what it ends with.
///
/// Shapes  each component (h; for LSTM also c) is layers * directions x batch x Hidden, innermost last: PyTorch's h_n,
///         the entry of a layer and direction at layer * directions + direction.
template <class S, int Hidden, int Count, int Components>
struct States {
    static constexpr int hidden_size = Hidden, count = Count, components = Components;

    Values<S*, Components> value{};
    Values<S*, Components> gradient{}; // null where nobody wants it
    int batch = 0;

    std::size_t size() const { return std::size_t(Count) * std::size_t(batch) * Hidden; } // of one component
    std::size_t at(int index) const { return std::size_t(index) * std::size_t(batch) * Hidden; }
};

/// Asks a recurrent layer that starts from zero for its final states too: `auto [y, s] = run(layer<"lstm">, x,
/// from_zero)`.
struct FromZero {};
inline constexpr FromZero from_zero{};

/// Asks a recurrent layer for its gates too: `auto [y, gates] = run(layer<"lstm">, x, with_gates)`.
struct WithGates {};
inline constexpr WithGates with_gates{};

/// A recurrent layer's output at every step, and the values of its gates that led to it.
///
/// Shapes  gates: for each layer and direction, at layer * directions + direction, (saved x Hidden) x T B; gate k,
///         named cell_type::gate_names[k], is the rows from k * Hidden on. Padding is not written.
template <class Output, class Gates, int count>
struct Traced {
    Output output;
    std::array<Gates, std::size_t(count)> gates;
};

/// A recurrent layer's output at every step, and its states after each sequence's own last step.
template <class Output, class Final>
struct Recurrence {
    Output output;
    Final final;
};

} // namespace rondo
