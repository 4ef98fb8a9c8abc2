// SPDX-License-Identifier: MIT
#pragma once

#include "dropout.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The options of a recurrent layer: Stack{.layers = 2, .bidirectional = true, .dropout = Rate{20}}.
///
/// bias        whether there are biases b and c: PyTorch's bias.
/// dropout     between layers, not after the last.
/// projection  of an LSTM or its variants: the units of h = V m, m = o tanh(c) of Hidden units; less than Hidden; 0: no
///             projection. PyTorch's proj_size.
/// reversed    time runs from each sequence's end to its start; excludes bidirectional. PyTorch has no such layer: the
///             parameter names are those of a forward layer.
struct Stack {
    int layers = 1;
    bool bidirectional = false;
    Rate dropout{};
    bool reversed = false;
    bool bias = true;
    int projection = 0;
    constexpr int directions() const { return bidirectional ? 2 : 1; }
    constexpr bool causal() const { return !bidirectional && !reversed; } // no step depends on a later one
    constexpr bool valid() const { return layers > 0 && dropout.valid() && !(bidirectional && reversed); }
    bool operator==(const Stack&) const = default;
};

} // namespace rondo
