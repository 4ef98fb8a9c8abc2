// SPDX-License-Identifier: MIT
#pragma once

#include "../core/text.hpp"
#include "../graph/of_streams.hpp"
#include "../op/add.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// y = x + layer(x); the parameters keep the layer's names.
///
/// Shapes  x, y (Size x T B), Size the layer's input and output size.
/// Errors  a layer whose sizes differ does not compile.
/// Source  He et al., "Deep residual learning for image recognition" (2015), arXiv:1512.03385, section 3.1.
template <class Layer>
struct Residual : Layer {
    static_assert(Layer::input_size == Layer::output_size,
                  "rondo::Residual: the layer's output size is not its input size");
    static constexpr int residual_size = Layer::output_size;
    static constexpr Label describe() {
        Label text{"Residual"};
        if constexpr (requires { Layer::describe(); }) text.add(" ").add(Layer::describe().view());
        return text;
    }

    static auto forward(auto& run, const auto& x) {
        if constexpr (Layer::input_size == Layer::output_size) return add(run, x, Layer::forward(run, x));
        else return run.template make<Layer::output_size>(x.extent); // so that no other error follows the assertion
    }
    static auto forward(OfStreams streams, auto& run, const auto& x)
        requires requires { Layer::forward(streams, run, x); }
    {
        return add(run, x, Layer::forward(streams, run, x));
    }
};

/// y = layer(x) + the first Out features of x: the skip connection of guitar amplifier models.
///
/// Shapes  x (In x T B) -> y (Out x T B), the layer's input and output sizes.
/// Errors  a layer with Out > In does not compile.
template <class Layer>
struct ResidualOfFirst : Layer {
    static_assert(Layer::output_size <= Layer::input_size,
                  "rondo::ResidualOfFirst: the layer's output size is more than its input size");
    static constexpr int residual_size = Layer::output_size;
    static constexpr Label describe() {
        Label text{"ResidualOfFirst"};
        if constexpr (requires { Layer::describe(); }) text.add(" ").add(Layer::describe().view());
        return text;
    }

    static auto forward(auto& run, const auto& x) { return add_first(run, Layer::forward(run, x), x); }
    static auto forward(OfStreams streams, auto& run, const auto& x)
        requires requires { Layer::forward(streams, run, x); }
    {
        return add_first(run, Layer::forward(streams, run, x), x);
    }
};

} // namespace rondo
