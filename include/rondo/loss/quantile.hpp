// SPDX-License-Identifier: MIT
#pragma once

#include "../op/constants.hpp"
#include "elementwise.hpp"

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S, int count>
struct QuantileElement {
    const S* levels;

    RONDO_HOST_DEVICE void add_one(S y, S level, S target, S scale, S& loss, S* gradient) const {
        const S error = target - y, derivative = error > 0 ? level : error < 0 ? level - 1 : 0 * error; // NaN stays NaN
        loss += scale * derivative * error;
        if (gradient) *gradient -= scale * derivative;
    }
    RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const
        requires (count == 1)
    {
        add_one(y, levels[0], target, scale, loss, gradient);
    }
    RONDO_HOST_DEVICE void add(const Values<S, count>& y, S target, S scale, S& loss, Values<S, count>* gradient) const
        requires (count > 1)
    {
        for (int q = 0; q < count; ++q)
            add_one(y[q], levels[q], target, scale / S(count), loss, gradient ? &(*gradient)[q] : nullptr);
    }
};
}

/// Pinball loss of several quantiles at once: it is least where y_qn is the quantile of level q of target n.
///
///   L = 1/(Q N) sum_n sum_q max(q e_qn, (q - 1) e_qn),   e_qn = target_n - y_qn    (1)
///
///   fit(model, data, QuantileLoss{0.1, 0.5, 0.9}, Adam{}, {.epochs = 20});
///
/// The gradient is 0 where e_qn = 0. Nothing prevents quantiles from crossing; sort them where that matters.
///
/// Shapes  y (Q Size x T B), the first quantile of all targets first; target (Size x T B), with or without weights of
///         the columns (WeightedTarget).
/// Units   y's; levels above 0 and below 1.
/// Errors  a level that is not above 0 and below 1.
/// Source  Koenker & Bassett, "Regression quantiles", Econometrica 46 (1978).
template <int count>
struct QuantileLoss : ElementwiseLoss<QuantileLoss<count>, count> {
    std::array<double, std::size_t(count)> levels;

    template <std::convertible_to<double>... Levels>
        requires (sizeof...(Levels) == count)
    explicit QuantileLoss(Levels... all) : levels{double(all)...} {
        (rondo::check)(problem());
    }
    /// Names a level that is out of range.
    Error problem() const {
        for (const double level : levels)
            if (!(level > 0 && level < 1))
                return {Error::Kind::argument,
                        "rondo::QuantileLoss: expected levels above 0 and below 1, got " + detail::short_text(level)};
        return {};
    }

    template <class S, class Run>
    auto element(Run& run) const {
        return detail::QuantileElement<S, count>{take_constants(run, levels)};
    }
};
template <class... Levels> QuantileLoss(Levels...) -> QuantileLoss<int(sizeof...(Levels))>;

} // namespace rondo
