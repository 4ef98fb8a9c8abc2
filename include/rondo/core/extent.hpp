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
    if (!e.lengths) return f(0, e.batch);
    for (int b = 0; b < e.batch;) {
        const int first = b;
        while (b < e.batch && e.active(t, b)) ++b;
        if (b > first) f(first, b - first);
        while (b < e.batch && !e.active(t, b)) ++b;
    }
}

/// Calls f(first, count) for each maximal range of valid columns of the steps [from, to).
template <class F>
void for_each_valid_range(const Extent& e, int from, int to, F&& f) {
    std::size_t first = 0, count = 0;
    for (int t = from; t < to; ++t)
        for_each_valid_range(e, t, [&](int begin, int n) {
            const std::size_t column = std::size_t(t) * std::size_t(e.batch) + std::size_t(begin);
            if (column == first + count) {
                count += std::size_t(n);
            } else {
                if (count > 0) f(first, count);
                first = column;
                count = std::size_t(n);
            }
        });
    if (count > 0) f(first, count);
}

/// Calls f(first, count) for each maximal range of valid columns of all steps.
template <class F>
void for_each_valid_range(const Extent& e, F&& f) {
    for_each_valid_range(e, 0, e.steps, f);
}

} // namespace rondo
