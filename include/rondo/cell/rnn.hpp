// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Elman recurrent cell.
///
///   h' = tanh(a)                                                              (1)
///
/// Units   every element of h is in [-1, 1].
/// Source  Elman, "Finding structure in time", Cognitive Science 14 (1990), p. 182.
struct RNN {
    static constexpr LayerKind kind = LayerKind::RNN;
    static constexpr Shape shape{.gates = 1, .bounded = true};

    template <class S>
    RONDO_CELL static Step<RNN, S> forward(const Values<S, 1>& pre, const Values<S, 1>&, const Values<S, 0>&) {
        return {.state = {math::tanh(pre[0])}, .saved = {}};
    }

    template <class S>
    RONDO_CELL static Gradient<RNN, S> backward(const Values<S, 0>&, const Values<S, 1>&, const Values<S, 1>& after,
                                                const Values<S, 0>&, const Values<S, 1>& gradient) {
        const S h = after[0];
        return {.pre = {gradient[0] * (1 - h * h)}, .before = {S(0)}, .per_unit = {}};
    }
};

/// Elman recurrent cell with ReLU.
///
///   h' = max(a, 0)                                                            (1)
///
/// Source  Le, Jaitly & Hinton, "A simple way to initialize recurrent networks of rectified linear units" (2015),
///         arXiv:1504.00941, section 2.
struct ReluRNN {
    static constexpr LayerKind kind = LayerKind::ReluRNN;
    static constexpr Shape shape{.gates = 1};

    template <class S>
    RONDO_CELL static Step<ReluRNN, S> forward(const Values<S, 1>& pre, const Values<S, 1>&, const Values<S, 0>&) {
        return {.state = {(math::max)(S(0), pre[0])}, .saved = {}}; // NaN stays NaN
    }

    template <class S>
    RONDO_CELL static Gradient<ReluRNN, S> backward(const Values<S, 0>&, const Values<S, 1>&, const Values<S, 1>& after,
                                                    const Values<S, 0>&, const Values<S, 1>& gradient) {
        return {.pre = {math::select(after[0] <= S(0), S(0), gradient[0])}, .before = {S(0)}, .per_unit = {}};
    }
};

} // namespace rondo::cell
