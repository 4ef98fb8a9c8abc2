// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/io/layer_weights.hpp>
#include <rondo/io/safetensors.hpp>
#include <rondo/network/layer_facts.hpp>

#include <algorithm>
#include <string>
#include <vector>

/// Layers of one name in a file: one, or the layers of a stack.
struct FoundPart {
    std::string name; // empty: the file is this part alone, or its format has no names
    std::vector<rondo::LayerFacts> layers;
    std::vector<const rondo::io::TensorInfo*> tensors; // of safetensors, in the order in which Rondo has them

    const rondo::LayerFacts& first() const { return layers.front(); }
    bool reads_tokens() const { return first().kind == rondo::LayerKind::Embedding; }
    int output() const { return layers.back().output * layers.back().directions; }
};

/// What a file holds, as far as it says, and what it leaves open.
struct Found {
    std::vector<FoundPart> parts; // in the order in which they run
    std::vector<std::string> notes;
    std::string problem; // why these are no network of Rondo's
};

/// "rondo::LSTM<3, 20, rondo::Stack{.layers = 2}>"
inline std::string type_of(const FoundPart& part) {
    using rondo::LayerKind;
    const rondo::LayerFacts& facts = part.first();
    const auto size = [](int n) { return std::to_string(n); };
    std::string type = "rondo::" + std::string{name_of(facts.kind)};
    if (facts.kind == LayerKind::Linear && !facts.bias) type += "WithoutBias";
    type += '<';
    if (is_recurrent(facts.kind) || facts.kind == LayerKind::Linear || facts.kind == LayerKind::Embedding)
        type += size(facts.input) + ", ";
    type += size(facts.output);
    const bool stacked = part.layers.size() > 1, both_ways = facts.directions == 2;
    if (stacked || both_ways) {
        type += ", rondo::Stack{";
        if (stacked) type += ".layers = " + std::to_string(part.layers.size());
        if (both_ways) type += std::string{stacked ? ", " : ""} + ".bidirectional = true";
        type += '}';
    }
    return type + '>';
}

/// The network as C++ says it, a line for each layer, each but the first after `indent` blanks.
inline std::string type_of(const Found& found, std::size_t indent) {
    if (found.parts.size() == 1 && found.parts[0].name.empty()) return type_of(found.parts[0]);
    const std::string open = "rondo::Sequential<";
    std::string type = open;
    for (const FoundPart& part : found.parts) {
        if (&part != &found.parts.front()) type += ",\n" + std::string(indent + open.size(), ' ');
        type += part.name.empty() ? type_of(part) : "rondo::Named<\"" + part.name + "\", " + type_of(part) + '>';
    }
    return type + '>';
}
