// SPDX-License-Identifier: MIT
#pragma once

#include "linear_concept.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Minimal long short-term memory: an LSTM whose gates read the input only, without an output gate.
///
///   f, i = sigmoid(a_f), sigmoid(a_i)                                         (1)
///   f', i' = f / (f + i), i / (f + i)                                         (2)
///   n = a_n; in the log-space form n = g(a_n), g(x) = x + 1/2 for x > 0, else sigmoid(x)      (3)
///   h' = f' h + i' n                                                          (4)
///
/// f' is computed as sigmoid(d), d = softplus(-a_i) - softplus(-a_f), as in the paper's log-space form, so that it is a
/// number where both gates underflow.
///
/// Source  Feng, Tung, Ahmed, Bengio & Hajimirsadeghi, "Were RNNs all we needed?" (2024), arXiv:2410.01201, section 3.2
///         and appendix B.
template <bool log_space>
struct MinLSTMCell {
    static constexpr LinearShape shape{.gates = 3};

    template <class S>
    RONDO_CELL static LinearStep<MinLSTMCell, S> linear(const Values<S, 3>& pre, S, const Values<S, 0>&) {
        const S f = forget(pre);
        return {.a = {f}, .b = {(S(1.f) - f) * candidate(pre[2])}};
    }
    template <class S>
    RONDO_CELL static void linear_backward(const Values<S, 3>& pre, S, const Values<S, 0>&,
                                           const LinearStep<MinLSTMCell, S>& d, LinearGradient<MinLSTMCell, S>& to) {
        const S f = forget(pre), n = candidate(pre[2]);
        const S dd = (d.a[0] - d.b[0] * n) * f * (S(1.f) - f), dn = d.b[0] * (S(1.f) - f);
        to.pre[0] = to.pre[0] + dd * math::sigmoid(-pre[0]);
        to.pre[1] = to.pre[1] - dd * math::sigmoid(-pre[1]);
        to.pre[2] = to.pre[2] + (log_space ? dn * positive_candidate_derivative(pre[2], n) : dn);
    }

private:
    template <class S>
    RONDO_CELL static S forget(const Values<S, 3>& pre) {
        return math::sigmoid(softplus(-pre[1]) - softplus(-pre[0]));
    }
    template <class S>
    RONDO_CELL static S candidate(S x) {
        if constexpr (log_space) return positive_candidate(x);
        else return x;
    }
};
using MinLSTM = MinLSTMCell<false>;
using MinLSTMLogSpace = MinLSTMCell<true>;

} // namespace rondo::cell
