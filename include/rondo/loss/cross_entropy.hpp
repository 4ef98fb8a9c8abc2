// SPDX-License-Identifier: MIT
#pragma once

#include "../core/number_text.hpp"
#include "../simd/exp_column.hpp"
#include "classes.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct CrossEntropyColumn {
    template <class P>
    RONDO_HOST_DEVICE void add(const LossColumn<S, int>& c) const {
        const auto right = std::size_t(*c.target);
        const auto [top, sum] = exp_column<P>(c.y, c.rows, [](PartialPack<P>, std::size_t, P) {});
        *c.loss = c.scale * (std::log(sum) + (top - c.y[right]));
        if (!c.gradient) return;
        const P most(top), part_of(c.scale / sum);
        for_each_pack<P>(c.rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(c.gradient + k,
                       math::fma(part_of, math::exp(part.load(c.y + k) - most), part.load(c.gradient + k)));
        });
        c.gradient[right] -= c.scale;
    }
};

// With label smoothing: a cross-entropy with every class, of which the target's has the largest part. A weight belongs
// to the class, not to the target, so this column takes the weights itself.
template <class S>
struct SmoothedCrossEntropyColumn {
    int ignore;
    S smoothing;
    const S* weights; // null: all 1

    template <class P>
    RONDO_HOST_DEVICE void add(const LossColumn<S, int>& c) const {
        if (*c.target == ignore) return;
        const auto right = std::size_t(*c.target);
        const auto [top, sum] = exp_column<P>(c.y, c.rows, [](PartialPack<P>, std::size_t, P) {});
        const S log_sum = std::log(sum), most = top, each = c.scale * smoothing / S(c.rows),
                at_target = c.scale * (1 - smoothing) * (weights ? weights[right] : S(1));
        P total(S(0)), below(S(0)); // of the weights; of the weights times (top - y)
        for_each_pack<P>(c.rows, [&](PartialPack<P> part, std::size_t k) {
            const P weight = weights ? part.load(weights + k) : part.zero_rest(P(S(1)));
            total = total + weight;
            below = below + weight * (P(most) - part.load(c.y + k, most));
        });
        const S all = math::sum(total);
        *c.loss = at_target * (log_sum + (most - c.y[right])) + each * (all * log_sum + math::sum(below));
        if (!c.gradient) return;
        const P part_of((at_target + each * all) / sum);
        for_each_pack<P>(c.rows, [&](PartialPack<P> part, std::size_t k) {
            const P weight = weights ? part.load(weights + k) : P(S(1));
            part.store(c.gradient + k, math::fma(part_of, math::exp(part.load(c.y + k) - P(most)),
                                                 part.load(c.gradient + k) - P(each) * weight));
        });
        c.gradient[right] -= at_target;
    }
};
}

/// Mean negative log likelihood of the target class, over all valid steps whose target is not `ignore`, with optional
/// weights of the classes and label smoothing.
///
///   l_kn = log sum_j exp y_jn - y_kn                                          (1)
///   L = 1/N sum_n ((1 - smoothing) w_(target n) l_(target n) n + smoothing / Vocabulary sum_k w_k l_kn)    (2)
///   N = sum_n w_(target n)                                                    (3)
///
/// weights  w, one of each class, for classes of different frequency or importance; none: all 1.
///
/// Shapes  y (Vocabulary x T B) logits, target (T B), with or without weights of its columns (WeightedTarget).
/// Units   nats. smoothing from 0 to 1, weights of 0 or more.
/// Errors  a target that is neither a class nor `ignore`; settings out of range.
/// Source  Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, section 7, in
///         PyTorch's form.
struct CrossEntropy {
    int ignore = -100;
    double smoothing = 0;
    std::vector<double> weights{};
    static constexpr const char* name = "rondo::CrossEntropy";

    /// Names a setting that is out of range for this number of classes.
    Error problem(int classes) const {
        if (!(smoothing >= 0 && smoothing <= 1))
            return {Error::Kind::argument, "rondo::CrossEntropy: smoothing: expected a number from 0 to 1, got " +
                                               detail::short_text(smoothing)};
        return detail::class_weights_problem(name, weights, classes);
    }
    /// N of eq. (3).
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
    template <class Run, class S, int Vocabulary, TargetOf<int, 1, S> Target>
    LossValue<typename Run::backend_type> operator()(Run& run, const SequenceView<S, Vocabulary>& y,
                                                     const Target& target, double terms) const {
        if (smoothing == 0) return detail::sum_classes(run, *this, y, target, terms, detail::CrossEntropyColumn<S>{});
        (rondo::check)(problem(Vocabulary));
        check_targets(run, *this, target, Vocabulary);
        const detail::SmoothedCrossEntropyColumn<S> column{ignore, S(smoothing), take_constants(run, weights)};
        return sum_columns(run, y, target, terms, column);
    }
};

} // namespace rondo
