// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace common {

/// Accuracy of generated sequences.
struct Scores {
    std::size_t pairs = 0, right = 0, wrong_symbols = 0, symbols = 0;

    void add(const std::vector<int>& said, const std::vector<int>& wanted) {
        ++pairs;
        right += said == wanted;
        symbols += wanted.size();
        wrong_symbols += edits(said, wanted);
    }
    double exact() const { return double(right) / double(pairs); }
    double error_rate() const { return double(wrong_symbols) / double(symbols); }

    /// The edit distance: the least number of insertions, deletions and substitutions (Levenshtein 1965).
    static std::size_t edits(const std::vector<int>& from, const std::vector<int>& to) {
        std::vector<std::size_t> row(to.size() + 1);
        for (std::size_t k = 0; k < row.size(); ++k) row[k] = k;
        for (std::size_t i = 1; i <= from.size(); ++i) {
            std::size_t diagonal = std::exchange(row[0], i);
            for (std::size_t k = 1; k <= to.size(); ++k)
                diagonal = std::exchange(row[k],
                                         std::min({row[k] + 1, row[k - 1] + 1, diagonal + (from[i - 1] != to[k - 1])}));
        }
        return row.back();
    }
};

} // namespace common
