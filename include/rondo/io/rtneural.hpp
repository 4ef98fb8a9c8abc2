// SPDX-License-Identifier: MIT
#pragma once

#include "../core/range.hpp"
#include "assign.hpp"
#include "said_numbers.hpp"
#include "json/numbers.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io {

namespace detail {

/// A layer of any type as RTNeural writes it.
struct RTNeuralLayer {
    std::string type, activation;
    std::size_t size = 0; // of its output, from "shape"
    std::vector<NestedNumbers> weights;
};

/// Transposes Keras' (columns, rows) to PyTorch's (rows, columns); block b of the rows is block order[b] of Keras'.
inline Array from_keras(const NestedNumbers& keras, const std::vector<std::size_t>& order) {
    const std::size_t columns = keras.shape[0], rows = keras.shape[1], block = rows / order.size();
    Array array{rows, columns, std::vector<double>(keras.values.size())};
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t column = 0; column < columns; ++column)
            array.values[row * columns + column] =
                keras.values[column * rows + order[row / block] * block + row % block];
    return array;
}

/// The same for a bias.
inline Array bias_from_keras(const double* keras, std::size_t rows, const std::vector<std::size_t>& order) {
    const std::size_t block = rows / order.size();
    Array array{rows, 1, std::vector<double>(rows)};
    for (std::size_t row = 0; row < rows; ++row) array.values[row] = keras[order[row / block] * block + row % block];
    return array;
}

class RTNeuralFile : public TextModel {
public:
    using TextModel::TextModel;

    ModelWeights read(Error& error) {
        std::array<bool, 5> seen{};
        std::size_t skip = 0;
        Probe probe;
        json.object(256, [&](const std::string& name) {
            if (name == "in_shape") {
                once(seen[0], name);
                input_ = last_of_shape();
                expect(!json.ok() || input_ > 0, "in_shape: expected a size from 1 on at its end");
            } else if (name == "layers") {
                once(seen[1], name);
                json.array(256, [&] { layers_.push_back(read_layer()); });
            } else if (name == "in_skip") {
                once(seen[2], name);
                skip = json.whole();
            } else if (name == "input_batch") {
                once(seen[3], name);
                probe.input = read_nested(json).values;
            } else if (name == "output_batch") {
                once(seen[4], name);
                probe.output = read_nested(json).values;
            } else if (!said_.take(json, name)) {
                json.skip();
            }
        });
        expect(seen[0], "no \"in_shape\"; is it a model of RTNeural?");
        expect(seen[1], "no \"layers\"");
        std::size_t features = input_;
        for (std::size_t k = 0; k < layers_.size() && json.ok(); ++k) features = add(k, features);
        expect(skip == 0 || (skip == 1 && features <= input_ && !weights.layers.empty()),
               "in_skip: expected 0, or 1 where there are no more outputs than inputs, got " + std::to_string(skip));
        if (skip == 1 && json.ok()) {
            const int size = int(features), all = int(weights.layers.size());
            weights.layers.push_back({"in_skip", {LayerKind::Skip, size, size, 1, true, all}, {}, {}});
        }
        weights.numbers = said_.all();
        if (seen[3] && seen[4]) weights.probe = std::move(probe);
        return finish(error);
    }

private:
    /// The last number of a list such as [null, null, 8].
    std::size_t last_of_shape() {
        std::size_t last = 0;
        json.array(4, [&] { last = json.take_null() ? 0 : json.whole(); });
        return last;
    }

    RTNeuralLayer read_layer() {
        RTNeuralLayer layer;
        std::array<bool, 4> seen{};
        json.object(256, [&](const std::string& name) {
            if (name == "type") {
                once(seen[0], name);
                layer.type = json.string(256);
            } else if (name == "activation") {
                once(seen[1], name);
                layer.activation = json.string(256);
            } else if (name == "shape") {
                once(seen[2], name);
                layer.size = last_of_shape();
            } else if (name == "weights") {
                once(seen[3], name);
                json.array(8, [&] { layer.weights.push_back(read_nested(json)); });
            } else {
                json.skip();
            }
        });
        for (const auto& [k, name] : {std::pair{0, "type"}, std::pair{2, "shape"}, std::pair{3, "weights"}})
            expect(seen[std::size_t(k)], "layer " + std::to_string(layers_.size()) + " has no \"" + name + '"');
        return layer;
    }

    /// Appends the k-th layer of the file; returns the number of its output features.
    std::size_t add(std::size_t k, std::size_t features) {
        RTNeuralLayer& layer = layers_[k];
        const std::string name = "layer " + std::to_string(k) + " (" + layer.type + ')';
        constexpr std::size_t most = 1 << 20;
        const std::size_t size = layer.size;
        if (size == 0 || size > most || features > most)
            return json.refuse(name + ": expected a shape that ends in 1 to " + std::to_string(most)), 0;
        LayerWeights made{name, {LayerKind::other, int(features), int(size)}, {}, {}};
        if (layer.type == "dense" || layer.type == "time-distributed-dense") {
            add_dense(layer, made, features);
            return add_activation(layer.activation, name, size);
        }
        if (layer.type == "activation") {
            expect(layer.weights.empty() && size == features,
                   name + ": expected no weights and " + std::to_string(features) + " features");
            return add_activation(layer.activation, name, size);
        }
        if (layer.type == "lstm" || layer.type == "gru") {
            expect(layer.activation.empty() || layer.activation == "tanh",
                   name + ": expected the activation tanh, got " + json_string(layer.activation));
            add_recurrent(layer, made, features);
        } else {
            json.refuse(name + ": a layer of this type cannot be read; dense, time-distributed-dense, lstm, gru and "
                               "activation can");
        }
        return size;
    }

    bool has_shape(const NestedNumbers& numbers, std::vector<std::size_t> shape, const std::string& name) {
        if (numbers.shape == shape) return true;
        const std::string got = numbers.text();
        json.refuse(name + ": expected weights " + NestedNumbers{std::move(shape), {}}.text() + ", got " + got);
        return false;
    }
    bool has_arrays(const RTNeuralLayer& layer, std::size_t least, const LayerWeights& made) {
        const std::size_t count = layer.weights.size();
        if (count == least || count == least + 1) return true;
        json.refuse(made.name + ": expected " + std::to_string(least) + " or " + std::to_string(least + 1) +
                    " lists of weights, got " + std::to_string(count));
        return false;
    }

    void add_dense(RTNeuralLayer& layer, LayerWeights& made, std::size_t features) {
        const std::size_t size = layer.size;
        made.facts.kind = LayerKind::Linear;
        if (!has_arrays(layer, 1, made) || !has_shape(layer.weights[0], {features, size}, made.name)) return;
        made.facts.bias = layer.weights.size() == 2;
        made.arrays.push_back(from_keras(layer.weights[0], {0}));
        if (made.facts.bias) {
            if (!has_shape(layer.weights[1], {size}, made.name)) return;
            made.arrays.push_back(bias_from_keras(layer.weights[1].values.data(), size, {0}));
        }
        keep(layer, std::move(made));
    }

    void add_recurrent(RTNeuralLayer& layer, LayerWeights& made, std::size_t features) {
        const bool gru = layer.type == "gru";
        const std::size_t size = layer.size, rows = (gru ? 3 : 4) * size;
        const std::vector<std::size_t> order =
            gru ? std::vector<std::size_t>{1, 0, 2} : std::vector<std::size_t>{0, 1, 2, 3};
        if (!has_arrays(layer, 2, made) || !has_shape(layer.weights[0], {features, rows}, made.name) ||
            !has_shape(layer.weights[1], {size, rows}, made.name))
            return;
        made.facts.kind = gru ? LayerKind::GRU : LayerKind::LSTM;
        for (NestedNumbers* keras : {&layer.weights[0], &layer.weights[1]}) {
            made.arrays.push_back(from_keras(*keras, order));
            keras->values = {}; // no longer needed
        }
        made.arrays.resize(4, {rows, 1, std::vector<double>(rows)});
        if (layer.weights.size() == 2) {
            // Only the bias shows whether a GRU resets before the product or after it.
            if (gru) return json.refuse(made.name + ": expected a bias, got none");
        } else if (const NestedNumbers& bias = layer.weights[2]; gru && bias.shape.size() == 2) {
            if (!has_shape(bias, {2, rows}, made.name)) return;
            for (std::size_t k = 0; k < 2; ++k)
                made.arrays[2 + k] = bias_from_keras(bias.values.data() + k * rows, rows, order);
        } else {
            if (!has_shape(bias, {rows}, made.name)) return;
            made.arrays[2] = bias_from_keras(bias.values.data(), rows, order);
            if (gru) made.facts.kind = LayerKind::GRUResetBefore;
        }
        keep(layer, std::move(made));
    }

    std::size_t add_activation(const std::string& activation, const std::string& name, std::size_t size) {
        constexpr std::pair<std::string_view, LayerKind> kinds[]{{"relu", LayerKind::ReLU},
                                                                 {"tanh", LayerKind::Tanh},
                                                                 {"sigmoid", LayerKind::Sigmoid},
                                                                 {"softmax", LayerKind::Softmax}};
        if (activation.empty() || activation == "linear") return size;
        const auto* found = range::find(kinds, activation, [](const auto& kind) { return kind.first; });
        if (found == std::end(kinds)) {
            json.refuse(name + ": the activation " + json_string(activation) +
                        " cannot be read; linear, relu, tanh, sigmoid and softmax can");
        } else {
            weights.layers.push_back({name + "'s activation", {found->second, int(size), int(size)}, {}, {}});
        }
        return size;
    }

    /// Appends a layer and frees the numbers that were read from the file.
    void keep(RTNeuralLayer& layer, LayerWeights made) {
        layer.weights = {};
        weights.layers.push_back(std::move(made));
    }

    std::size_t input_ = 0;
    std::vector<RTNeuralLayer> layers_;
    AmpNumbers said_;
};

} // namespace detail

/// Reads the format that RTNeural's Keras scripts and AIDA-X write: layers of dense, time-distributed-dense, gru, lstm
/// and activation, which run step by step. AIDA-X's in_skip is a Skip over all layers, its input_batch and output_batch
/// are the probe. `numbers` has its gains (in decibels, not part of the network), those of "metadata", and
/// "samplerate"; the one in "metadata" takes precedence.
///
/// A gru with one row of biases resets before the product, with two after it: Keras' reset_after.
///
/// Errors  file; format: invalid text, with the problem and its position; layers and activations of other types, by
///         name; weights of other sizes; not_finite: NaN and Infinity. The file is untrusted input.
/// Source  RTNeural, python/model_utils.py and RTNeural/model_loader.h; AIDA-X, src/aidadsp-plugin.cpp.
inline ModelWeights read_rtneural(const std::filesystem::path& path, Error& error) noexcept {
    return detail::read_text_model<detail::RTNeuralFile>(path, error);
}
inline ModelWeights read_rtneural(const std::filesystem::path& path) {
    return or_fail([&](Error& error) { return read_rtneural(path, error); });
}

/// The same from the text of a file.
inline ModelWeights parse_rtneural(std::string_view text, Error& error) noexcept {
    return detail::parse_text_model<detail::RTNeuralFile>(text, "rtneural", error);
}
inline ModelWeights parse_rtneural(std::string_view text) {
    return or_fail([&](Error& error) { return parse_rtneural(text, error); });
}

} // namespace rondo::io
