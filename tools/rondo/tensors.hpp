// SPDX-License-Identifier: MIT
#pragma once

// Finds layers among tensors with PyTorch's names.

#include "found.hpp"
#include "order.hpp"

#include <rondo/io/safetensors/parameters.hpp>
#include <rondo/io/tensor_names.hpp>
#include <rondo/layer/batch_norm.hpp>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tensors {

using rondo::LayerFacts;
using rondo::LayerKind;
using rondo::io::TensorInfo;

/// Tensors whose names differ after the last dot only, by what follows it.
using Group = std::map<std::string, const TensorInfo*, std::less<>>;

inline bool is_matrix(const TensorInfo& t) {
    return t.shape.size() == 2 && t.shape[0] > 0 && t.shape[1] > 0 && t.shape[0] <= INT_MAX && t.shape[1] <= INT_MAX;
}
inline std::string shown(std::string_view prefix, std::string_view leaf) {
    return prefix.empty() ? std::string{leaf} : std::string{prefix} + '.' + std::string{leaf};
}

/// A recurrent layer, or a stack of them; what is wrong with it, or nothing.
inline std::string find_recurrent(const std::string& prefix, Group group, FoundPart& part, Found& found) {
    const auto take = [&](const std::string& leaf) {
        const auto at = group.find(leaf);
        const TensorInfo* tensor = at == group.end() ? nullptr : at->second;
        if (tensor) group.erase(at);
        return tensor;
    };
    const int directions = group.contains("weight_ih_l0_reverse") ? 2 : 1;
    const bool has_biases =
        std::ranges::any_of(group, [](const auto& one) { return rondo::io::detail::is_recurrent_bias(one.first); });
    for (int layer = 0; layer == 0 || group.contains("weight_ih_l" + std::to_string(layer)); ++layer)
        for (int direction = 0; direction < directions; ++direction) {
            const std::string after = "_l" + std::to_string(layer) + (direction > 0 ? "_reverse" : "");
            const TensorInfo* all[]{take("weight_ih" + after), take("weight_hh" + after), take("bias_ih" + after),
                                    take("bias_hh" + after)};
            const TensorInfo *const own = take("weight_own" + after), *const projection = take("weight_hr" + after);
            constexpr const char* names[]{"weight_ih", "weight_hh", "bias_ih", "bias_hh"};
            for (std::size_t k = 0; k < 4; ++k) {
                if (all[k]) continue;
                if (k < 2 || has_biases)
                    return shown(prefix, names[k] + after) + " is missing" +
                           (k > 1 ? ": Rondo's recurrent layers have both biases or none; zeros would do" : "");
            }
            if (!is_matrix(*all[0]) || !is_matrix(*all[1]))
                return shown(prefix, "weight_ih" + after) + " and weight_hh are not two matrices";
            if (projection && !is_matrix(*projection)) return shown(prefix, "weight_hr" + after) + " is not a matrix";
            const std::size_t rows = all[0]->shape[0], columns = all[1]->shape[1],
                              hidden = projection ? projection->shape[1] : columns, gates = rows / hidden;
            const std::vector<std::size_t> bias{rows};
            if (all[1]->shape[0] != rows || rows % hidden != 0 ||
                (has_biases && (all[2]->shape != bias || all[3]->shape != bias)) ||
                (gates != 1 && gates != 3 && gates != 4))
                return shown(prefix, "weight_hh" + after) + " " +
                       rondo::io::detail::describe(all[1]->dtype, all[1]->shape) +
                       ": these shapes are no RNN's, GRU's or LSTM's";
            const std::string recurrent = shown(prefix, names[1] + after);
            const auto variant = rondo::detail::recorded_variant(found.variants, recurrent);
            const bool relu = gates == 1 && variant.options == "candidate relu";
            if (variant.lines > 1) return rondo::detail::recorded_twice(recurrent);
            if (!variant.options.empty() && !relu)
                return recurrent + " is of a layer with " + variant.shown() +
                       ": a layer of rondo/layer/variant.hpp, whose type is not printed";
            if (projection && (gates != 4 || projection->shape[0] != columns || columns >= hidden))
                return shown(prefix, "weight_hr" + after) + " " +
                       rondo::io::detail::describe(projection->dtype, projection->shape) +
                       ": expected the projection of an LSTM, with fewer rows than columns, as many as weight_hh has "
                       "columns";
            if (own && (gates != 4 || own->shape != std::vector{3 * hidden}))
                return shown(prefix, "weight_own" + after) +
                       " does not fit its layer: expected the peepholes of an LSTM";
            const bool before = found.reset_before.find(' ' + recurrent + ' ') != std::string::npos;
            LayerFacts facts{gates == 4             ? LayerKind::LSTM
                             : gates == 3 && before ? LayerKind::GRUResetBefore
                             : gates == 3           ? LayerKind::GRU
                             : relu                 ? LayerKind::ReluRNN
                                                    : LayerKind::RNN,
                             int(all[0]->shape[1]), int(hidden), directions, has_biases};
            facts.variant.peepholes = own != nullptr;
            facts.projection = projection ? int(columns) : 0;
            if (direction == 0) part.layers.push_back(facts);
            LayerFacts expected = part.first();
            if (layer > 0) expected.input = directions * expected.features();
            if (facts != expected)
                return shown(prefix, "weight_ih" + after) +
                       " is of another layer than the stack's first: " + describe(facts) + ", not " +
                       describe(expected);
            part.tensors.insert(part.tensors.end(), all, all + (has_biases ? 4 : 2));
            for (const TensorInfo* more : {own, projection})
                if (more) part.tensors.push_back(more);
        }
    if (!group.empty()) return shown(prefix, group.begin()->first) + " is not a tensor of Rondo's recurrent layers";
    const std::string name = prefix.empty() ? "the layer" : prefix;
    if (part.first().kind == LayerKind::GRU)
        found.notes.push_back(name + ": a GRU as PyTorch's; a GRUResetBefore of another program has the same tensors");
    if (part.first().kind == LayerKind::RNN && found.variants.empty())
        found.notes.push_back(name +
                              ": PyTorch's nonlinearity='tanh'; with 'relu' it is a ReluRNN of the same tensors");
    if (part.layers.size() > 1)
        found.notes.push_back(name + ": dropout between the layers, if there was some, is not in the file");
    return {};
}

/// A batch normalization; what is wrong with it, or nothing.
inline std::string find_batch_norm(const std::string& prefix, const Group& group, FoundPart& part, Found& found) {
    const auto size = group.find("running_mean")->second->shape;
    if (size.size() != 1 || size[0] == 0 || size[0] > INT_MAX)
        return shown(prefix, "running_mean") + " is not a vector";
    const bool affine = group.contains("weight") || group.contains("bias");
    std::size_t known = 0;
    for (const char* const leaf : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}) {
        const auto at = group.find(leaf);
        const bool trained = known++ < 2, counts = known == 5;
        if (at == group.end()) {
            if (!counts && (!trained || affine)) return shown(prefix, leaf) + " is missing";
            part.lacks_a_count = counts;
            continue;
        }
        if (at->second->shape != (counts ? std::vector<std::size_t>{} : size))
            return shown(prefix, leaf) + " does not fit its running_mean";
        part.tensors.push_back(at->second);
        part.averages += trained ? 0 : 1;
    }
    if (group.size() != part.tensors.size())
        return shown(prefix, "running_mean") + " is beside tensors that are none of a batch normalization";
    LayerFacts facts{LayerKind::BatchNorm1d, int(size[0]), int(size[0])};
    facts.options[0] = rondo::BatchNormOptions{}.eps;
    facts.affine = affine;
    part.layers.push_back(facts);
    found.notes.push_back((prefix.empty() ? "the layer" : prefix) +
                          ": eps and momentum are not in the file; these are PyTorch's defaults");
    return {};
}

/// The layer that a group is; what is wrong with it, or nothing.
inline std::string find_part(const std::string& prefix, const Group& group, FoundPart& part, Found& found) {
    part.name = prefix;
    constexpr std::string_view taken = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (prefix.find_first_not_of(taken) != prefix.npos || prefix.size() > 64)
        return rondo::io::detail::json_string(prefix) + " is not a name for a layer";
    if (group.contains("weight_ih_l0")) return find_recurrent(prefix, group, part, found);
    if (group.contains("running_mean")) return find_batch_norm(prefix, group, part, found);
    const auto weight = group.find("weight"), bias = group.find("bias");
    if (weight == group.end() || !is_matrix(*weight->second) || group.size() != (bias == group.end() ? 1u : 2u))
        return shown(prefix, group.begin()->first) + " is not a tensor of Rondo's layers";
    const int rows = int(weight->second->shape[0]), columns = int(weight->second->shape[1]);
    part.tensors.push_back(weight->second);
    if (bias != group.end()) {
        if (bias->second->shape != std::vector{weight->second->shape[0]})
            return shown(prefix, "bias") + " does not fit its weight";
        part.tensors.push_back(bias->second);
        part.layers.push_back({LayerKind::Linear, columns, rows});
        return {};
    }
    std::string lower = prefix;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
    const bool embedding = lower.find("emb") != lower.npos;
    FoundPart other = part;
    (embedding ? part : other).layers.push_back({LayerKind::Embedding, rows, columns});
    (embedding ? other : part)
        .layers.push_back({.kind = LayerKind::Linear, .input = columns, .output = rows, .bias = false});
    found.notes.push_back((prefix.empty() ? "the layer" : prefix) + ": " + (embedding ? "by" : "for want of") +
                          " a name with \"emb\" in it; the tensor could as well be of " + type_of(other));
    return {};
}

/// Names that a file keeps one tensor for, and that one.
using Shared = std::vector<std::pair<std::string, const TensorInfo*>>;

/// The network of which these are the tensors; `metadata` is what Rondo says of it besides.
inline Found find(std::span<const TensorInfo> all, const Shared& shared, const rondo::io::Metadata& metadata) {
    Found found;
    const auto said = [&](std::string_view name) {
        return std::ranges::find(metadata, name, &rondo::io::Metadata::value_type::first);
    };
    const bool checkpoint = said("optimizer") != metadata.end();
    if (said("reset_before") != metadata.end()) found.reset_before = ' ' + said("reset_before")->second + ' ';
    if (const auto at = said(rondo::detail::variants_key); at != metadata.end()) found.variants = at->second;
    if (checkpoint) found.notes.push_back("a checkpoint of a run, which load_checkpoint reads; this is its model");
    std::map<std::string, Group> groups;
    const auto add = [&](std::string_view name, const TensorInfo& tensor) {
        if (checkpoint && !name.starts_with("model.")) return;
        if (checkpoint) name.remove_prefix(std::string_view{"model."}.size());
        const std::size_t dot = name.rfind('.');
        const auto prefix = name.substr(0, dot == name.npos ? 0 : dot);
        groups[std::string{prefix}].emplace(name.substr(dot == name.npos ? 0 : dot + 1), &tensor);
    };
    for (const TensorInfo& tensor : all) add(tensor.name, tensor);
    for (const auto& [name, kept] : shared) {
        add(name, *kept);
        found.notes.push_back(name + " is " + kept->name + "; rondo::Tied ties them");
    }
    for (const auto& [prefix, group] : groups) {
        FoundPart part;
        found.problem = find_part(prefix, group, part, found);
        if (!found.problem.empty()) return found;
        found.parts.push_back(std::move(part));
    }
    if (found.parts.empty()) found.problem = "there is no tensor";
    else if (found.parts.size() > 1 && groups.contains("")) found.problem = "a layer without a name is among others";
    else order::arrange(found);
    if (found.problem.empty())
        found.notes.push_back("activations, Dropout and layers like LastStep leave no tensors; where the model has "
                              "some, they belong between these");
    return found;
}

} // namespace tensors
