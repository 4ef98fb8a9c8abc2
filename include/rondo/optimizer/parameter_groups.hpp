// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "../core/parameter_spec.hpp"
#include "concept.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Parameters whose optimizer has settings of their own: all tensors of these names and roles.
///
///   TrainerSettings{.groups = {{.names = "embedding", .frozen = true}, {.names = "fc*", .rate = 10}, no_decay()}}
///
/// names         the name of a tensor or of a layer, in which * stands for any characters and ? for one
/// roles         the tensors of these roles; empty: of all
/// rate          multiplies the learning rate
/// weight_decay  replaces that of the optimizer
/// frozen        nothing changes: neither the parameters nor the optimizer's memory of them, nor running averages
///
/// A tensor may be in several groups: rates are multiplied, the last weight decay applies, one group suffices to freeze
/// it. Tied tensors are in the groups of all their names.
struct ParameterGroup {
    std::string names = "*";
    std::vector<ParameterSpec::Role> roles{};
    double rate = 1;
    std::optional<double> weight_decay{};
    bool frozen = false;
};

/// No weight decay of biases, of the weights of norms and of the slopes of a PReLU: what PyTorch users exclude as
/// tensors of one dimension.
inline ParameterGroup no_decay() {
    return {.roles = {ParameterSpec::Role::bias, ParameterSpec::Role::constant}, .weight_decay = 0};
}

namespace detail {
/// Whether a text matches a pattern, in which * stands for any characters and ? for one.
constexpr bool matches(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p, ++t;
        } else if (star != std::string_view::npos) { // the last star takes one character more
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

/// Consecutive parameters whose optimizer has the same settings.
struct ParameterRange {
    std::size_t first = 0, count = 0;
    double rate = 1;
    std::optional<double> weight_decay{};
    bool frozen = false;

    bool same_settings(const ParameterRange& other) const {
        return rate == other.rate && weight_decay == other.weight_decay && frozen == other.frozen;
    }
};

inline bool is_in(const ParameterGroup& group, const ParameterSpec& tensor) {
    const std::string_view name = tensor.name.view();
    return (group.roles.empty() ||
            std::find(group.roles.begin(), group.roles.end(), tensor.role) != group.roles.end()) &&
           (matches(group.names, name) || matches(group.names + ".*", name));
}
[[gnu::cold]] inline std::string names_of(std::span<const ParameterSpec> tensors) {
    std::string names;
    for (std::size_t k = 0; k < tensors.size() && k < 32; ++k)
        names += (k > 0 ? ", " : "") + std::string{tensors[k].name.view()};
    return tensors.size() > 32 ? names + " and " + std::to_string(tensors.size() - 32) + " more" : names;
}
/// An error that names a group that no tensor is in, or a setting that is out of range or that the rule does not have.
[[gnu::cold]] inline Error group_problem(std::span<const ParameterSpec> tensors, const ParameterGroup& group,
                                         bool decays) {
    constexpr double any = std::numeric_limits<double>::infinity();
    const std::string name = "rondo::Trainer: groups: " + group.names + ": ";
    const auto in = [&](const ParameterSpec& tensor) { return is_in(group, tensor); };
    if (std::none_of(tensors.begin(), tensors.end(), in) && group.names != "*")
        return {Error::Kind::argument, "rondo::Trainer: groups: expected names of " + names_of(tensors) + ", got \"" +
                                           group.names + '"' + (group.roles.empty() ? "" : " of some roles")};
    if (group.frozen && group.names == "*" && group.roles.empty())
        return {Error::Kind::argument, "rondo::Trainer: groups: a frozen group needs names or roles: without them it "
                                       "is all parameters"};
    if (group.weight_decay && !decays) return {Error::Kind::argument, name + "the optimizer has no weight decay"};
    return first_of({outside((name + "rate").c_str(), group.rate, 0, any),
                     outside((name + "weight_decay").c_str(), group.weight_decay.value_or(0), 0, any)});
}

/// The settings of a tensor: of all groups that it is in by any of its names.
inline ParameterRange settings_of(std::span<const ParameterSpec> tensors, const ParameterSpec& tensor,
                                  std::span<const ParameterGroup> groups) {
    ParameterRange range{tensor.offset, padded(tensor.size())};
    for (const ParameterGroup& group : groups) {
        bool in = false;
        for (const ParameterSpec& t : tensors) in = in || (t.offset == tensor.offset && is_in(group, t));
        if (!in) continue;
        range.rate *= group.rate;
        if (group.weight_decay) range.weight_decay = group.weight_decay;
        range.frozen = range.frozen || group.frozen;
    }
    return range;
}

/// All tensors by their groups, in as few ranges as possible; the first `trained` parameters have ranges of their own.
[[gnu::cold]] inline std::vector<ParameterRange> parameter_ranges(std::span<const ParameterSpec> tensors,
                                                                  std::size_t trained,
                                                                  std::span<const ParameterGroup> groups, bool decays,
                                                                  Error& error) {
    if (groups.empty()) return {{0, trained}};
    for (const ParameterGroup& group : groups)
        if ((error = group_problem(tensors, group, decays))) return {};
    std::vector<ParameterRange> all;
    for (std::size_t k = 0; k < tensors.size(); ++k)
        if (!is_tied(tensors, k)) all.push_back(settings_of(tensors, tensors[k], groups));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

    std::vector<ParameterRange> merged;
    for (const ParameterRange& one : all) {
        const bool goes_on = !merged.empty() && merged.back().first + merged.back().count == one.first &&
                             one.first != trained && merged.back().same_settings(one);
        if (goes_on) merged.back().count += one.count;
        else merged.push_back(one);
    }
    if (std::all_of(merged.begin(), merged.end(),
                    [&](const ParameterRange& range) { return range.frozen || range.first >= trained; }))
        error = {Error::Kind::argument, "rondo::Trainer: groups: expected a parameter that is not frozen, got none"};
    return merged;
}

/// The settings of all tensors that groups change, for a checkpoint: "in.weight frozen, fc.bias rate 0.1 decay 0".
[[gnu::cold]] inline std::string text_of(std::span<const ParameterSpec> tensors,
                                         std::span<const ParameterGroup> groups) {
    std::string text;
    for (const ParameterSpec& tensor : tensors) {
        const ParameterRange range = settings_of(tensors, tensor, groups);
        if (range.same_settings({})) continue;
        text += (text.empty() ? "" : ", ") + std::string{tensor.name.view()};
        if (range.frozen) {
            text += " frozen";
            continue;
        }
        if (range.rate != 1) text += " rate " + to_text(range.rate);
        if (range.weight_decay) text += " decay " + to_text(*range.weight_decay);
    }
    return text;
}
}

} // namespace rondo
