// SPDX-License-Identifier: MIT
#pragma once

#include "../core/host_device.hpp"
#include "../core/number_text.hpp"
#include "../core/values.hpp"
#include "columns.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The error for a setting of a loss that is not a finite number above 0.
inline Error limit_problem(const char* name, double value) {
    if (value > 0 && std::isfinite(value)) return {};
    return {Error::Kind::argument, std::string{name} + ": expected a finite number above 0, got " + short_text(value)};
}
// The optional members of a loss. Named concepts, since nvcc answers requires expressions in functions wrongly.
template <class Loss, class T>
concept CountsTargets = requires(const Loss& loss, const T& target) { loss.counts(target); };
template <class Loss, class T>
concept RefusesTargets = requires(const Loss& loss, const T& target) { loss.wrong(target); };
template <class Loss>
concept HasSettings = requires(const Loss& loss) { loss.problem(); };
template <class Loss, class S, class Run>
concept HasElement = requires(const Loss& loss, Run& run) { loss.template element<S>(run); };

/// Whether a target is a term.
template <class Loss, class S>
RONDO_HOST_DEVICE bool counts_target(const Loss& loss, S target) {
    if constexpr (CountsTargets<Loss, S>) return loss.counts(target);
    else return true;
}

template <class Element, class S, int outputs>
struct ElementwiseLossColumn {
    Element of;

    template <class>
    RONDO_HOST_DEVICE void add(const LossColumn<S, S>& c) const {
        for (std::size_t k = 0; k < c.target_rows; ++k) {
            if (!counts_target(of, c.target[k])) continue;
            if constexpr (outputs == 1) {
                of.add(c.y[k], c.target[k], c.scale, *c.loss, c.gradient ? c.gradient + k : nullptr);
            } else {
                Values<S, outputs> y, gradient{};
                for (int p = 0; p < outputs; ++p) y[p] = c.y[std::size_t(p) * c.target_rows + k];
                of.add(y, c.target[k], c.scale, *c.loss, c.gradient ? &gradient : nullptr);
                for (int p = 0; c.gradient && p < outputs; ++p)
                    c.gradient[std::size_t(p) * c.target_rows + k] += gradient[p];
            }
        }
    }
};
}

/// Base class of losses that are a mean over every number of the targets, in every valid step.
///
///   L = 1/N sum_n f(y_n, target_n)                                            (1)
///
/// `Loss` defines `add`, which adds scale f to `loss` and, unless `gradient` is null, scale df/dy to `gradient`:
///
///   struct AbsoluteError : ElementwiseLoss<AbsoluteError> {
///       template <class S>
///       RONDO_HOST_DEVICE void add(S y, S target, S scale, S& loss, S* gradient) const {
///           loss += scale * std::abs(y - target);
///           if (gradient) *gradient += y < target ? -scale : scale;
///       }
///   };
///
/// Optional members: `name`, the class's name in errors, with `wrong(target)`, a text such as "is not from 0 to 1" for
/// a target out of range, else empty; `problem()`, the Error for settings that are out of range; `counts(target)`, in
/// host and device code, whether a target is a term: `add` is not called for others; `element<S>(run)`, a trivially
/// copyable value whose `add` and `counts` are called instead, for settings that are not.
///
/// With several `outputs`, the network gives as many numbers for each target, such as a mean and a variance, first
/// output of all targets first: y_n of eq. (1) are the rows n, Size + n, ..., and y and *gradient of `add` are
/// Values<S, outputs>.
///
/// Shapes  y (outputs Size x T B), target (Size x T B), with or without weights (WeightedTarget).
template <class Loss, int outputs_ = 1>
struct ElementwiseLoss {
    static constexpr int outputs = outputs_;

    /// N of eq. (1).
    template <class Target>
    double terms(const Target& target) const {
        const auto& values = detail::values_of(target);
        if constexpr (detail::CountsTargets<Loss, decltype(*values.value)>) {
            return count_terms(target, [&](const auto* column) {
                double sum = 0;
                for (int k = 0; k < values.rows; ++k) sum += self().counts(column[k]);
                return sum;
            });
        } else {
            return values.rows * count_terms(target, [](const auto*) { return 1.0; });
        }
    }
    /// The error for the first target, or weight, that is out of range.
    template <class Target>
    Error(check)(const Target& target, int) const {
        if constexpr (detail::HasSettings<Loss>)
            if (Error found = self().problem()) return found;
        if constexpr (detail::RefusesTargets<Loss, decltype(*detail::values_of(target).value)>)
            return find_wrong(Loss::name, target, [&](auto number) { return self().wrong(number); });
        else if constexpr (HasWeights<Target>) return find_wrong("rondo", target, [](auto) { return std::string{}; });
        else return {};
    }
    /// N L / terms; adds its gradient to y's.
    template <class Run, class S, int Size, class Target>
        requires (Size % outputs == 0) && TargetOf<Target, S, Size / outputs, S>
    LossValue<typename Run::backend_type> operator()(Run& run, const SequenceView<S, Size>& y, const Target& target,
                                                     double terms) const {
        check_targets(run, self(), target, Size);
        const auto record = [&](const auto& element) {
            using Element = std::remove_cvref_t<decltype(element)>;
            return sum_columns(run, y, target, terms, detail::ElementwiseLossColumn<Element, S, outputs>{element});
        };
        if constexpr (detail::HasElement<Loss, S, Run>) return record(self().template element<S>(run));
        else return record(self());
    }

private:
    const Loss& self() const { return static_cast<const Loss&>(*this); }
};

} // namespace rondo
