// SPDX-License-Identifier: MIT
#pragma once

#include "../model/layer_facts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// Numbers of a tensor, row-major; a vector has one column.
struct Array {
    std::size_t rows = 0, columns = 1;
    std::vector<double> values{};
    bool operator==(const Array&) const = default;
};

/// A tensor by its name, row-major.
struct NamedArray {
    std::string name;
    std::vector<std::size_t> shape;
    std::vector<double> values;
};

/// One layer of a file, its weights in PyTorch's layout whatever the file's is.
///
/// name    how messages call it: "layer 2 (gru)"
/// arrays  recurrent: weight_ih (gates H, input), weight_hh (gates H, H), bias_ih (gates H), bias_hh (gates H), of a
///         bidirectional layer then the same of the reverse; gates i, f, g, o and r, z, n. Linear: weight (out, in) and
///         bias, if it has one. Embedding: weight (vocabulary, size).
/// first   the state that a sequence starts from, if the file tells one: for each component (h; for LSTM then c) of
///         each direction H numbers
struct LayerWeights {
    std::string name{};
    LayerFacts facts{};
    std::vector<Array> arrays{};
    std::vector<double> first{};
};

/// An input of some steps and the output that belongs to it, step by step, from the first state on.
///
/// tolerance  how far an output may be off
struct Probe {
    std::vector<double> input, output;
    double tolerance = 1e-5;
};

/// What a file of another program says a network is: its layers, in the order in which they run. `load` gives them to
/// a Model of the same layers.
///
/// source   what messages begin with: the file
/// probe    one that the file has; it is checked by whoever hands it to `load`
/// numbers  what the file says besides, by the file's names: "sample_rate"
struct ModelWeights {
    std::string source{};
    std::vector<LayerWeights> layers{};
    std::optional<Probe> probe{};
    std::vector<std::pair<std::string, double>> numbers{};
};

} // namespace rondo::io
