// SPDX-License-Identifier: MIT
#pragma once

#include "convolution_plan.hpp"

#include <algorithm>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// One sequence between its padding, so that the steps that an output reads are next to each other: window t of a
/// convolution without dilation begins at step t stride.
struct ConvolutionFrame {
    ConvolutionPlan plan;
    int steps; // of the sequence

    int padded_steps() const { return plan.left + steps + plan.right; }
    bool padded() const { return plan.left > 0 || plan.right > 0; }

    /// Shapes  x (rows x steps) -> to (rows x padded_steps())
    template <class S>
    void pad(const S* x, S* to, std::size_t rows) const {
        const auto padding = [&](int position) {
            const int from = plan.source(position, steps);
            S* const at = to + std::size_t(position) * rows;
            if (from < 0) std::fill_n(at, rows, S(0));
            else std::copy_n(x + std::size_t(from) * rows, rows, at);
        };
        for (int k = 0; k < plan.left; ++k) padding(k);
        std::copy_n(x, std::size_t(steps) * rows, to + std::size_t(plan.left) * rows);
        for (int k = plan.left + steps; k < padded_steps(); ++k) padding(k);
    }

    /// The taps [first, last) of which an output reads more than zeros.
    int first_tap() const {
        return plan.reflect ? 0 : std::clamp(plan.left - (plan.steps(steps) - 1) * plan.stride, 0, last_tap());
    }
    int last_tap() const { return plan.reflect ? plan.kernel : (std::min)(plan.kernel, plan.left + steps); }
};

} // namespace rondo
