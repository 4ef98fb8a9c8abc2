// SPDX-License-Identifier: MIT
#pragma once

#include "../op/constants.hpp"
#include "columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

// What losses over classes have in common: an ignored target and weights of the classes.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The number of terms: of each target that is not ignored, the weight of its class.
template <class Loss, class Target>
double class_terms(const Loss& loss, const Target& target) {
    const std::vector<double>& weights = loss.weights;
    return count_terms(target, [&](const int* at) {
        if (*at == loss.ignore) return 0.0;
        if (weights.empty()) return 1.0;
        return *at >= 0 && std::size_t(*at) < weights.size() ? weights[std::size_t(*at)] : 0; // check names it
    });
}

/// An error for weights that are not those of the classes: one of each, 0 or more.
inline Error class_weights_problem(const char* name, const std::vector<double>& weights, int classes) {
    const auto what = [&] { return std::string{name} + ": weights: "; }; // good weights allocate nothing
    // Of a network whose size is not stated, the number of classes is not known here.
    if (!weights.empty() && classes < (std::numeric_limits<int>::max)() && weights.size() != std::size_t(classes))
        return {Error::Kind::argument, what() + "expected one for each of " + std::to_string(classes) +
                                           " classes, got " + std::to_string(weights.size())};
    for (std::size_t k = 0; k < weights.size(); ++k)
        if (!(weights[k] >= 0 && std::isfinite(weights[k])))
            return {Error::Kind::argument, what() + "expected finite numbers of 0 or more, got " +
                                               short_text(weights[k]) + " for class " + std::to_string(k)};
    return {};
}

/// The error for weights, or for the first target that is neither a class nor ignored.
template <class Loss, class Target>
Error class_problem(const Loss& loss, const Target& target, int classes) {
    if (Error found = loss.problem(classes)) return found;
    if (!loss.weights.empty()) classes = (std::min)(classes, int(loss.weights.size()));
    return find_wrong(Loss::name, target, [&](int at) {
        if (at == loss.ignore || (at >= 0 && at < classes)) return std::string{};
        return "is not a class from 0 to " + std::to_string(classes - 1);
    });
}

/// Records a loss over classes: calls column.add<P>(c, weight of the target's class) for each target that is not
/// ignored, whose scale has the weight in it.
template <class S, class Column>
struct ClassColumn {
    Column of;
    int ignore;
    const S* weights; // null: all 1

    template <class P>
    RONDO_HOST_DEVICE void add(LossColumn<S, int> c) const {
        if (*c.target == ignore) return;
        if (weights) c.scale *= weights[*c.target];
        of.template add<P>(c);
    }
};
template <class Run, class Loss, class S, int Classes, class Target, class Column>
auto sum_classes(Run& run, const Loss& loss, const SequenceView<S, Classes>& y, const Target& target, double terms,
                 const Column& column) {
    (check)(loss.problem(Classes));
    check_targets(run, loss, target, Classes);
    const S* const weights = take_constants(run, loss.weights);
    return sum_columns(run, y, target, terms, ClassColumn<S, Column>{column, loss.ignore, weights});
}

} // namespace rondo::detail
