// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/weighted_target.hpp"
#include "../graph/forward_context.hpp"

#include <concepts>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class L, class Run, class Y, class Target>
concept LossIn = requires(const L& loss, Run& run, const Y& y, const Target& target, double terms, int classes) {
    { loss.terms(target) } -> std::convertible_to<double>;
    { (loss.check)(target, classes) } -> std::convertible_to<Error>;
    { loss(run, y, target, terms) } -> std::same_as<LossValue<typename Run::backend_type>>;
};
// The losses of the library, for messages: those over numbers, over classes and over sequences of labels.
template <class L>
concept OverNumbers = requires { L::outputs; };
template <class L>
concept OverClasses = requires(const L& loss) { loss.ignore, loss.weights; };
template <class L> // a sequence of labels, of another length than the network's result
concept OverLabels = requires(const L& loss) { loss.blank, loss.zero_infinity; };
}

/// A loss, as Trainer calls it: L = 1/N sum of terms, of a network's result y and a mini-batch's targets.
///
///   loss.terms(target)           N: how many terms the targets have, or the sum of their weights; 0: none
///   loss.check(target, classes)  the error for targets that are out of range; classes: the network's output size
///   loss(run, y, target, n)      records N L / n and adds its gradient to y's; returns LossValue, or a sum of them
///
/// A mini-batch is split into parts, on each of which the loss is called with the N of the whole: the parts of a loss
/// and of its gradient add up. terms and check read the targets in host memory; while the loss is recorded they may be
/// a device's.
///
/// ElementwiseLoss and sum_columns make one of a few lines: docs/custom-losses.md.
template <class L, class B, class Y, class Target>
concept Loss = Backend<B> && std::copy_constructible<L> && detail::LossIn<L, ForwardContext<B>, Y, Target>;

} // namespace rondo
