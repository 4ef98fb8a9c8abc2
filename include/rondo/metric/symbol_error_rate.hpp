// SPDX-License-Identifier: MIT
#pragma once

#include "../core/ctc_greedy.hpp"
#include "concept.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

/// The least number of insertions, deletions and substitutions that make one sequence of labels of another.
///
/// Memory  one number for each of b, and one.
/// Source  Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966; by the
///         recurrence of Wagner and Fischer, 1974.
inline std::size_t edit_distance(std::span<const int> a, std::span<const int> b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t k = 0; k < row.size(); ++k) row[k] = k;
    for (std::size_t n = 0; n < a.size(); ++n) {
        std::size_t diagonal = std::exchange(row[0], n + 1);
        for (std::size_t k = 0; k < b.size(); ++k) {
            const std::size_t substituted = diagonal + (a[n] == b[k] ? 0 : 1);
            diagonal = row[k + 1];
            row[k + 1] = (std::min)({substituted, diagonal + 1, row[k] + 1});
        }
    }
    return row.back();
}

/// The edit distances between targets and the labels that greedy decoding finds, divided by the number of target
/// labels: the symbol (label, phone, character) error rate, 0 without labels. It can exceed 1.
///
///   evaluate(model, held_out, CTC{}, metric::SymbolErrorRate{});
struct SymbolErrorRate {
    double errors = 0, labels = 0;

    void clear() { errors = labels = 0; }
    template <class S>
    void add(const Labelled<S>& sequence) {
        const std::vector<int> found = ctc_greedy(sequence.y, sequence.blank);
        errors += sequence.weight * double(edit_distance(sequence.target, found));
        labels += sequence.weight * double(sequence.target.size());
    }
    double value() const { return labels > 0 ? errors / labels : 0; }
    static constexpr bool larger_is_better = false;
    static std::string name() { return "symbol_error_rate"; }
};

} // namespace rondo::metric
