// SPDX-License-Identifier: MIT
#pragma once

#include "elementwise.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Element>
struct UnlessIgnored {
    Element of;
    double value;

    template <class S>
    RONDO_HOST_DEVICE bool ignores(S target) const {
        return target == S(value) || (std::isnan(value) && std::isnan(target));
    }
    template <class Y, class S, class Gradient>
    RONDO_HOST_DEVICE void add(const Y& y, S target, S scale, S& loss, Gradient* gradient) const {
        if (!ignores(target)) of.add(y, target, scale, loss, gradient);
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
    requires (Loss::outputs > 0)
struct IgnoreTargets : ElementwiseLoss<IgnoreTargets<Loss>, Loss::outputs> {
    Loss loss;
    double value = std::numeric_limits<double>::quiet_NaN();

    explicit IgnoreTargets(Loss of, double ignored = std::numeric_limits<double>::quiet_NaN())
        : loss{std::move(of)}, value{ignored} {}

    static constexpr const char* name = [] {
        if constexpr (requires { Loss::name; }) return Loss::name;
        else return "rondo";
    }();
    bool counts(auto target) const {
        return !detail::UnlessIgnored<int>{0, value}.ignores(target) && [&] {
            if constexpr (detail::CountsTargets<Loss, decltype(target)>) return loss.counts(target);
            else return true;
        }();
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
