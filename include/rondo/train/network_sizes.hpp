// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"

#include <cstddef>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// A network's sizes, for code of a trainer that is compiled once for all networks.
struct NetworkSizes {
    std::span<const ParameterSpec> tensors;
    std::span<const std::size_t> state_widths; // see each_state_width
    std::size_t parameters = 0, trained = 0;   // of a model; elements of its buffer that are trained
    std::size_t state_size = 0;                // of one sequence
    int classes = 0, vocabulary = 0;           // of the output; of the input, 0: no tokens
};

} // namespace rondo::detail
