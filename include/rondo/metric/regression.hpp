// SPDX-License-Identifier: MIT
#pragma once

#include "accuracy.hpp"
#include "concept.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

// If a network gives several numbers for each target, such as a mean and a variance, these metrics are of the first.
// Targets that are NaN do not count.

/// Mean squared error.
struct MSE {
    detail::Mean mean{};

    void clear() { mean = {}; }
    template <class S>
    void add(const Column<S, S>& c) {
        for (std::size_t k = 0; k < c.target.size(); ++k)
            if (const double error = double(c.y[k]) - double(c.target[k]); c.target[k] == c.target[k])
                mean.add(error * error, c.weight);
    }
    double value() const { return mean.value(); }
    static constexpr bool larger_is_better = false;
    static std::string name() { return "mse"; }
};

/// Mean absolute error.
struct MAE {
    detail::Mean mean{};

    void clear() { mean = {}; }
    template <class S>
    void add(const Column<S, S>& c) {
        for (std::size_t k = 0; k < c.target.size(); ++k)
            if (c.target[k] == c.target[k]) mean.add(std::abs(double(c.y[k]) - double(c.target[k])), c.weight);
    }
    double value() const { return mean.value(); }
    static constexpr bool larger_is_better = false;
    static std::string name() { return "mae"; }
};

/// Coefficient of determination: the part of the targets' variance that the network explains, the mean over the numbers
/// of a target.
///
///   R2 = 1 - sum_n (target_n - y_n)^2 / sum_n (target_n - mean of the targets)^2                        (1)
///
/// Targets that are all equal have 1 if the network gives them, else 0, as scikit-learn's.
///
/// Source  Welford, "Note on a method for calculating corrected sums of squares and products", Technometrics 4 (1962),
///         with weights: West, CACM 22 (1979).
struct R2 {
    struct Sums {
        double weight = 0, mean = 0, squares = 0, residual = 0; // squares: about the mean
    };
    std::vector<Sums> of{};

    void clear() { of.clear(); }
    template <class S>
    void add(const Column<S, S>& c) {
        of.resize((std::max)(of.size(), c.target.size()));
        for (std::size_t k = 0; k < c.target.size(); ++k) {
            if (c.target[k] != c.target[k]) continue;
            const double target = double(c.target[k]), error = target - double(c.y[k]), from_mean = target - of[k].mean;
            of[k].weight += c.weight;
            of[k].mean += from_mean * (c.weight / of[k].weight);
            of[k].squares += c.weight * from_mean * (target - of[k].mean);
            of[k].residual += c.weight * error * error;
        }
    }
    double value() const {
        detail::Mean mean;
        for (const Sums& s : of)
            if (s.weight > 0) mean.add(s.squares > 0 ? 1 - s.residual / s.squares : double(s.residual == 0), 1);
        return mean.value();
    }
    static constexpr bool larger_is_better = true;
    static std::string name() { return "r2"; }
};

} // namespace rondo::metric
