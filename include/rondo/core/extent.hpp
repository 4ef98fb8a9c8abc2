// SPDX-License-Identifier: MIT
#pragma once

#include "error.hpp"

#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The extents of a batch of sequences, and its offset within a larger batch.
///
/// Column t * batch + b of a batch's matrix is step t of sequence b.
///
/// Units   steps and sequences. lengths, if given, has one entry per sequence, from 0 to steps: steps from there on are
///         padding. first_step and first_column are the offset of a slice of a larger batch; random numbers are keyed
///         by them.
struct Extent {
    int steps = 1, batch = 1;
    const int* lengths = nullptr;
    int first_step = 0, first_column = 0;

    constexpr std::size_t columns() const { return std::size_t(steps) * std::size_t(batch); }
    constexpr int length(int b) const { return lengths ? lengths[b] : steps; }
    constexpr bool active(int t, int b) const { return !lengths || t < lengths[b]; }
    constexpr int longest() const {
        int most = lengths ? 0 : steps;
        for (int b = 0; lengths && b < batch; ++b) most = lengths[b] > most ? lengths[b] : most;
        return most;
    }
    bool operator==(const Extent&) const = default;
};

/// The error in an extent: a negative number of steps or sequences, or a length outside 0 to steps.
inline Error problem(const Extent& e) {
    if (e.steps < 0 || e.batch < 0)
        return {Error::Kind::argument, "rondo: expected 0 or more steps and sequences, got " + std::to_string(e.steps) +
                                           " and " + std::to_string(e.batch)};
    for (int b = 0; e.lengths && b < e.batch; ++b)
        if (e.lengths[b] < 0 || e.lengths[b] > e.steps)
            return {Error::Kind::argument, "rondo: the length of sequence " + std::to_string(b) + ": expected 0 to " +
                                               std::to_string(e.steps) + " steps, got " + std::to_string(e.lengths[b])};
    return {};
}

/// The error if two operands that are combined elementwise differ in steps or sequences.
inline Error mismatch(const char* what, const Extent& a, const Extent& b) {
    const auto text = [](const Extent& e) {
        return std::to_string(e.steps) + " steps of " + std::to_string(e.batch) + " sequences";
    };
    if (a.steps != b.steps || a.batch != b.batch)
        return {Error::Kind::argument, std::string{what} + ": different extents: " + text(a) + " and " + text(b)};
    return {};
}

/// Calls f(first, count) for each maximal range of consecutive sequences that are valid (not padding) at step t.
///
/// Sequences sorted by decreasing length form one range per step.
template <class F>
void for_each_valid_range(const Extent& e, int t, F&& f) {
    for (int b = 0; b < e.batch;) {
        const int first = b;
        if (!e.lengths) b = e.batch;
        while (b < e.batch && e.active(t, b)) ++b;
        if (b > first) f(first, b - first); // the only call: f may be large, and is inlined here
        while (b < e.batch && !e.active(t, b)) ++b;
    }
}

/// Consecutive columns of a batch.
struct ColumnRange {
    std::size_t first = 0, count = 0;
};

/// The first maximal range of valid columns from `from` on, of those before `end`; of count 0 if there is none.
inline ColumnRange next_valid_range(const Extent& e, std::size_t from, std::size_t end) {
    if (!e.lengths || from >= end) return {from, end - (from < end ? from : end)};
    const auto batch = std::size_t(e.batch);
    int t = int(from / batch), b = int(from % batch);
    const auto skip = [&](bool valid) { // columns that are, or are not
        for (; from < end && e.active(t, b) == valid; ++from)
            if (++b == e.batch) b = 0, ++t;
    };
    skip(false);
    const std::size_t first = from;
    skip(true);
    return {first, from - first};
}

/// Calls f(first, count) for each maximal range of valid columns of the steps [from, to).
template <class F>
void for_each_valid_range(const Extent& e, int from, int to, F&& f) {
    const auto column = [&](int t) { return std::size_t(t) * std::size_t(e.batch); };
    ColumnRange range{column(from), 0};
    while ((range = next_valid_range(e, range.first + range.count, column(to))).count > 0) f(range.first, range.count);
}

/// Calls f(first, count) for each maximal range of valid columns of all steps.
template <class F>
void for_each_valid_range(const Extent& e, F&& f) {
    for_each_valid_range(e, 0, e.steps, f);
}

} // namespace rondo
