// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/number_text.hpp"
#include "../core/view.hpp"

#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// A column's position in the whole batch, for messages: " of sequence 2, step 5".
inline std::string place_of(const Extent& e, std::size_t column) {
    return " of sequence " + std::to_string(std::size_t(e.first_column) + column % std::size_t(e.batch)) + ", step " +
           std::to_string(std::size_t(e.first_step) + column / std::size_t(e.batch));
}

/// A target in messages.
inline std::string target_text(int token) { return std::to_string(token); }
inline std::string target_text(double number) { return short_text(number); }

/// Fails if the extents of a network's result `a` and of the batch's targets `b` differ.
inline void check_extents(const Extent& a, const Extent& b) {
    (check)(problem(b));
    if (a.steps != b.steps || a.batch != b.batch)
        fail(Error::Kind::argument, "rondo: the network gave " + std::to_string(a.steps) + " steps of " +
                                        std::to_string(a.batch) + " sequences, the targets are " +
                                        std::to_string(b.steps) + " steps of " + std::to_string(b.batch));
    for (int k = 0; a.lengths && k < a.batch; ++k) // padding of y gets no gradient, so it must not enter the loss
        if (b.length(k) > a.length(k))
            fail(Error::Kind::argument, "rondo: sequence " + std::to_string(k) + " has " + std::to_string(a.length(k)) +
                                            " steps, its targets have " + std::to_string(b.length(k)));
}

} // namespace rondo::detail
