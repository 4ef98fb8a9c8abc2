// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/scratch.hpp"
#include "../core/number_text.hpp"
#include "../core/weighted_target.hpp"
#include "../graph/loss_value.hpp"
#include "columns.hpp"
#include "ctc_alignments.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
/// The operation of CTC: a loss for each sequence, and its gradient. It has no backward: L is the final loss.
template <class S>
struct CTCLosses {
    DynamicSequenceView<S> y;
    DynamicSequenceView<const int> labels;
    const S* weight;
    S* each;
    S scale;
    int blank;
    bool zero_infinity;

    template <class B>
    struct Room {
        S *log_sums, *scales, *alignments;
        int *steps_of, *labels_of;
    };
    std::size_t batch() const { return std::size_t(labels.extent.batch); }
    template <class B>
    Room<B> forward_scratch(Scratch<B>& scratch) const {
        const std::size_t size = CTCAlignments<S>::size(std::size_t(y.extent.steps), std::size_t(labels.extent.steps),
                                                        y.gradient != nullptr);
        Room<B> room{scratch.take(y.columns()), scratch.take(batch()),
                     scratch.take(size * (Asynchronous<B> ? batch() : 1)), nullptr, nullptr};
        if constexpr (Asynchronous<B>) {
            room.steps_of = scratch.take_lengths(y.extent);
            room.labels_of = scratch.take_lengths(labels.extent);
        }
        return room;
    }
    template <class Context>
    void forward(Context& context) const {
        auto scratch = context.scratch();
        const auto room = forward_scratch(scratch);
        auto& backend = context.backend();
        const auto each_range = [&](const auto& f) { for_each_valid_range(y.extent, f); };
        each_range([&](std::size_t first, std::size_t count) {
            backend.columns(LogSums<S>{y.value + first * y.rows, room.log_sums + first, y.rows}, count);
        });
        const int *const steps_of = context.readable_lengths(y.extent, room.steps_of), *const labels_of =
                                                                                           context.readable_lengths(
                                                                                               labels.extent,
                                                                                               room.labels_of);
        backend.columns(CTCAlignments<S>{y.value, y.gradient, room.log_sums, labels.value, weight, steps_of, labels_of,
                                         each, room.scales, room.alignments, y.rows, batch(),
                                         std::size_t(y.extent.steps), std::size_t(labels.extent.steps), blank,
                                         zero_infinity, Context::whole, scale},
                        batch());
        if (!y.gradient) return;
        each_range([&](std::size_t first, std::size_t count) {
            backend.columns(AddSoftmax<S>{y.value, y.gradient, room.log_sums, room.scales, y.rows, batch(), first},
                            count);
        });
    }
};

/// The steps that sequence b's labels need: one each, and a blank between two that are equal.
inline int ctc_steps(const Tokens& labels, int b) {
    const int count = labels.extent.length(b), batch = labels.extent.batch;
    int steps = count;
    for (int u = 1; u < count; ++u) steps += labels.value[u * batch + b] == labels.value[(u - 1) * batch + b];
    return steps;
}
}

/// Connectionist temporal classification: the negative log likelihood of a sequence of labels, shorter than the
/// sequence of steps, summed over all of their alignments. The alignment of labels and steps is not given.
///
///   p(k, t) = softmax(y_t)_k                                                  (1)
///   l_b = -log sum_a prod_t p(a_t, t)                                         (2)
///   L = 1/N sum_b w_b l_b / max(1, U_b),  N = sum_b w_b                        (3)
///
/// a runs over all sequences of T_b classes that become the U_b labels of sequence b if equal neighbours are merged and
/// then blanks are removed. Eq. (3) is PyTorch's reduction "mean": the loss of each sequence is divided by its number
/// of labels; N is the number of sequences, or the sum of their weights.
///
/// blank          the class of steps without a label; the network has one output for it and one for each label.
/// zero_infinity  labels need one step each and one more between two that are equal. Where there are fewer, no
///                alignment exists: the loss is infinity, and training refuses such a sequence. With zero_infinity its
///                loss and gradient are zero; it counts in N.
///
/// Computed in the log domain, with the largest of each step subtracted. ctc_greedy and ctc_beam_search decode.
///
/// Shapes  y (Classes x T B) logits, whose lengths are T_b; target (U B) labels, whose lengths are U_b from 0 on.
///         Weights (WeightedTarget) are of sequences: all labels of one have the same. LabelledSequences makes both. If
///         WeightedSamples has a weight for each label, sequences without labels have weight 0.
/// Units   nats.
/// Errors  a blank that is not a class; a label that is the blank, or not a class; without zero_infinity, in training,
///         fewer steps than a sequence's labels need.
/// Memory  while it is computed, 2 U + 5 numbers for each step of the longest sequence; on a device, of each sequence.
/// Source  Graves, Fernandez, Gomez, Schmidhuber, "Connectionist temporal classification: labelling unsegmented
///         sequence data with recurrent neural networks", ICML 2006, section 4.
struct CTC {
    int blank = 0;
    bool zero_infinity = false;
    static constexpr const char* name = "rondo::CTC";

    /// Names a blank that is not one of the classes.
    Error problem(int classes) const {
        if (blank >= 0 && blank < classes) return {};
        return {Error::Kind::argument, "rondo::CTC: blank: expected a class from 0 to " + std::to_string(classes - 1) +
                                           ", got " + std::to_string(blank)};
    }
    /// N of eq. (3).
    template <class Target = Tokens>
    double terms(const Target& target) const {
        const int batch = detail::values_of(target).extent.batch;
        double sum = 0;
        for (int b = 0; b < batch; ++b) sum += weight(target, b);
        return sum;
    }
    /// The error for the first label that is the blank or no class, or for a setting.
    template <class Target = Tokens>
    Error(check)(const Target& target, int classes) const {
        if (Error found = problem(classes)) return found;
        const Tokens& labels = detail::values_of(target);
        if constexpr (HasWeights<Target>)
            if (Error found = weights_problem(target)) return found;
        for (int b = 0; b < labels.extent.batch; ++b)
            for (int u = 0; u < labels.extent.length(b) && weight(target, b) != 0; ++u) {
                const int label = labels.value[std::size_t(u) * std::size_t(labels.extent.batch) + std::size_t(b)];
                const bool is_class = label >= 0 && label < classes;
                if (is_class && label != blank) continue;
                return {Error::Kind::argument, "rondo::CTC: label " + std::to_string(label) + " of sequence " +
                                                   sequence(labels, b) + ", position " +
                                                   std::to_string(labels.extent.first_step + u) +
                                                   (is_class ? " is the blank; labels are the other classes from 0 to "
                                                             : " is not a class from 0 to ") +
                                                   std::to_string(classes - 1)};
            }
        return {};
    }
    /// N L / terms; adds its gradient to y's.
    template <class Run, class S, int Classes, TargetOf<int, 1, S> Target>
    LossValue<typename Run::backend_type> operator()(Run& run, SequenceView<S, Classes> y, const Target& target,
                                                     double terms) const {
        const Tokens& labels = detail::values_of(target);
        (rondo::check)(rondo::problem(labels.extent));
        if (y.extent.batch != labels.extent.batch)
            fail(Error::Kind::argument, "rondo::CTC: the network gave " + std::to_string(y.extent.batch) +
                                            " sequences, the targets are " + std::to_string(labels.extent.batch));
        check_targets(run, *this, target, Classes);
        if (!run.taped()) y.gradient = nullptr;
        else if (!zero_infinity)
            detail::with_host_targets(run, target,
                                      [&](const auto& on_host) { (rondo::check)(fit_problem(y.extent, on_host)); });
        const Extent of_losses{1, labels.extent.batch, nullptr, 0, labels.extent.first_column};
        S* const each = run.take_zeros(of_losses.columns());
        if (labels.extent.batch > 0)
            run.execute(detail::CTCLosses<S>{y, labels,
                                             labels.extent.steps > 0 ? detail::weights_of<S>(target) : nullptr, each,
                                             S(1 / terms), blank, zero_infinity});
        run.note_lengths(labels.extent);
        return run.loss(each, of_losses);
    }

private:
    static std::string sequence(const Tokens& labels, int b) { return std::to_string(labels.extent.first_column + b); }
    // A sequence without labels may have no step, and so no weight.
    template <class Target>
    static double weight(const Target& target, int b) {
        return detail::values_of(target).extent.steps > 0 ? detail::weight_of(target, std::size_t(b)) : 1;
    }
    template <class Target>
    static Error weights_problem(const Target& target) {
        const Tokens& labels = target.values;
        if (Error found = mismatch("rondo: targets and weights", labels.extent, target.weights.extent)) return found;
        for (int b = 0; b < labels.extent.batch; ++b) {
            const double first = weight(target, b);
            const auto refuse = [&](const std::string& what) {
                return Error{Error::Kind::argument,
                             "rondo::CTC: the weights of sequence " + sequence(labels, b) + ": expected " + what};
            };
            if (!(first >= 0 && std::isfinite(first)))
                return refuse("finite numbers of 0 or more, got " + detail::short_text(first));
            for (int u = 1; u < labels.extent.length(b); ++u) {
                const double other = detail::weight_of(target, std::size_t(u * labels.extent.batch + b));
                if (other != first)
                    return refuse("one for all of its labels, got " + detail::short_text(first) + " and " +
                                  detail::short_text(other));
            }
        }
        return {};
    }
    template <class Target>
    static Error fit_problem(const Extent& steps, const Target& target) {
        const Tokens& labels = detail::values_of(target);
        for (int b = 0; b < labels.extent.batch; ++b) {
            const int needed = detail::ctc_steps(labels, b), count = labels.extent.length(b);
            if (needed <= steps.length(b) || weight(target, b) == 0) continue;
            return {Error::Kind::argument,
                    "rondo::CTC: sequence " + sequence(labels, b) + ": expected " + std::to_string(needed) +
                        " steps or more for its " + std::to_string(count) + " labels" +
                        (needed > count ? ", " + std::to_string(needed - count) + " of them repeated" : "") + ", got " +
                        std::to_string(steps.length(b)) + "; zero_infinity leaves such sequences out"};
        }
        return {};
    }
};

} // namespace rondo
