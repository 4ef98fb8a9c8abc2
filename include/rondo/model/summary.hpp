// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"
#include "../core/range.hpp"
#include "../layer/network.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
inline std::string column(std::string text, std::size_t width) {
    text.resize(width, ' ');
    return text;
}
inline std::string shape(const ParameterSpec& t) {
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
struct SummaryRow {
    std::string name, description;
    std::size_t parameters;
};
template <class Net>
void add_summary_rows(std::vector<SummaryRow>& rows, const std::string& indent) {
    const auto add = [&]<class Layer>(std::type_identity<Layer>, std::size_t k) {
        rows.push_back({indent + std::string{Net::labels[k].view()}, described<Layer>(), parameter_count<Layer>});
        if constexpr (requires { Layer::layer_count; }) add_summary_rows<Layer>(rows, indent + "  ");
    };
    [&]<std::size_t... k>(std::index_sequence<k...>) {
        (add(std::type_identity<typename Net::template layer_at<k>>{}, k), ...);
    }(std::make_index_sequence<Net::layer_count>{});
}
inline std::string summary_table(const std::vector<SummaryRow>& rows, std::span<const ParameterSpec> all) {
    std::size_t names = 20, descriptions = 48, tensors = 34;
    for (const SummaryRow& row : rows) {
        names = (std::max)(names, row.name.size() + 2);
        descriptions = (std::max)(descriptions, row.description.size() + 2);
    }
    std::string text = column("layer", names) + column("", descriptions) + "parameters\n";
    for (const SummaryRow& row : rows)
        text += column(row.name, names) + column(row.description, descriptions) + std::to_string(row.parameters) + "\n";
    for (const ParameterSpec& t : all) tensors = (std::max)(tensors, t.name.view().size() + 2);
    for (const ParameterSpec& t : all) {
        const ParameterSpec& original = *range::find(all, t.offset, &ParameterSpec::offset);
        text += "  " + column(std::string{t.name.view()}, tensors) + shape(t);
        if (&t != &original) text += ", tied to " + std::string{original.name.view()};
        text += "\n";
    }
    return text;
}
}

/// A network as text: its layers with their sizes and parameter counts, its tensors with their shapes. The total counts
/// tied tensors once.
template <class Net>
std::string summary() {
    std::vector<detail::SummaryRow> rows;
    if constexpr (requires { Net::layer_count; }) detail::add_summary_rows<Net>(rows, "");
    rows.push_back({"total", "", parameter_count<Net>});
    return detail::summary_table(rows, Net::tensors);
}
template <class Model>
std::string summary(const Model&) {
    return summary<typename Model::network>();
}

} // namespace rondo
