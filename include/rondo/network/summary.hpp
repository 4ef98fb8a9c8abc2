// SPDX-License-Identifier: MIT
#pragma once

#include "../core/tensor.hpp"
#include "network.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo {

namespace detail {
inline std::string column(std::string text, std::size_t width) {
    text.resize(width, ' ');
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
using SummaryRow = std::array<std::string, 3>; // name, description, parameters
template <class Net>
void add_summary_rows(std::vector<SummaryRow>& rows, const std::string& indent) {
    const auto add = [&]<class Layer>(std::type_identity<Layer>, std::size_t k) {
        rows.push_back(
            {indent + std::string{Net::labels[k].view()}, described<Layer>(), std::to_string(parameter_count<Layer>)});
        if constexpr (requires { Layer::layer_count; }) add_summary_rows<Layer>(rows, indent + "  ");
    };
    [&]<std::size_t... k>(std::index_sequence<k...>) {
        (add(std::type_identity<typename Net::template layer_at<k>>{}, k), ...);
    }(std::make_index_sequence<Net::layer_count>{});
}
}

/// A network in words: its layers with their sizes and parameter counts, its tensors with their shapes. The total
/// counts tied tensors once.
template <class Net>
std::string summary() {
    std::vector<detail::SummaryRow> rows{{"layer", "", "parameters"}};
    if constexpr (requires { Net::layer_count; }) detail::add_summary_rows<Net>(rows, "");
    rows.push_back({"total", "", std::to_string(parameter_count<Net>)});
    std::size_t names = 20, descriptions = 48, tensors = 34;
    for (const auto& [name, description, parameters] : rows) {
        names = std::max(names, name.size() + 2);
        descriptions = std::max(descriptions, description.size() + 2);
    }
    std::string text;
    for (const auto& [name, description, parameters] : rows)
        text += detail::column(name, names) + detail::column(description, descriptions) + parameters + "\n";
    for (const Tensor& t : Net::tensors) tensors = std::max(tensors, t.name.view().size() + 2);
    for (const Tensor& t : Net::tensors) {
        const Tensor& original = *std::ranges::find(Net::tensors, t.offset, &Tensor::offset);
        text += "  " + detail::column(std::string{t.name.view()}, tensors) + detail::shape(t);
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
