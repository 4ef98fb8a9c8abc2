// SPDX-License-Identifier: MIT
#pragma once

#include "../core/sequence_scores.hpp"
#include "../version.hpp"

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE::metric {

/// A network's outputs in one step of a sequence, the targets of that step, and their weight, above 0.
///
/// S is the model's scalar; T is int for classes, else S.
template <class S, class T>
struct Column {
    std::span<const S> y;
    std::span<const T> target;
    double weight = 1;
};

/// The outputs of a network in all valid steps of a sequence, and its labels, of a loss over sequences of labels: CTC.
template <class S>
struct Labelled {
    SequenceScores<S> y;
    std::span<const int> target;
    int blank = 0;
    double weight = 1;
};

/// What `evaluate` computes besides the loss, in the same pass: it sees each valid column once, on the host.
///
///   clear()      forgets all columns
///   add(column)  counts one
///   value()      the result, a number also without a column; optional, with
///   name()       under which `evaluate` reports it
///   larger_is_better  a static constexpr bool, for Best::monitor; optional
///
/// `evaluate` clears a metric before the first column. One that is passed by reference keeps what it has counted.
template <class M, class S, class T>
concept Metric = requires(M& metric, const Column<S, T>& column) {
    metric.clear();
    metric.add(column);
};
/// A metric of sequences of labels, which sees each sequence once.
template <class M, class S>
concept LabelMetric = requires(M& metric, const Labelled<S>& sequence) {
    metric.clear();
    metric.add(sequence);
};
template <class M>
concept Clears = requires(M& metric) { metric.clear(); };
template <class M>
concept HasValue = requires(const M& metric) {
    { metric.value() } -> std::convertible_to<double>;
    { metric.name() } -> std::convertible_to<std::string>;
};
/// Whether larger values of a metric are better; nothing if it does not say so.
template <class M>
constexpr std::optional<bool> larger_is_better() {
    if constexpr (requires { bool{M::larger_is_better}; }) return bool{M::larger_is_better};
    else return {};
}

/// Whether a target counts: a class of the outputs other than `ignore`.
template <class S>
bool is_counted(const Column<S, int>& c, int ignore) {
    return c.target[0] != ignore && c.target[0] >= 0 && std::size_t(c.target[0]) < c.y.size();
}

} // namespace rondo::metric
