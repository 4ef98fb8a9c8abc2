// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

/// The probability of each sequence of labels, summed over all alignments, which are tried one by one.
///
/// Shapes  logits (classes x T).
inline std::map<std::vector<int>, double> ctc_brute_force(const std::vector<double>& logits, std::size_t classes,
                                                          int blank) {
    const std::size_t steps = logits.size() / classes;
    std::vector<double> p(logits.size());
    for (std::size_t t = 0; t < steps; ++t) {
        double sum = 0;
        for (std::size_t k = 0; k < classes; ++k) sum += p[t * classes + k] = std::exp(logits[t * classes + k]);
        for (std::size_t k = 0; k < classes; ++k) p[t * classes + k] /= sum;
    }
    std::map<std::vector<int>, double> all;
    std::vector<std::size_t> path(steps);
    for (bool more = true; more;) {
        double likely = 1;
        std::vector<int> labels;
        for (std::size_t t = 0; t < steps; ++t) {
            likely *= p[t * classes + path[t]];
            if (int(path[t]) != blank && (t == 0 || path[t] != path[t - 1])) labels.push_back(int(path[t]));
        }
        all[labels] += likely;
        more = false;
        for (std::size_t t = 0; t < steps && !more; ++t) {
            more = ++path[t] < classes;
            if (!more) path[t] = 0;
        }
    }
    return all;
}
