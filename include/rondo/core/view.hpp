// SPDX-License-Identifier: MIT
#pragma once

#include "extent.hpp"
#include "host_device.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Column-major numbers that somebody else owns, all extents known at run time: what a backend's product reads.
template <class S>
struct ColumnMajorView {
    S* data = nullptr;
    std::size_t rows = 0, columns = 0;
    std::size_t stride = rows; // from a column to the next

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

/// Row-major weights, as PyTorch stores them, that somebody else owns.
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

/// A tensor of the model: its value, and where it lies in the model and so in a gradient.
template <class S>
struct Parameter {
    const S* value = nullptr;
    std::size_t offset = 0;
};

/// The four or five tensors of one cell.
template <class S>
struct CellParameters {
    Parameter<S> input_weight, recurrent_weight, input_bias, recurrent_bias, per_unit;
};

/// A SequenceView whose features are counted at run time: operations work on these, and so are compiled once for all sizes.
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

/// Features x (steps * batch) numbers in a network, features innermost: the memory of PyTorch's contiguous (T, B, F).
///
/// S is the scalar, or const int for tokens. The gradient dL/d(value) has the same shape; it is null where nobody wants
/// it.
template <class S, int Rows>
struct SequenceView {
    static constexpr int rows = Rows;
    using value_type = std::remove_const_t<S>;

    S* value = nullptr;
    value_type* gradient = nullptr;
    Extent extent;

    constexpr std::size_t columns() const { return extent.columns(); }
    constexpr std::size_t size() const { return Rows * columns(); }

    constexpr operator SequenceView<const S, Rows>() const requires (!std::is_const_v<S>) { return {value, gradient, extent}; }
    constexpr operator DynamicSequenceView<S>() const { return {value, gradient, extent, Rows}; }
    constexpr operator DynamicSequenceView<const S>() const requires (!std::is_const_v<S>) {
        return {value, gradient, extent, Rows};
    }
};

using Tokens = SequenceView<const int, 1>;

} // namespace rondo
