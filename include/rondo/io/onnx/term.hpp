// SPDX-License-Identifier: MIT
#pragma once

#include "walk.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// A block of a matrix of the file; a vector is one row.
struct OnnxMatrix {
    std::shared_ptr<const std::vector<double>> numbers;
    std::size_t rows = 1, columns = 1, stride = 1, begin = 0;
    double at(std::size_t row, std::size_t column) const { return (*numbers)[begin + row * stride + column]; }
};

/// A value within one step of a loop: features of each sequence, or a value that all sequences share.
///
/// linear  the sum over `products` of a matrix times the term `of`, plus the bias
/// rest    1 - a
/// count   the number of preceding steps, plus `whole`
struct OnnxTerm {
    enum Kind : std::uint8_t { matrix, count, truth, input, state, linear, sigmoid, tanh, relu, rest, product, sum };
    struct Product {
        std::size_t of;
        OnnxMatrix weights;
    };
    Kind kind = matrix;
    std::size_t size = 0; // features
    std::size_t a = 0, b = 0;
    OnnxMatrix constant{};
    std::vector<Product> products{};
    std::vector<double> bias{};
    std::int64_t whole = 0;
};

} // namespace rondo::io::detail
