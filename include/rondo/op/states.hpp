// SPDX-License-Identifier: MIT
#pragma once

#include "../core/values.hpp"

#include <array>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A non-owning view of the initial or final states of a recurrent layer for a batch of sequences.
///
/// Shapes  each component (h; for LSTM also c) is (layers * directions, batch, Hidden), Hidden innermost: PyTorch's
///         h_n. A layer and direction has the index layer * directions + direction. A projected h has HSize units.
template <class S, int Hidden, int Count, int Components, int HSize = Hidden>
struct States {
    static constexpr int hidden_size = Hidden, count = Count, components = Components;
    /// Units of a component.
    static constexpr int units(int component) {
        if (component == 0) return HSize;
        return Hidden;
    }

    Values<S*, Components> value{};
    Values<S*, Components> gradient{}; // null where it is not needed
    int batch = 0;

    /// Numbers of a component, and the offset of a layer and direction in it.
    std::size_t size(int component) const { return at(component, Count); }
    std::size_t at(int component, int index) const {
        return std::size_t(index) * std::size_t(batch) * std::size_t(units(component));
    }
    /// Of every component, where all have the same size.
    std::size_t size() const
        requires (HSize == Hidden)
    {
        return size(0);
    }
};

/// Makes a recurrent layer start from zero and return its final states, too: `auto [y, s] = run(layer<"lstm">, x,
/// from_zero)`.
struct FromZero {};
inline constexpr FromZero from_zero{};

/// Makes a recurrent layer return its gates, too: `auto [y, gates] = run(layer<"lstm">, x, with_gates)`.
struct WithGates {};
inline constexpr WithGates with_gates{};

/// A recurrent layer's output, and the values of its gates, at every step.
///
/// Shapes  gates[layer * directions + direction] is (saved Hidden x T B); gate k, named cell_type::gate_names[k], is
///         the rows [k * Hidden, (k + 1) * Hidden). Padding is not written.
template <class Output, class Gates, int count>
struct Traced {
    Output output;
    std::array<Gates, std::size_t(count)> gates;
};

/// A recurrent layer's output at every step, and its states after each sequence's last valid step.
template <class Output, class Final>
struct Recurrence {
    Output output;
    Final final;
};

} // namespace rondo
