// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../model/parameter_buffer.hpp"
#include "not_finite.hpp"

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// An error that names a parameter, or a number of the optimizer's memory, that is not finite after so many steps.
template <class B, class Memory> // an array of buffers
Error training_problem(B& backend, const ParameterBuffer<B>& model, const Memory& memory,
                       std::span<const ParameterSpec> tensors, std::int64_t steps) {
    using scalar = typename B::scalar;
    std::string found;
    const auto look = [&](const char* what, const scalar* data) {
        if (!found.empty() || std::isfinite(backend.sum_of_squares(data, model.count())))
            return; // else only the squares may have overflowed
        std::vector<scalar> values(model.count());
        B::download(values.data(), data, values.size());
        found = find_not_finite(tensors, what, values);
    };
    look("parameter ", model.data());
    for (const auto& buffer : memory) look("the optimizer's memory of ", B::data(buffer));
    if (found.empty()) return {};
    return {Error::Kind::not_finite, "rondo::Trainer: after step " + std::to_string(steps) + ": " + found +
                                         " is not finite; the rate may be too large"};
}

} // namespace rondo::detail
