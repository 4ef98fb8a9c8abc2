// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "accuracy.hpp"
#include "concept.hpp"

#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

/// Fraction of the targets that lie between two of the quantiles that a network gives for each: of those of levels 0.1
/// and 0.9 about 0.8 if the network is calibrated.
///
/// lower, upper  indices of the levels of the QuantileLoss; upper = -1: the last. Targets that are NaN do not count.
///
/// Shapes  a column of y (Q Size), the first quantile of all targets first; target (Size).
/// Errors  argument: an index that no quantile has.
/// Source  Gneiting & Raftery, "Strictly proper scoring rules, prediction, and estimation", JASA 102 (2007), section 6.
struct Coverage {
    int lower = 0, upper = -1;
    detail::Mean mean{};

    void clear() { mean = {}; }
    template <class S>
    void add(const Column<S, S>& c) {
        const std::size_t size = c.target.size();
        const int count = int(c.y.size() / size), last = upper == -1 ? count - 1 : upper;
        for (const int index : {lower, last})
            if (index < 0 || index >= count)
                fail(Error::Kind::argument, "rondo::metric::Coverage: expected indices of " + std::to_string(count) +
                                                " quantiles, got " + std::to_string(index));
        const S *const from = c.y.data() + std::size_t(lower) * size, *const to = c.y.data() + std::size_t(last) * size;
        for (std::size_t k = 0; k < size; ++k)
            if (const S target = c.target[k]; target == target)
                mean.add(target >= from[k] && target <= to[k], c.weight);
    }
    double value() const { return mean.value(); }
    static std::string name() { return "coverage"; }
};

} // namespace rondo::metric
