// SPDX-License-Identifier: MIT
#pragma once

#include "../core/text.hpp"
#include "../op/add.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// y = x + layer(x); its parameters have the layer's own names.
///
/// Shapes  x, y (Size x T B), Size being the layer's input and output size.
/// Errors  a layer whose two sizes differ does not compile.
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

    static auto forward(auto& run, const auto& x) { return add(run, x, Layer::forward(run, x)); }
};

/// y = layer(x) + the first features of x, as many as the layer gives: what models of guitar amplifiers call a skip.
///
/// Shapes  x (layer's input size x T B) -> y (layer's output size x T B).
/// Errors  a layer that gives more features than it reads does not compile.
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
};

} // namespace rondo
