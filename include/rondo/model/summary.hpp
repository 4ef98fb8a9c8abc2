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
    std::string text = "(";
    for (int k = 0; k < t.rank; ++k) text += (k > 0 ? ", " : "") + std::to_string(t.shape()[std::size_t(k)]);
    return text + ")";
}
/// A layer's own text; empty for a network.
template <class Layer>
constexpr Label description = [] {
    if constexpr (requires { Layer::describe(); }) return Layer::describe();
    else return Label{};
}();
inline std::string described(const Label& own) { return std::string{own.size > 0 ? own.view() : "Network"}; }
struct SummaryRow {
    std::string name, description;
    std::size_t parameters;
};
inline void add_row(std::vector<SummaryRow>& rows, int depth, const Label& name, const Label& description,
                    std::size_t parameters) {
    rows.push_back({std::string(2 * std::size_t(depth), ' ').append(name.view()), described(description), parameters});
}
template <class Net>
void add_summary_rows(std::vector<SummaryRow>& rows, int depth) {
    const auto add = [&]<class Layer>(std::type_identity<Layer>, std::size_t k) {
        add_row(rows, depth, Net::labels[k], description<Layer>, parameter_count<Layer>);
        if constexpr (requires { Layer::layer_count; }) add_summary_rows<Layer>(rows, depth + 1);
    };
    [&]<std::size_t... k>(std::index_sequence<k...>) {
        (add(std::type_identity<typename Net::template layer_at<k>>{}, k), ...);
    }(std::make_index_sequence<Net::layer_count>{});
}
[[gnu::cold]] inline std::string summary_table(std::vector<SummaryRow> rows, std::size_t total,
                                               std::span<const ParameterSpec> all) {
    rows.push_back({"total", "", total});
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
    if constexpr (requires { Net::layer_count; }) detail::add_summary_rows<Net>(rows, 0);
    return detail::summary_table(std::move(rows), parameter_count<Net>, Net::tensors);
}
template <class Model>
std::string summary(const Model&) {
    return summary<typename Model::network>();
}

} // namespace rondo
