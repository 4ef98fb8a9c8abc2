// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/lru.hpp"
#include "../op/add.hpp"
#include "linear.hpp"
#include "linear_recurrent.hpp"
#include "network.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A layer of linear recurrent units.
///
///   h(t) = l h(t - 1) + gamma B x(t)                complex, see cell::LRU    (1)
///   y(t) = Re(C h(t)) + D x(t)                                                (2)
///
/// Shapes  x (In x T B) -> y (Out x T B), h of Hidden complex units. recurrence.weight_ih_l0 (2 Hidden x In) is Re B,
///         then Im B; recurrence.nu_log_l0, theta_log_l0 and gamma_log_l0 (Hidden); C.weight (Out x 2 Hidden) is Re C,
///         then -Im C; D.weight (Out x In).
/// Source  see cell::LRU.
template <int In, int Hidden, int Out = In, cell::Ring ring = cell::Ring{}>
struct LRU : Network<Named<"recurrence", LinearRecurrent<cell::LRU<ring>, In, Hidden, Stack{.bias = false}>>,
                     Named<"C", LinearWithoutBias<2 * Hidden, Out>>, Named<"D", LinearWithoutBias<In, Out>>> {
    static constexpr int input_size = In, output_size = Out;
    static constexpr Label describe() { return Label{"LRU "}.add(In).add(" -> ").add(Hidden).add(" -> ").add(Out); }

    static auto forward(auto& run, const auto& x) {
        return add(run, run(layer<"C">, run(layer<"recurrence">, x)), run(layer<"D">, x));
    }
};

} // namespace rondo
