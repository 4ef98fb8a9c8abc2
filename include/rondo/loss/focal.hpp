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
struct FocalColumn {
    S gamma;

    template <class P>
    RONDO_HOST_DEVICE void add(const LossColumn<S, int>& c) const {
        const auto target = std::size_t(*c.target);
        const auto [top, sum] = exp_column<P>(c.y, c.rows, [](PartialPack<P>, std::size_t, P) {});
        const S most = top, log_p = c.y[target] - most - std::log(sum), p = std::exp(log_p);
        S others = 0; // not sum - exp(y_right): 1 - p keeps its digits where p is close to 1
        for (std::size_t k = 0; k < c.rows; ++k)
            if (k != target) others += std::exp(c.y[k] - most);
        const S q = others / sum, power = std::pow(q, gamma);
        *c.loss = -c.scale * power * log_p;
        if (!c.gradient) return;
        // dl/dy_k = g (1 if k is the target's, else 0) - g p_k, g = p dl/dp
        const S of_power = gamma == 0 || q == 0 ? S(0) : gamma * power / q * p * log_p,
                g = c.scale * (of_power - power);
        const P part_of(-g / sum);
        for_each_pack<P>(c.rows, [&](PartialPack<P> part, std::size_t k) {
            part.store(c.gradient + k,
                       math::fma(part_of, math::exp(part.load(c.y + k) - P(most)), part.load(c.gradient + k)));
        });
        c.gradient[target] += g;
    }
};
}

/// Cross-entropy in which targets that are predicted well count less, over all valid steps whose target is not
/// `ignore`.
///
///   p_n = exp y_(target n) n / sum_k exp y_kn                                 (1)
///   L = -1/N sum_n w_(target n) (1 - p_n)^gamma log p_n                       (2)
///   N = sum_n w_(target n)                                                    (3)
///
/// gamma    0: CrossEntropy; 0 or more.
/// weights  w, one of each class; none: all 1.
///
/// Shapes  y (Classes x T B) logits, target (T B), with or without weights of its columns (WeightedTarget).
/// Units   nats.
/// Errors  a target that is neither a class nor `ignore`; settings out of range.
/// Source  Lin et al., "Focal loss for dense object detection", ICCV 2017, arXiv:1708.02002, eq. (4), of a softmax.
struct FocalLoss {
    double gamma = 2;
    int ignore = -100;
    std::vector<double> weights{};
    static constexpr const char* name = "rondo::FocalLoss";

    /// Names a setting that is out of range for this number of classes.
    Error problem(int classes) const {
        if (!(gamma >= 0 && std::isfinite(gamma)))
            return {Error::Kind::argument,
                    "rondo::FocalLoss: gamma: expected a finite number of 0 or more, got " + detail::short_text(gamma)};
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
    template <class Run, class S, int Classes, TargetOf<int, 1, S> Target>
    LossValue<typename Run::backend_type> operator()(Run& run, const SequenceView<S, Classes>& y, const Target& target,
                                                     double terms) const {
        return detail::sum_classes(run, *this, y, target, terms, detail::FocalColumn<S>{S(gamma)});
    }
};

} // namespace rondo
