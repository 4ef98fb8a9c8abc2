// SPDX-License-Identifier: MIT
#pragma once

#include "../cell/qrnn.hpp"
#include "conv1d.hpp"
#include "linear_pooling.hpp"
#include "network.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The pooling of a QRNN over the pre-activations of its gates, in the order z, f, o, i, as far as it has them.
///
/// Shapes  x (gates Hidden x T B) -> h (Hidden x T B). No parameters.
/// Source  see cell::QRNN.
template <int Hidden, cell::Pooling pooling = cell::Pooling::fo>
struct QRNNPooling : LinearPooling<cell::QRNN<pooling>, Hidden> {
    static constexpr Label describe() { return Label{"QRNNPooling "}.add(Hidden); }
};

/// A quasi-recurrent layer: a causal convolution of Kernel steps, and a pooling. LinearRecurrent<cell::QRNN<pooling>,
/// In, Hidden, Stack> is the same with Kernel = 1, stacked or in both directions.
///
/// Shapes  x (In x T B) -> h (Hidden x T B); conv.weight (gates Hidden x In x Kernel), conv.bias (gates Hidden).
/// Source  see cell::QRNN.
template <int In, int Hidden, int Kernel = 2, cell::Pooling pooling = cell::Pooling::fo>
struct QRNN
    : Network<Named<"conv",
                    Conv1d<In, cell::QRNN<pooling>::gates * Hidden, Kernel, ConvOptions{.padding = causal_padding}>>,
              Named<"pool", QRNNPooling<Hidden, pooling>>> {
    static constexpr int input_size = In, output_size = Hidden;
    static constexpr Label describe() {
        return Label{"QRNN "}.add(In).add(" -> ").add(Hidden).add(", kernel ").add(Kernel);
    }

    static auto forward(auto& run, const auto& x) { return run(layer<"pool">, run(layer<"conv">, x)); }
};

} // namespace rondo
