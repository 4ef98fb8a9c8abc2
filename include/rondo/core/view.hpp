// SPDX-License-Identifier: MIT
#pragma once

#include "extent.hpp"
#include "host_device.hpp"

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace rondo::inline v0_1 {

/// Column-major numbers that somebody else owns, all extents known at run time: what a backend's product reads.
template <class S>
struct Matrix {
    S* data = nullptr;
    std::size_t rows = 0, columns = 0;
    std::size_t stride = rows; // from a column to the next

    template <std::same_as<const S> T>
        requires (!std::is_const_v<S>)
    constexpr operator Matrix<T>() const {
        return {data, rows, columns, stride};
    }
    constexpr Matrix from_row(std::size_t first, std::size_t count) const {
        return {data + first, count, columns, stride};
    }
    constexpr Matrix from_column(std::size_t first, std::size_t count) const {
        return {data + first * stride, rows, count, stride};
    }
};

/// Row-major weights, as PyTorch stores them, that somebody else owns.
template <class S>
struct Weights {
    S* data = nullptr;
    std::size_t rows = 0, columns = 0;

    template <std::same_as<const S> T>
        requires (!std::is_const_v<S>)
    constexpr operator Weights<T>() const {
        return {data, rows, columns};
    }
    constexpr Weights from_row(std::size_t first, std::size_t count) const {
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
    Parameter<S> input_weight, recurrent_weight, input_bias, recurrent_bias, own;
};

/// A Sequence whose features are counted at run time: operations work on these, and so are compiled once for all sizes.
template <class S>
struct AnySequence {
    using value_type = std::remove_const_t<S>;

    S* value = nullptr;
    value_type* slope = nullptr;
    Extent extent;
    std::size_t rows = 0;

    constexpr std::size_t columns() const { return extent.columns(); }
    constexpr std::size_t size() const { return rows * columns(); }
    constexpr Matrix<S> matrix() const { return {value, rows, columns()}; }
    constexpr Matrix<S> matrix(std::size_t first, std::size_t count) const {
        return matrix().from_column(first, count);
    }
    constexpr Matrix<value_type> slopes() const { return {slope, rows, columns()}; }
    constexpr Matrix<value_type> slopes(std::size_t first, std::size_t count) const {
        return slopes().from_column(first, count);
    }
};

/// Features x (steps * batch) numbers in a network, features innermost: the memory of PyTorch's contiguous (T, B, F).
///
/// S is the scalar, or const int for tokens. The slope dL/d(value) has the same shape; it is null where nobody wants
/// it.
template <class S, int Rows>
struct Sequence {
    static constexpr int rows = Rows;
    using value_type = std::remove_const_t<S>;

    S* value = nullptr;
    value_type* slope = nullptr;
    Extent extent;

    constexpr std::size_t columns() const { return extent.columns(); }
    constexpr std::size_t size() const { return Rows * columns(); }

    constexpr operator Sequence<const S, Rows>() const requires (!std::is_const_v<S>) { return {value, slope, extent}; }
    constexpr operator AnySequence<S>() const { return {value, slope, extent, Rows}; }
    constexpr operator AnySequence<const S>() const requires (!std::is_const_v<S>) {
        return {value, slope, extent, Rows};
    }
};

using Tokens = Sequence<const int, 1>;

} // namespace rondo
