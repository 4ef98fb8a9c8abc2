// SPDX-License-Identifier: MIT
#pragma once

#include "linear_concept.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Minimal gated recurrent unit: a GRU whose gates read the input only.
///
///   z = sigmoid(a_z)                                                          (1)
///   n = a_n; in the log-space form n = g(a_n), g(x) = x + 1/2 for x > 0, else sigmoid(x)      (2)
///   h' = (1 - z) h + z n                                                      (3)
///
/// The log-space form is named after the way in which the paper scans it: log h' is a logcumsumexp. Steps (3) are its
/// values, computed as they are: sums of positive numbers, which need no logarithm.
///
/// Source  Feng, Tung, Ahmed, Bengio & Hajimirsadeghi, "Were RNNs all we needed?" (2024), arXiv:2410.01201, section 3.1
///         and appendix B.
template <bool log_space>
struct MinGRUCell {
    static constexpr LinearShape shape{.gates = 2};

    template <class S>
    RONDO_CELL static LinearStep<MinGRUCell, S> linear(const Values<S, 2>& pre, S, const Values<S, 0>&) {
        const S z = math::sigmoid(pre[0]), n = log_space ? positive_candidate(pre[1]) : pre[1];
        return {.a = {S(1.f) - z}, .b = {z * n}};
    }
    template <class S>
    RONDO_CELL static void linear_backward(const Values<S, 2>& pre, S, const Values<S, 0>&,
                                           const LinearStep<MinGRUCell, S>& d, LinearGradient<MinGRUCell, S>& to) {
        const S z = math::sigmoid(pre[0]), n = log_space ? positive_candidate(pre[1]) : pre[1];
        const S dn = d.b[0] * z;
        to.pre[0] = to.pre[0] + (d.b[0] * n - d.a[0]) * z * (S(1.f) - z);
        to.pre[1] = to.pre[1] + (log_space ? dn * positive_candidate_derivative(pre[1], n) : dn);
    }
};
using MinGRU = MinGRUCell<false>;
using MinGRULogSpace = MinGRUCell<true>;

} // namespace rondo::cell
