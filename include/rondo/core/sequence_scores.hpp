// SPDX-License-Identifier: MIT
#pragma once

#include "view.hpp"

#include <cstddef>
#include <span>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A non-owning view of one sequence's valid steps, such as the logits of a batch's sequence: [t] are the numbers of a
/// step.
///
///   SequenceScores scores = sequence_scores(y, 3);  // of sequence 3 of a batch's result y, in host memory
template <class S>
struct SequenceScores {
    const S* value = nullptr;
    std::size_t rows = 0, steps = 0;
    std::size_t stride = rows; // from a step to the next

    std::span<const S> operator[](std::size_t t) const { return {value + t * stride, rows}; }
};

template <class S, int Rows>
SequenceScores<std::remove_const_t<S>> sequence_scores(const SequenceView<S, Rows>& y, int b) {
    return {y.value + b * Rows, std::size_t(Rows), std::size_t(y.extent.length(b)),
            std::size_t(Rows) * std::size_t(y.extent.batch)};
}

} // namespace rondo
