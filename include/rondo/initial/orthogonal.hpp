// SPDX-License-Identifier: MIT
#pragma once

#include "xavier.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Orthogonal recurrent weights, one matrix per gate: they preserve the norm of h. Other parameters as Xavier.
///
/// Source  Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
///         networks" (2013), arXiv:1312.6120, section 3.
struct Orthogonal {
    double forget_bias = 0;

    template <class S>
    void draw(const ParameterSpec& t, const RandomStream& numbers, S* to) const {
        if (t.role != ParameterSpec::Role::recurrent_weight) return Xavier{forget_bias}.draw(t, numbers, to);
        // A matrix of more rows than columns, that of a projected state, has orthonormal columns.
        const std::size_t m = std::size_t(t.rows / t.gates), n = std::size_t(t.columns);
        for (std::size_t gate = 0; gate < std::size_t(t.gates); ++gate, to += m * n) {
            std::vector<double> rows(m * n);
            for (std::size_t k = 0; k < m * n; ++k) rows[k] = numbers.normal(gate * m * n + k);
            orthonormalise(rows, (std::min)(m, n), (std::max)(m, n));
            for (std::size_t k = 0; k < m * n; ++k) to[m > n ? k % m * n + k / m : k] = S(rows[k]);
        }
    }

private:
    // Gram-Schmidt, twice per row: one pass loses orthogonality by rounding where rows are nearly parallel.
    static void orthonormalise(std::vector<double>& rows, std::size_t count, std::size_t n) {
        for (std::size_t i = 0; i < count; ++i) {
            double* row = rows.data() + i * n;
            for (int pass = 0; pass < 2; ++pass)
                for (std::size_t j = 0; j < i; ++j) {
                    const double* other = rows.data() + j * n;
                    double dot = 0;
                    for (std::size_t k = 0; k < n; ++k) dot += row[k] * other[k];
                    for (std::size_t k = 0; k < n; ++k) row[k] -= dot * other[k];
                }
            double square = 0;
            for (std::size_t k = 0; k < n; ++k) square += row[k] * row[k];
            for (std::size_t k = 0; k < n; ++k) row[k] /= std::sqrt(square);
        }
    }
};

} // namespace rondo
