// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/error.hpp>
#include <rondo/io/layer_weights.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <vector>

// What every reader of another program's models leaves, whatever the bytes.

inline void require(bool law) {
    if (!law) std::abort();
}

inline bool all_finite(const std::vector<double>& values) {
    return std::ranges::all_of(values, [](double value) { return std::isfinite(value); });
}

/// Either an error and nothing else, or layers whose numbers are finite and as many as their sizes say.
inline void check_weights(const rondo::io::ModelWeights& weights, const rondo::Error& error) {
    using rondo::LayerKind;
    if (error) {
        require(error.kind == rondo::Error::Kind::format || error.kind == rondo::Error::Kind::not_finite);
        require(weights.layers.empty() && weights.numbers.empty() && !weights.probe);
        return;
    }
    for (const auto& [name, facts, arrays, first] : weights.layers) {
        require(facts.kind != LayerKind::other && facts.input > 0 && facts.output > 0 && facts.directions == 1);
        const auto rows = [&, f = facts] { return std::size_t(rondo::gates_of(f.kind)) * std::size_t(f.output); };
        if (is_recurrent(facts.kind)) {
            require(arrays.size() == 4);
            require(arrays[0].rows == rows() && arrays[0].columns == std::size_t(facts.input));
            require(arrays[1].rows == rows() && arrays[1].columns == std::size_t(facts.output));
            require(arrays[2].rows == rows() && arrays[3].rows == rows());
            require(first.empty() || first.size() == std::size_t(components_of(facts.kind) * facts.output));
        } else {
            const bool linear = facts.kind == LayerKind::Linear;
            require(arrays.size() == (linear ? (facts.bias ? 2u : 1u) : 0u) && first.empty());
        }
        for (const auto& array : arrays) require(array.values.size() == array.rows * array.columns);
        for (const auto& array : arrays) require(all_finite(array.values));
        require(all_finite(first));
    }
    require(!weights.probe || (all_finite(weights.probe->input) && all_finite(weights.probe->output)));
}
