// SPDX-License-Identifier: MIT
#pragma once

#include "../core/number_text.hpp"
#include "classes.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct MultiMarginColumn {
    S margin;

    template <class>
    RONDO_HOST_DEVICE void add(const LossColumn<S, int>& c) const {
        const auto target = std::size_t(*c.target);
        const S scale = c.scale / S(c.rows);
        for (std::size_t k = 0; k < c.rows; ++k) {
            const S violation = margin - (c.y[target] - c.y[k]);
            if (k == target || violation <= 0) continue; // NaN is added
            *c.loss += scale * violation;
            if (c.gradient) c.gradient[k] += scale, c.gradient[target] -= scale;
        }
    }
};
}

/// Hinge loss over classes: the target's score is to exceed every other by a margin. Over all valid steps whose target
/// is not `ignore`.
///
///   L = 1/N sum_n w_(target n) 1/Classes sum_(k != target n) max(0, margin - y_(target n) n + y_kn)    (1)
///   N = sum_n w_(target n)                                                    (2)
///
/// weights  w, one of each class; none: all 1.
///
/// Shapes  y (Classes x T B), target (T B), with or without weights of its columns (WeightedTarget).
/// Units   y's; margin above 0.
/// Errors  a target that is neither a class nor `ignore`; settings out of range.
/// Source  Crammer & Singer, "On the algorithmic implementation of multiclass kernel-based vector machines", JMLR 2
///         (2001); in PyTorch's form, which however divides by the number of targets also with weights.
struct MultiMarginLoss {
    double margin = 1;
    int ignore = -100;
    std::vector<double> weights{};
    static constexpr const char* name = "rondo::MultiMarginLoss";

    /// Names a setting that is out of range for this number of classes.
    Error problem(int classes) const {
        if (!(margin > 0 && std::isfinite(margin)))
            return {Error::Kind::argument, "rondo::MultiMarginLoss: margin: expected a finite number above 0, got " +
                                               detail::short_text(margin)};
        return detail::class_weights_problem(name, weights, classes);
    }
    /// N of eq. (2).
    template <class Target = Tokens> // also of {tokens, nullptr, extent}
    double terms(const Target& target) const {
        return detail::class_terms(*this, target);
    }
    /// The error for the first target that is neither from 0 to classes - 1 nor `ignore`, or for a setting.
    template <class Target = Tokens>
    Error(check)(const Target& target, int classes) const {
        return detail::class_problem(*this, target, classes);
    }
    /// N L / terms; adds its gradient to y's.
    template <class Run, class S, int Classes, TargetOf<int, 1, S> Target>
    LossValue<typename Run::backend_type> operator()(Run& run, const SequenceView<S, Classes>& y, const Target& target,
                                                     double terms) const {
        return detail::sum_classes(run, *this, y, target, terms, detail::MultiMarginColumn<S>{S(margin)});
    }
};

} // namespace rondo
