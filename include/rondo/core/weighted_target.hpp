// SPDX-License-Identifier: MIT
#pragma once

#include "extent.hpp"
#include "view.hpp"

#include <concepts>
#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The targets of a mini-batch with a weight for each column: a loss becomes the weighted mean of its columns.
///
///   L = sum_n w_n l_n / sum_n w_n terms_n                                     (1)
///
/// l_n is the loss of column n, a sum of terms_n terms. A column of weight 0 is ignored, whatever its target is.
/// WeightedSamples makes them from weights of samples.
///
/// Shapes  values (Rows x T B), weights (T B), of the same extent.
/// Units   weights are finite numbers of 0 or more.
template <class Target, class S>
struct WeightedTarget {
    using weight_type = S;

    Target values;
    SequenceView<const S, 1> weights;
    Extent extent;

    WeightedTarget() = default;
    WeightedTarget(const Target& targets, const SequenceView<const S, 1>& of_columns)
        : values{targets}, weights{of_columns}, extent{targets.extent} {}
};

/// The targets of a loss over numbers, or over tokens (T = int), with or without weights.
template <class Target, class T, int Rows, class S>
concept TargetOf = std::same_as<Target, SequenceView<const T, Rows>> ||
                   std::same_as<Target, WeightedTarget<SequenceView<const T, Rows>, S>>;

/// A target with weights.
template <class Target>
concept HasWeights = requires { typename Target::weight_type; };

namespace detail {
/// A target's numbers or tokens, without weights.
template <class T, int Rows>
const SequenceView<T, Rows>& values_of(const SequenceView<T, Rows>& target) {
    return target;
}
template <class Target, class S>
const Target& values_of(const WeightedTarget<Target, S>& target) {
    return target.values;
}
/// The weights of a target's columns; null: all 1.
template <class S, class T, int Rows>
const S* weights_of(const SequenceView<T, Rows>&) {
    return nullptr;
}
template <class S, class Target>
const S* weights_of(const WeightedTarget<Target, S>& target) {
    return target.weights.value;
}
template <class T, int Rows>
double weight_of(const SequenceView<T, Rows>&, std::size_t) {
    return 1;
}
template <class Target, class S>
double weight_of(const WeightedTarget<Target, S>& target, std::size_t column) {
    return double(target.weights.value[column]);
}
/// Calls f with each view that an input or a target consists of.
template <class T, int Rows, class F>
void each_view(SequenceView<T, Rows>& x, const F& f) {
    f(x);
}
template <class T, int Rows, class F>
void each_view(const SequenceView<T, Rows>& x, const F& f) {
    f(x);
}
template <class Target, class S, class F>
void each_view(WeightedTarget<Target, S>& x, const F& f) {
    each_view(x.values, f);
    f(x.weights);
}
template <class Target, class S, class F>
void each_view(const WeightedTarget<Target, S>& x, const F& f) {
    each_view(x.values, f);
    f(x.weights);
}
}

} // namespace rondo
