// SPDX-License-Identifier: MIT
#pragma once

#include "extent.hpp"
#include "host_device.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A non-owning view of a column-major matrix of dynamic size.
template <class S>
struct ColumnMajorView {
    S* data = nullptr;
    std::size_t rows = 0, columns = 0;
    std::size_t stride = rows; // leading dimension

    template <std::same_as<const S> T>
        requires (!std::is_const_v<S>)
    constexpr operator ColumnMajorView<T>() const {
        return {data, rows, columns, stride};
    }
    constexpr ColumnMajorView from_row(std::size_t first, std::size_t count) const {
        return {data + first, count, columns, stride};
    }
    constexpr ColumnMajorView from_column(std::size_t first, std::size_t count) const {
        return {data + first * stride, rows, count, stride};
    }
};

/// A non-owning view of a contiguous row-major matrix, as PyTorch stores weights.
template <class S>
struct RowMajorView {
    S* data = nullptr;
    std::size_t rows = 0, columns = 0;

    template <std::same_as<const S> T>
        requires (!std::is_const_v<S>)
    constexpr operator RowMajorView<T>() const {
        return {data, rows, columns};
    }
    constexpr RowMajorView from_row(std::size_t first, std::size_t count) const {
        return {data + first * columns, count, columns};
    }
};

/// A parameter tensor: its value, and its offset in the flat buffers of parameters and gradients.
template <class S>
struct Parameter {
    const S* value = nullptr;
    std::size_t offset = 0;
};

/// A parameter tensor whose gradient an operation computes: its offset in the flat buffers, and its elements; 0: none.
struct ParameterTensor {
    std::size_t offset = 0, size = 0;
    bool operator==(const ParameterTensor&) const = default;
};

/// The parameter tensors of one cell. The biases and the projection are null if the layer has none, per_unit (peephole
/// weights) if the cell has none.
template <class S>
struct CellParameters {
    Parameter<S> input_weight, recurrent_weight, input_bias, recurrent_bias, per_unit, projection;
};

/// A SequenceView whose number of features is known at run time only: operations use it, so they are compiled once for
/// all sizes.
template <class S>
struct DynamicSequenceView {
    using value_type = std::remove_const_t<S>;

    S* value = nullptr;
    value_type* gradient = nullptr;
    Extent extent;
    std::size_t rows = 0;

    constexpr std::size_t columns() const { return extent.columns(); }
    constexpr std::size_t size() const { return rows * columns(); }
    constexpr ColumnMajorView<S> matrix() const { return {value, rows, columns()}; }
    constexpr ColumnMajorView<S> matrix(std::size_t first, std::size_t count) const {
        return matrix().from_column(first, count);
    }
    constexpr ColumnMajorView<value_type> gradients() const { return {gradient, rows, columns()}; }
    constexpr ColumnMajorView<value_type> gradients(std::size_t first, std::size_t count) const {
        return gradients().from_column(first, count);
    }
};

/// A non-owning view of a batch of sequences: column-major, features x (steps * batch), the memory of PyTorch's
/// contiguous (T, B, F).
///
/// S is the scalar, or const int for tokens. The gradient dL/d(value) has the same shape; null where it is not needed.
template <class S, int Rows>
struct SequenceView {
    static constexpr int rows = Rows;
    using value_type = std::remove_const_t<S>;

    S* value = nullptr;
    value_type* gradient = nullptr;
    Extent extent;

    constexpr std::size_t columns() const { return extent.columns(); }
    constexpr std::size_t size() const { return Rows * columns(); }

    constexpr operator SequenceView<const S, Rows>() const
        requires (!std::is_const_v<S>)
    {
        return {value, gradient, extent};
    }
    constexpr operator DynamicSequenceView<S>() const { return {value, gradient, extent, Rows}; }
    constexpr operator DynamicSequenceView<const S>() const
        requires (!std::is_const_v<S>)
    {
        return {value, gradient, extent, Rows};
    }
};

using Tokens = SequenceView<const int, 1>;

} // namespace rondo
