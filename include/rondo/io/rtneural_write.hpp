// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "../core/parameter_spec.hpp"
#include "../model/fwd.hpp"
#include "../model/layer_facts.hpp"
#include "file.hpp"

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {

/// Writes layers as RTNeural reads them; depends on lists of layers and tensors only, not on the network.
template <class S>
class RTNeuralText {
public:
    RTNeuralText(std::span<const NetworkLayer> layers, std::span<const ParameterSpec> tensors, const S* values)
        : layers_{layers}, tensors_{tensors}, values_{values} {}

    std::string write(Error& error) {
        text_ = "{\"in_shape\":[null,null," + std::to_string(layers_.front().facts.input) + "],\"layers\":[";
        bool skip = false;
        for (std::size_t k = 0; k < layers_.size() && !problem_; ++k) {
            const LayerFacts& facts = layers_[k].facts;
            skip = facts.kind == LayerKind::Skip && k + 1 == layers_.size() && facts.span == int(k) && facts.input == 1;
            if (!skip) add(layers_[k]);
        }
        text_ += skip ? "],\"in_skip\":1}\n" : "]}\n";
        if (!problem_) return std::move(text_);
        error = std::move(problem_);
        return {};
    }

private:
    void add(const NetworkLayer& layer) {
        const LayerFacts& facts = layer.facts;
        if (facts.directions == 2 || facts.reversed || facts.variant != cell::Variant{} || facts.projection > 0)
            return refuse(layer);
        switch (facts.kind) {
        case LayerKind::LSTM: begin("lstm", "tanh", facts); return add_recurrent(layer, {0, 1, 2, 3});
        case LayerKind::GRU: begin("gru", "tanh", facts); return add_recurrent(layer, {1, 0, 2});
        case LayerKind::Linear:
            begin("dense", "", facts);
            add_matrix(layer.tensor, {0});
            if (facts.bias) {
                text_ += ',';
                add_bias([b = tensor(layer.tensor + 1)](std::size_t n) { return b[n]; }, std::size_t(facts.output),
                         {0});
            }
            return end();
        case LayerKind::ReLU: begin("activation", "relu", facts); return end();
        case LayerKind::Tanh: begin("activation", "tanh", facts); return end();
        case LayerKind::Sigmoid: begin("activation", "sigmoid", facts); return end();
        case LayerKind::Softmax: begin("activation", "softmax", facts); return end();
        default: return refuse(layer);
        }
    }
    void refuse(const NetworkLayer& layer) {
        problem_ = {Error::Kind::argument,
                    "RTNeural has no " + describe(layer.facts) + ", as \"" + std::string{layer.name.view()} + "\" is"};
    }

    void begin(const char* type, const char* activation, const LayerFacts& facts) {
        if (text_.back() != '[') text_ += ',';
        text_ += std::string{"\n{\"type\":\""} + type + "\",\"activation\":\"" + activation +
                 "\",\"shape\":[null,null," + std::to_string(facts.output) + "],\"weights\":[";
    }
    void end() { text_ += "]}"; }

    const S* tensor(std::size_t index) const { return values_ + tensors_[index].offset; }

    /// Writes a matrix as Keras' (columns, rows); Keras' block b of the rows is Rondo's block order[b].
    void add_matrix(std::size_t index, const std::vector<std::size_t>& order) {
        const ParameterSpec& t = tensors_[index];
        const S* const weights = tensor(index);
        const std::size_t columns = std::size_t(t.columns);
        for (std::size_t column = 0; column < columns; ++column) {
            text_ += column == 0 ? '[' : ',';
            add_bias([&](std::size_t row) { return weights[row * columns + column]; }, std::size_t(t.rows), order);
        }
        text_ += ']';
    }
    template <class At>
    void add_bias(const At& at, std::size_t rows, const std::vector<std::size_t>& order) {
        const std::size_t block = rows / order.size();
        for (std::size_t row = 0; row < rows; ++row) {
            const S value = at(order[row / block] * block + row % block);
            text_ += row == 0 ? '[' : ',';
            if (std::isfinite(value)) text_ += rondo::detail::number_text(value);
            else problem_ = {Error::Kind::not_finite, "a weight is NaN or infinite, which JSON cannot say"};
        }
        text_ += ']';
    }

    void add_recurrent(const NetworkLayer& layer, const std::vector<std::size_t>& order) {
        const std::size_t first = layer.tensor, rows = std::size_t(tensors_[first].rows);
        const bool bias = layer.facts.bias; // else zeros
        const S *const input = bias ? tensor(first + 2) : nullptr, *const recurrent =
                                                                       bias ? tensor(first + 3) : nullptr;
        add_matrix(first, order);
        text_ += ',';
        add_matrix(first + 1, order);
        text_ += ',';
        if (layer.facts.kind == LayerKind::LSTM) {
            add_bias([&](std::size_t n) { return bias ? S(input[n] + recurrent[n]) : S(0); }, rows, order);
        } else {
            text_ += '[';
            add_bias([&](std::size_t n) { return bias ? input[n] : S(0); }, rows, order);
            text_ += ',';
            add_bias([&](std::size_t n) { return bias ? recurrent[n] : S(0); }, rows, order);
            text_ += ']';
        }
        end();
    }

    std::span<const NetworkLayer> layers_;
    std::span<const ParameterSpec> tensors_;
    const S* values_;
    std::string text_;
    Error problem_;
};
}

namespace io {

/// A model as JSON that RTNeural and AIDA-X read, each number with the fewest digits that are read back exactly. An
/// LSTM's two biases are added up; a layer without biases gets zeros. A residual network with one output is written
/// with in_skip, which AIDA-X applies and RTNeural ignores.
///
/// Errors  argument: a layer that RTNeural does not have, by name (such as a GRU that resets before the product, or a
///         bidirectional or reversed layer); not_finite: a weight that is NaN or infinite.
/// Source  RTNeural, python/model_utils.py and RTNeural/model_loader.h.
template <class Net, Backend B>
std::string rtneural_text(const Model<Net, B>& model, Error& error) noexcept {
    return no_throw(error, [&] {
        const auto values = model.values();
        return rondo::detail::RTNeuralText<typename B::scalar>{network_layers<Net>, Net::tensors, values.data()}.write(
            error);
    });
}
template <class Net, Backend B>
std::string rtneural_text(const Model<Net, B>& model) {
    return or_fail([&](Error& error) { return rtneural_text(model, error); });
}

/// The same, written to a file with an atomic rename.
///
/// Errors  also file: the path and the system's reason. An existing file is unchanged then.
template <class Net, Backend B>
void write_rtneural(const Model<Net, B>& model, const std::filesystem::path& path, Error& error) noexcept {
    no_throw(error, [&] {
        Error problem;
        const std::string text = rtneural_text(model, problem);
        if (problem) error = {problem.kind, path.string() + ": " + problem.message};
        else write_file(path, std::as_bytes(std::span{text}), error);
    });
}
template <class Net, Backend B>
void write_rtneural(const Model<Net, B>& model, const std::filesystem::path& path) {
    or_fail([&](Error& error) { write_rtneural(model, path, error); });
}

} // namespace io

} // namespace rondo
