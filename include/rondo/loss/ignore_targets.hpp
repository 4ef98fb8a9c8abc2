// SPDX-License-Identifier: MIT
#pragma once

#include "concept.hpp"
#include "elementwise.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Loss>
constexpr int outputs_for_each = [] {
    if constexpr (OverNumbers<Loss>) return Loss::outputs;
    else return 1;
}();
template <class Element>
struct UnlessIgnored {
    Element of;
    double value;

    template <class S>
    RONDO_HOST_DEVICE bool ignores(S target) const {
        return target == S(value) || (std::isnan(value) && std::isnan(target));
    }
    template <class S>
    RONDO_HOST_DEVICE bool counts(S target) const {
        return !ignores(target) && counts_target(of, target);
    }
    template <class Y, class S, class Gradient>
    RONDO_HOST_DEVICE void add(const Y& y, S target, S scale, S& loss, Gradient* gradient) const {
        of.add(y, target, scale, loss, gradient);
    }
};
}

/// A loss over numbers without the targets of one value, NaN by default: measurements that are missing. They are no
/// terms, and the outputs for them get no gradient.
///
///   fit(model, data, IgnoreTargets{MeanSquaredError{}}, Adam{}, {.epochs = 20});
///   fit(model, data, IgnoreTargets{BinaryCrossEntropy{}, -1}, Adam{}, {.epochs = 20});
///
/// Losses over classes have a setting `ignore`.
///
/// Shapes  those of the loss.
/// Errors  those of the loss.
template <class Loss>
struct IgnoreTargets : ElementwiseLoss<IgnoreTargets<Loss>, detail::outputs_for_each<Loss>> {
    static_assert(detail::OverNumbers<Loss>,
                  "rondo::IgnoreTargets: the loss is not over numbers; losses over classes have a setting `ignore`");
    Loss loss;
    double value = std::numeric_limits<double>::quiet_NaN();

    explicit IgnoreTargets(Loss of, double ignored = std::numeric_limits<double>::quiet_NaN())
        : loss{std::move(of)}, value{ignored} {}

    static constexpr const char* name = [] {
        if constexpr (requires { Loss::name; }) return Loss::name;
        else return "rondo";
    }();
    bool counts(auto target) const {
        return !detail::UnlessIgnored<int>{0, value}.ignores(target) && detail::counts_target(loss, target);
    }
    /// Names a setting of the loss that is out of range.
    Error problem() const {
        if constexpr (detail::HasSettings<Loss>) return loss.problem();
        else return {};
    }
    std::string wrong(auto target) const {
        if constexpr (detail::RefusesTargets<Loss, decltype(target)>) return counts(target) ? loss.wrong(target) : "";
        else return "";
    }
    template <class S, class Run>
    auto element(Run& run) const {
        if constexpr (detail::HasElement<Loss, S, Run>) {
            const auto of = loss.template element<S>(run);
            return detail::UnlessIgnored<std::remove_const_t<decltype(of)>>{of, value};
        } else {
            return detail::UnlessIgnored<Loss>{loss, value};
        }
    }
};
template <class Loss> IgnoreTargets(Loss) -> IgnoreTargets<Loss>;
template <class Loss> IgnoreTargets(Loss, double) -> IgnoreTargets<Loss>;

} // namespace rondo
