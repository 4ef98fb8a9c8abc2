// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/memory.hpp"
#include "../core/number_text.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/range.hpp"
#include "../model/fwd.hpp"
#include "../model/layer_facts.hpp"
#include "../model/state.hpp"
#include "layer_weights.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
// The following functions depend on lists of layers and tensors only, not on the network: they are compiled once.

inline std::string called(const NetworkLayer& layer) {
    return layer.name.size > 0 ? "the network's \"" + std::string{layer.name.view()} + '"' : "the network";
}
inline std::string shape_text(std::size_t rows, std::size_t columns) {
    return '[' + std::to_string(rows) + ',' + std::to_string(columns) + ']';
}

/// Whether the k-th array of a recurrent layer is one of its biases.
constexpr bool is_bias(const LayerFacts& facts, std::size_t k, std::size_t count) {
    const std::size_t own = count / std::size_t(facts.directions); // of a direction
    return is_recurrent(facts.kind) && facts.bias && own > 0 && (k % own == 2 || k % own == 3);
}
/// The weight and the bias of a norm: 0, 1 or 2 tensors.
constexpr std::size_t scales_of(const LayerFacts& facts) {
    if (!is_norm(facts.kind) || !facts.affine) return 0;
    return facts.kind == LayerKind::RMSNorm || !facts.bias ? 1 : 2;
}
/// Whether a layer of a file can be copied to a layer of a network. Recurrent layers without biases, of either side,
/// are those whose biases are zero; a norm without a weight or a bias is one whose weights are 1, or biases 0.
inline bool fits(const io::LayerWeights& file, const LayerFacts& facts) {
    LayerFacts same = file.facts;
    const auto all = [&](std::size_t k, double number) {
        return k < file.arrays.size() &&
               range::all_of(file.arrays[k].values, [=](double one) { return one == number; });
    };
    if (same.kind == LayerKind::LayerNorm && same.bias && !facts.bias) same.bias = !all(1, 0);
    if (is_norm(same.kind) && same.affine && !facts.affine)
        same.affine = !all(0, 1) || (same.kind == LayerKind::BatchNorm1d && !all(1, 0));
    if (is_recurrent(same.kind) && same.bias != facts.bias) {
        same.bias = facts.bias;
        for (std::size_t k = 0; k < file.arrays.size(); ++k)
            if (is_bias(file.facts, k, file.arrays.size()) &&
                range::any_of(file.arrays[k].values, [](double number) { return number != 0; }))
                return false;
    }
    return same == facts;
}

/// Compares layers; the error names one that is missing, surplus or different.
inline Error layers_problem(std::span<const NetworkLayer> layers, const io::ModelWeights& weights) {
    const auto wrong = [&](std::string what) {
        return Error{Error::Kind::mismatch, weights.source + ": " + std::move(what)};
    };
    for (const NetworkLayer& layer : layers)
        if (layer.facts.kind == LayerKind::other)
            return wrong(called(layer) + " is " + describe(layer.facts) + " layer by layer");
    for (std::size_t k = 0; k < (std::max)(layers.size(), weights.layers.size()); ++k) {
        if (k >= layers.size())
            return wrong(weights.layers[k].name + ", " + describe(weights.layers[k].facts) +
                         ", is not one of the network's, which has " + std::to_string(layers.size()) + " layers");
        const std::string expected = describe(layers[k].facts) + " for " + called(layers[k]);
        if (k >= weights.layers.size())
            return wrong("expected " + expected + ", but the file ends after " + std::to_string(weights.layers.size()) +
                         " layers");
        if (!fits(weights.layers[k], layers[k].facts))
            return wrong(weights.layers[k].name + ": expected " + expected + ", got " +
                         describe(weights.layers[k].facts));
    }
    return {};
}

/// Copies one tensor; a tensor that is tied to an earlier one must be equal to it.
template <class S>
Error assign_array(std::span<const ParameterSpec> tensors, std::size_t index, const io::Array& array,
                   const std::string& source, S* values) {
    const ParameterSpec& t = tensors[index];
    const auto wrong = [&](Error::Kind kind, const std::string& what) {
        return Error{kind, source + ": " + std::string{t.name.view()} + what};
    };
    if (array.rows != std::size_t(t.rows) || array.columns != std::size_t(t.columns) || array.values.size() != t.size())
        return wrong(Error::Kind::mismatch, ": expected " + shape_text(std::size_t(t.rows), std::size_t(t.columns)) +
                                                ", got " + shape_text(array.rows, array.columns) + " of " +
                                                std::to_string(array.values.size()) + " numbers");
    const bool tied = is_tied(tensors, index);
    for (std::size_t n = 0; n < t.size(); ++n) {
        const S value = S(array.values[n]);
        if (!std::isfinite(value))
            return wrong(Error::Kind::not_finite,
                         ": number " + std::to_string(n) + " is " + rondo::detail::short_text(value));
        if (tied && values[t.offset + n] != value)
            return wrong(Error::Kind::mismatch, " is tied to another tensor and must be equal to it");
        values[t.offset + n] = value;
    }
    return {};
}

/// Copies the file's weights to the network's buffer.
template <class S>
Error assign(std::span<const NetworkLayer> layers, std::span<const ParameterSpec> tensors,
             const io::ModelWeights& weights, S* values) {
    Error problem = layers_problem(layers, weights);
    for (std::size_t k = 0; k < layers.size() && !problem; ++k) {
        const LayerFacts &facts = layers[k].facts, &from = weights.layers[k].facts;
        const auto& arrays = weights.layers[k].arrays;
        const std::size_t biases = is_recurrent(facts.kind) ? 2 * std::size_t(facts.directions) : 0,
                          unused = scales_of(from) - scales_of(facts), // of a norm, its weight or its last tensors
            expected = layers[k].count - (facts.bias ? biases : 0) + (from.bias ? biases : 0) + unused;
        if (arrays.size() != expected)
            return {Error::Kind::mismatch, weights.source + ": " + weights.layers[k].name + ": expected " +
                                               std::to_string(expected) + " tensors, got " +
                                               std::to_string(arrays.size())};
        for (std::size_t n = 0, next = facts.affine ? 0 : unused; n < layers[k].count && !problem; ++n) {
            const ParameterSpec& t = tensors[layers[k].tensor + n];
            const bool missing = !from.bias && is_bias(facts, n, layers[k].count);
            while (!missing && !facts.bias && is_bias(from, next, arrays.size())) ++next;
            const io::Array zeros{std::size_t(t.rows), 1, std::vector<double>(missing ? t.size() : 0)};
            problem =
                assign_array(tensors, layers[k].tensor + n, missing ? zeros : arrays[next], weights.source, values);
            if (!missing) ++next;
        }
    }
    return problem;
}

/// Copies the initial states of recurrent layers; zeros if the file has none. In the state of a stream, each component
/// of each layer is padded; in that of a batch, each component has all layers and directions of a stack, each of
/// `batch` sequences.
///
/// Errors  mismatch: states of another size; not_finite.
template <class S>
Error assign_first(std::span<const NetworkLayer> layers, const io::ModelWeights& weights, bool stream,
                   std::size_t batch, std::vector<S>& state) {
    std::fill(state.begin(), state.end(), S(0));
    std::size_t begin = 0; // offset of the stack, or of the stream's layer
    for (std::size_t k = 0; k < layers.size() && k < weights.layers.size(); ++k) {
        const LayerFacts& facts = layers[k].facts;
        if (!is_recurrent(facts.kind)) {
            begin += stream ? padded(layers[k].history) : batch * layers[k].history;
            continue;
        }
        const auto& first = weights.layers[k].first;
        const std::size_t components = std::size_t(components_of(facts.kind)),
                          directions = std::size_t(facts.directions),
                          entries = stream ? directions : directions * std::size_t(layers[k].layers);
        const std::string name = weights.source + ": " + weights.layers[k].name + ": first state: ";
        const auto units = [&](std::size_t component) {
            return std::size_t(component == 0 ? facts.features() : facts.output);
        };
        const std::size_t all = directions * (units(0) + (components - 1) * units(1));
        if (!first.empty() && first.size() != all)
            return {Error::Kind::mismatch,
                    name + "expected " + std::to_string(all) + " numbers, got " + std::to_string(first.size())};
        std::size_t at = begin, n = 0;
        for (std::size_t component = 0; component < components; ++component) {
            const std::size_t h = units(component), room = stream ? padded(h) : batch * h;
            for (std::size_t direction = 0; direction < directions; ++direction) {
                const std::size_t entry = stream ? direction : std::size_t(layers[k].layer) * directions + direction;
                for (std::size_t unit = 0; unit < h && n < first.size(); ++unit, ++n) {
                    if (!std::isfinite(S(first[n])))
                        return {Error::Kind::not_finite,
                                name + "number " + std::to_string(n) + " is " + rondo::detail::short_text(first[n])};
                    for (std::size_t b = 0; b < (stream ? 1 : batch); ++b)
                        state[at + entry * room + b * h + unit] = S(first[n]);
                }
            }
            at += entries * room;
        }
        if (stream || layers[k].layer + 1 == layers[k].layers) begin = at;
    }
    return {};
}

/// An error if the initial state of a layer is not zero.
inline Error first_left_over(const io::ModelWeights& weights) {
    for (const io::LayerWeights& layer : weights.layers)
        if (range::any_of(layer.first, [](double number) { return number != 0; }))
            return {Error::Kind::mismatch,
                    weights.source + ": " + layer.name + " has a first state; give load a State for it, too"};
    return {};
}
}

/// Loads the weights of a file of another program (io::read_rtneural and similar readers) into a model. The layers of
/// file and network must be equal in number, kinds, sizes and order; names are not compared. See network_layers.
///
/// Errors  mismatch: a layer that is missing, surplus or different (a GRU that resets before the product differs from
///         one that resets after it), with the layers of both sides; an initial state that is not zero; not_finite: a
///         number that is NaN or infinite, or overflows the model's scalar. The model is unchanged then.
template <class Net, Backend B>
void load(Model<Net, B>& model, const io::ModelWeights& weights, Error& error) noexcept {
    no_throw(error, [&] {
        auto values = model.values();
        Error problem = detail::assign(network_layers<Net>, Net::tensors, weights, values.data());
        if (!problem) problem = detail::first_left_over(weights);
        if (problem) error = std::move(problem);
        else model.assign(values);
    });
}
template <class Net, Backend B>
void load(Model<Net, B>& model, const io::ModelWeights& weights) {
    or_fail([&](Error& error) { load(model, weights, error); });
}

/// The same, and returns the initial state in the file in `first`: stream.reset(first).
template <class Net, Backend B>
void load(Model<Net, B>& model, State<Net, typename B::scalar>& first, const io::ModelWeights& weights,
          Error& error) noexcept {
    no_throw(error, [&] {
        auto values = model.values();
        std::vector<typename B::scalar> state(first.numbers().size());
        Error problem = detail::assign(network_layers<Net>, Net::tensors, weights, values.data());
        if (!problem) problem = detail::assign_first(network_layers<Net>, weights, true, 1, state);
        if (problem) return void(error = std::move(problem));
        model.assign(values);
        range::copy(state, first.numbers().begin());
    });
}
template <class Net, Backend B>
void load(Model<Net, B>& model, State<Net, typename B::scalar>& first, const io::ModelWeights& weights) {
    or_fail([&](Error& error) { load(model, first, weights, error); });
}

/// The same for each sequence of a batch.
template <class Net, Backend B>
void load(Model<Net, B>& model, BatchState<Net, B>& first, const io::ModelWeights& weights, Error& error) noexcept {
    no_throw(error, [&] {
        auto values = model.values();
        auto state = first.values();
        Error problem = detail::assign(network_layers<Net>, Net::tensors, weights, values.data());
        if (!problem)
            problem = detail::assign_first(network_layers<Net>, weights, false, std::size_t(first.batch()), state);
        if (problem) return void(error = std::move(problem));
        model.assign(values);
        first.assign(state);
    });
}
template <class Net, Backend B>
void load(Model<Net, B>& model, BatchState<Net, B>& first, const io::ModelWeights& weights) {
    or_fail([&](Error& error) { load(model, first, weights, error); });
}

} // namespace rondo
