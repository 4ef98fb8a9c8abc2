// SPDX-License-Identifier: MIT
#pragma once

#include "../model/layer_facts.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

/// The elements of a tensor, row-major; a vector has one column.
struct Array {
    std::size_t rows = 0, columns = 1;
    std::vector<double> values{};
    bool operator==(const Array&) const = default;
};

/// A named tensor, row-major.
struct NamedArray {
    std::string name;
    std::vector<std::size_t> shape;
    std::vector<double> values;
};

/// One layer of a file, with its weights in PyTorch's layout, whatever the layout of the file.
///
/// name    in error messages: "layer 2 (gru)"
/// arrays  recurrent: weight_ih (gates H, input), weight_hh (gates H, H) and, if it has biases, bias_ih (gates H) and
///         bias_hh (gates H), if it has peepholes, weight_own (those of i, f, o; coupled: i, o), if it has a
///         projection, weight_hr (projection, H), and weight_hh then is (gates H, projection); for a bidirectional
///         layer, followed by those of the reverse direction; gates i, f, g, o (coupled: i, g, o) and r, z, n. Linear:
///         weight (out, in) and bias, if it has one. Embedding: weight (vocabulary, size). BatchNorm1d: weight and
///         bias, if it has them, running_mean, running_var, num_batches_tracked.
/// first   the initial state, if the file has one: H numbers for each direction of each component (h; for LSTM then
///         c), `projection` numbers if h is projected
struct LayerWeights {
    std::string name{};
    LayerFacts facts{};
    std::vector<Array> arrays{};
    std::vector<double> first{};
};

/// An input of some steps and its expected output, step by step, beginning with the initial state.
///
/// tolerance  maximum absolute difference of an output
struct Probe {
    std::vector<double> input, output;
    double tolerance = 1e-5;
};

/// The content of a model file of another program: its layers, in the order in which they run. `load` copies them to a
/// Model of the same layers.
///
/// source   beginning of error messages: the file
/// probe    the file's probe, if it has one; it is checked only if the caller passes it to `load`
/// numbers  other numbers in the file, by the file's names: "sample_rate"
struct ModelWeights {
    std::string source{};
    std::vector<LayerWeights> layers{};
    std::optional<Probe> probe{};
    std::vector<std::pair<std::string, double>> numbers{};
};

} // namespace rondo::io
