// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

namespace detail {
/// A sum of weighted numbers and of the weights; their mean is 0 without a number.
struct Mean {
    double sum = 0, weight = 0;
    void add(double number, double by) { sum += by * number, weight += by; }
    double value() const { return weight > 0 ? sum / weight : 0; }
};
}

/// The fraction of targets that the network gives the greatest output. Of targets that are numbers (0 or 1, each with a
/// logit of its own), the fraction whose logit is above 0 exactly if they are above 0.5. An output that is NaN is
/// wrong.
///
/// Classes that are `ignore`, and numbers that are NaN, do not count.
struct Accuracy {
    int ignore = -100;
    detail::Mean mean{};

    void clear() { mean = {}; }
    template <class S>
    void add(const Column<S, int>& c) {
        if (!is_counted(c, ignore)) return;
        const auto most = std::max_element(c.y.begin(), c.y.end()) - c.y.begin();
        mean.add(most == c.target[0] && !std::isnan(c.y[std::size_t(most)]), c.weight);
    }
    template <class S>
    void add(const Column<S, S>& c) {
        for (std::size_t k = 0; k < c.target.size(); ++k)
            if (!std::isnan(c.target[k]))
                mean.add((c.y[k] > 0) == (c.target[k] > S(0.5)) && !std::isnan(c.y[k]), c.weight);
    }
    double value() const { return mean.value(); }
    static constexpr bool larger_is_better = true;
    static std::string name() { return "accuracy"; }
};

/// The fraction of targets that are among the k classes of the greatest outputs. Equal outputs count for the target.
///
/// Targets that are `ignore` do not count.
struct TopK {
    int k = 5;
    int ignore = -100;
    detail::Mean mean{};

    void clear() { mean = {}; }
    template <class S>
    void add(const Column<S, int>& c) {
        if (!is_counted(c, ignore)) return;
        const S of_target = c.y[std::size_t(c.target[0])];
        const auto above = std::count_if(c.y.begin(), c.y.end(), [of_target](S y) { return !(y <= of_target); });
        mean.add(above < k, c.weight);
    }
    double value() const { return mean.value(); }
    static constexpr bool larger_is_better = true;
    std::string name() const { return "top_" + std::to_string(k); }
};

} // namespace rondo::metric
