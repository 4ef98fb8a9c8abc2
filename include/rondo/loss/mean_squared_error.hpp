// SPDX-License-Identifier: MIT
#pragma once

#include "terms.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct MeanSquaredErrorColumn {
    std::size_t rows;
    S scale;
    const S* y = nullptr;
    S* dy = nullptr;
    const S* target = nullptr;
    S* loss = nullptr;

    template <class>
    RONDO_HOST_DEVICE void run(std::size_t n) const {
        for (std::size_t k = n * rows; k < (n + 1) * rows; ++k) {
            const S error = y[k] - target[k];
            loss[n] += scale * error * error;
            if (dy) dy[k] += 2 * scale * error;
        }
    }
};
}

/// Mean squared error over every feature of every valid step.
///
///   L = 1/N sum_n (y_n - target_n)^2                                          (1)
///
/// Shapes  y, target (Size x T B).
/// Units   y's, squared.
struct MeanSquaredError {
    /// N of eq. (1).
    template <class S, int Size>
    double terms(const SequenceView<S, Size>& target) const {
        return Size * detail::valid_columns(target);
    }
    template <class S, int Size>
    Error (check)(const SequenceView<S, Size>&, int) const {
        return {};
    }
    /// N L / terms; adds its gradient to y's.
    template <class Run, class S, int Size>
    auto operator()(Run& run, const SequenceView<S, Size>& y, const SequenceView<const S, Size>& target,
                    double terms) const {
        return detail::sum_columns(run, y, target, detail::MeanSquaredErrorColumn<S>{Size, S(1 / terms)});
    }
};

} // namespace rondo
