// SPDX-License-Identifier: MIT
#pragma once

#include "../../core/range.hpp"
#include "value.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::io::detail {

/// Computes W (scale x + shift) + b as one product, for a Linear or recurrent layer.
inline void onnx_absorb(OnnxLayer& made, const OnnxLayer& affine) {
    auto& [name, facts, arrays, first] = made.weights;
    made.before = affine.before;
    const std::size_t kinds = facts.kind == LayerKind::Linear ? 1 : 2, // of weights
        each = arrays.size() / std::size_t(facts.directions), count = each + (facts.bias ? 0 : kinds);
    const bool shifts = range::any_of(affine.shift, [](double number) { return number != 0; });
    for (std::size_t d = 0, at = 0; d < std::size_t(facts.directions); ++d, at += shifts ? count : each) {
        const std::size_t rows = arrays[at].rows, columns = arrays[at].columns;
        if (shifts && !facts.bias)
            arrays.insert(arrays.begin() + std::ptrdiff_t(at + kinds), kinds,
                          Array{rows, 1, std::vector<double>(rows)});
        for (std::size_t k = 0; k < rows * columns; ++k) {
            double& weight = arrays[at].values[k];
            if (shifts) arrays[at + kinds].values[k / columns] += weight * affine.shift[k % columns];
            weight *= affine.scale[k % columns];
        }
    }
    facts.bias = facts.bias || shifts;
}

/// One layer of two directions, of two layers of equal facts, the second of which is reversed.
inline OnnxLayer onnx_bidirectional(const OnnxLayer& ahead, const OnnxLayer& back, bool bias) {
    const LayerFacts& facts = ahead.weights.facts;
    OnnxLayer both{ahead.weights, ahead.before, 2};
    both.weights.facts.directions = 2;
    both.weights.facts.bias = bias;
    both.weights.arrays.clear();
    for (const OnnxLayer* one : {&ahead, &back}) {
        auto& arrays = both.weights.arrays;
        arrays.insert(arrays.end(), one->weights.arrays.begin(), one->weights.arrays.end());
        const std::size_t rows = one->weights.arrays[0].rows; // of biases, where the other direction has some
        if (bias && !one->weights.facts.bias)
            arrays.insert(arrays.end() - std::ptrdiff_t(one->weights.arrays.size()) + 2, 2,
                          Array{rows, 1, std::vector<double>(rows)});
    }
    const std::size_t hidden = std::size_t(facts.output), parts = std::size_t(components_of(facts.kind));
    std::vector<double> none(parts * hidden), first;
    for (std::size_t k = 0; k < parts * hidden; k += hidden)
        for (const OnnxLayer* one : {&ahead, &back}) {
            const auto& state = one->weights.first.empty() ? none : one->weights.first;
            first.insert(first.end(), state.begin() + std::ptrdiff_t(k), state.begin() + std::ptrdiff_t(k + hidden));
        }
    const bool zero = ahead.weights.first.empty() && back.weights.first.empty();
    both.weights.first = zero ? std::vector<double>{} : std::move(first);
    return both;
}

} // namespace rondo::io::detail
