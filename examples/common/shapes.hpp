// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/rondo.hpp>

#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <vector>

namespace common {

/// "(5, 3, 20)"
inline std::string shape(std::initializer_list<std::ptrdiff_t> sizes) {
    std::string text;
    for (const std::ptrdiff_t size : sizes) text += (text.empty() ? "(" : ", ") + std::to_string(size);
    return text + ')';
}

namespace detail {
template <class Layer>
void print_layer(int steps, int batch) {
    const rondo::Model<Layer> model{rondo::Seed{1}};
    const std::vector<float> numbers(std::size_t(steps * batch * Layer::input_size));
    const rondo::SequenceView<const float, Layer::input_size> x{numbers.data(), nullptr, {steps, batch}};
    rondo::Workspace<Layer> work;
    const auto [y, last] =
        work.evaluate(model, nullptr, [&](auto& run) { return Layer::forward(run, x, rondo::from_zero); });
    const std::string name{Layer::describe().view()}, states = shape({last.count, last.batch, last.hidden_size});
    std::printf("%-54s %10zu  %-11s %-11s %-11s %s\n", name.c_str(), model.parameters,
                shape({x.extent.steps, x.extent.batch, x.rows}).c_str(),
                shape({y.extent.steps, y.extent.batch, y.rows}).c_str(), states.c_str(),
                last.components > 1 ? states.c_str() : "");
}

} // namespace detail

/// Runs recurrent layers over `batch` sequences of `steps` steps, and prints their parameters and shapes.
///
/// Shapes  as in PyTorch: x and y (T, B, features), h_n and c_n (layers * directions, B, hidden).
template <class... Layers>
void print_layers(int steps, int batch) {
    std::printf("\n%-54s %10s  %-11s %-11s %-11s %s\n", "a sequence through a layer", "parameters", "x (T, B, F)",
                "y (T, B, F)", "h_n", "c_n");
    (detail::print_layer<Layers>(steps, batch), ...);
}

} // namespace common
