// SPDX-License-Identifier: MIT
#pragma once

#include "accuracy.hpp"
#include "concept.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

/// Perplexity of logits: exp of the mean cross-entropy of the targets, in nats; the number of equally likely classes
/// that have the same entropy. 1 without a target.
///
/// Targets that are `ignore` do not count.
struct Perplexity {
    int ignore = -100;
    detail::Mean mean{};

    void clear() { mean = {}; }
    template <class S>
    void add(const Column<S, int>& c) {
        if (!is_counted(c, ignore)) return;
        const double most = double(*std::max_element(c.y.begin(), c.y.end()));
        double sum = 0;
        for (const S y : c.y) sum += std::exp(double(y) - most);
        mean.add(std::log(sum) + most - double(c.y[std::size_t(c.target[0])]), c.weight);
    }
    double value() const { return std::exp(mean.value()); }
    static constexpr bool larger_is_better = false;
    static std::string name() { return "perplexity"; }
};

} // namespace rondo::metric
