// SPDX-License-Identifier: MIT
#pragma once

#include "clipped.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE::cell {

/// Elman recurrent cell with another function or a clip. Without these options, it computes what RNN does, with relu
/// what ReluRNN does.
///
///   h' = t(a)      t = variant.candidate of the clipped argument              (1)
///
/// Source  ONNX's operator RNN; see RNN.
template <Variant variant>
    requires (variant.valid() && variant.without_memory() && variant.gate == Variant{}.gate)
struct RNNVariant {
    static constexpr LayerKind kind = variant.candidate.kind == Function::relu ? LayerKind::ReluRNN : LayerKind::RNN;
    static constexpr Variant options = variant;
    static constexpr int saved_values = variant.clip.numerator > 0 ? 1 : 0; // a
    static constexpr Shape shape{.gates = 1, .saved = saved_values, .bounded = variant.candidate.bounded()};

    template <class S>
    RONDO_CELL static Step<RNNVariant, S> forward(const Values<S, 1>& pre, const Values<S, 1>&, const Values<S, 0>&) {
        Step<RNNVariant, S> step{.state = {Candidate::value(pre[0])}, .saved = {}};
        if constexpr (saved_values > 0) step.saved[0] = pre[0];
        return step;
    }

    template <class S>
    RONDO_CELL static Gradient<RNNVariant, S> backward(const Values<S, saved_values>& saved, const Values<S, 1>&,
                                                       const Values<S, 1>& after, const Values<S, 0>&,
                                                       const Values<S, 1>& gradient) {
        return {.pre = {gradient[0] * Candidate::gradient(saved[0], after[0])}, .before = {S(0)}, .per_unit = {}};
    }

private:
    using Candidate = detail::Clipped<variant.candidate, variant.clip>;
};

} // namespace rondo::cell
