// SPDX-License-Identifier: MIT
#pragma once

#include "../core/tensor.hpp"
#include "network.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo {

namespace detail {
inline std::string column(std::string text, std::size_t width) {
    text.resize(std::max(width, text.size() + 2), ' ');
    return text;
}
inline std::string shape(const Tensor& t) {
    return t.rank == 1 ? "(" + std::to_string(t.rows) + ")"
                       : "(" + std::to_string(t.rows) + ", " + std::to_string(t.columns) + ")";
}
template <class Layer>
std::string described() {
    if constexpr (requires { Layer::describe(); }) {
        static constexpr Label text = Layer::describe();
        return std::string{text.view()};
    } else {
        return "Network";
    }
}
template <class Net>
std::string summary_lines(const std::string& indent) {
    std::string text;
    const auto line = [&]<class Layer>(std::type_identity<Layer>, std::size_t k) {
        text += column(indent + std::string{Net::labels[k].view()}, 20) + column(described<Layer>(), 48) +
                std::to_string(parameter_count<Layer>) + "\n";
        if constexpr (requires { Layer::layer_count; }) text += summary_lines<Layer>(indent + "  ");
    };
    [&]<std::size_t... k>(std::index_sequence<k...>) {
        (line(std::type_identity<typename Net::template layer_at<k>>{}, k), ...);
    }(std::make_index_sequence<Net::layer_count>{});
    return text;
}
}

/// A network in words: its layers with their sizes and parameter counts, its tensors with their shapes. The total
/// counts tied tensors once.
template <class Net>
std::string summary() {
    std::string text = detail::column("layer", 20) + detail::column("", 48) + "parameters\n";
    if constexpr (requires { Net::layer_count; }) text += detail::summary_lines<Net>("");
    text += detail::column("total", 68) + std::to_string(parameter_count<Net>) + "\n";
    for (const Tensor& t : Net::tensors) {
        const Tensor& original = *std::ranges::find(Net::tensors, t.offset, &Tensor::offset);
        text += "  " + detail::column(std::string{t.name.view()}, 34) + detail::shape(t);
        if (&t != &original) text += ", tied to " + std::string{original.name.view()};
        text += "\n";
    }
    return text;
}
template <class Model>
std::string summary(const Model&) {
    return summary<typename Model::network>();
}

} // namespace rondo
