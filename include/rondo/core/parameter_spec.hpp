// SPDX-License-Identifier: MIT
#pragma once

#include "memory.hpp"
#include "text.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The description of a parameter tensor: row-major rows x columns, at `offset` elements into the flat buffer.
struct ParameterSpec {
    /// average: a running average over training steps, which no optimizer changes; count: the number of these steps.
    enum class Role { input_weight, recurrent_weight, bias, table, constant, average, count };

    Label name;
    int rows = 0, columns = 1;
    Role role = Role::input_weight;
    int fan = 0;         // fan-in: PyTorch's default draws from U(-1/sqrt(fan), 1/sqrt(fan))
    int gates = 1;       // the rows are this many blocks, one per gate
    int forget = -1;     // index of the forget gate's block in a bias; -1: none
    int after_reset = 0; // number of last blocks that multiply r * h instead of h: a GRU that resets before the product
    std::string_view variant{};        // of a recurrent weight: options of the cell that names and shapes do not show
    int padding = -1;                  // the row of a table that stays zero
    double initial = 0;                // the initial value of a constant or an average, whatever the initialization
    double (*drawn)(double) = nullptr; // of a constant that is drawn: its value for a number from U(0, 1)
    int drawn_with = 0;                // it is drawn from the same numbers as the tensor so many before it
    double momentum = 0;               // of an average: the weight of the last step; negative: all have the same weight
    int rank = 2;                      // as saved: 1, 2 or 3; 0: one number
    int kernel = 1;                    // the last extent of a tensor of rank 3: (rows, columns / kernel, kernel)
    std::size_t offset = 0;

    constexpr std::size_t size() const { return std::size_t(rows) * std::size_t(columns); }
    /// Whether it has a gradient that optimizers follow.
    constexpr bool trained() const { return role != Role::average && role != Role::count; }
    /// The extents as saved, `rank` of them.
    constexpr std::array<std::size_t, 3> shape() const {
        const std::size_t last = rank == 3 ? std::size_t(kernel) : 1;
        return {std::size_t(rows), std::size_t(columns) / last, last};
    }
};

/// Assigns offsets to tensors that lie one after the other.
template <std::size_t N>
constexpr std::array<ParameterSpec, N> assign_offsets(std::array<ParameterSpec, N> tensors) {
    std::size_t offset = 0;
    for (ParameterSpec& t : tensors) {
        t.offset = offset;
        offset += padded(t.size());
    }
    return tensors;
}

/// Whether the tensor shares its offset with an earlier one: the two are tied.
constexpr bool is_tied(std::span<const ParameterSpec> tensors, std::size_t index) {
    for (std::size_t k = 0; k < index; ++k)
        if (tensors[k].offset == tensors[index].offset) return true;
    return false;
}

/// The number of trainable parameters, as PyTorch counts them: tied tensors count once.
template <class Net>
constexpr std::size_t parameter_count = [] {
    std::size_t sum = 0;
    for (std::size_t k = 0; k < Net::tensors.size(); ++k)
        if (Net::tensors[k].trained() && !is_tied(Net::tensors, k)) sum += Net::tensors[k].size();
    return sum;
}();

/// The number of elements of a network's flat buffer, including alignment padding, which is always zero.
template <class Net>
constexpr std::size_t buffer_size = [] {
    std::size_t end = 0;
    for (const ParameterSpec& t : Net::tensors)
        if (t.offset + padded(t.size()) > end) end = t.offset + padded(t.size());
    return end;
}();

/// The number of its elements that are trained: averages and counts come after them.
template <class Net>
constexpr std::size_t trained_size = [] {
    std::size_t end = 0;
    for (const ParameterSpec& t : Net::tensors)
        if (t.trained() && t.offset + padded(t.size()) > end) end = t.offset + padded(t.size());
    for (const ParameterSpec& t : Net::tensors)
        if (!t.trained() && t.offset < end)
            detail::rejected("rondo: a layer's averages and counts come after its other tensors");
    return end;
}();

/// The index of a named tensor in Net::tensors; an unknown name is a compile-time error.
template <class Net, Text name>
constexpr std::size_t tensor_index = [] {
    for (std::size_t k = 0; k < Net::tensors.size(); ++k)
        if (Net::tensors[k].name.view() == name.view()) return k;
    return detail::rejected("rondo: no parameter of this network has this name");
}();

} // namespace rondo
