// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "batch.hpp"
#include "padded.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Sequences of any lengths, each with its target, shuffled each epoch; the last mini-batch has the remaining ones.
/// Shorter sequences of a mini-batch are padded with `padding`, and its extents have lengths.
///
/// An input has In features a step, or one token (X = int, In = 1). A target has Out numbers (or one class), for the
/// whole sequence or for each of its steps.
///
/// Shapes  inputs (In x longest x batch); targets (Out x batch) or (Out x longest x batch).
/// Errors  sizes that are no multiple of In or Out, steps and targets that differ in number, a sample without steps, no
///         sample, a batch below 1.
/// Memory  the samples, and one mini-batch of the longest.
template <class X, int In, class Y, int Out>
class Samples {
public:
    enum class Target { each_sequence, each_step };

    Samples(int batch, Target target, X padding = X(0))
        : target_{target}, order_{"rondo::Samples", "sample", batch}, input_{padding} {}

    void add(std::span<const X> input, std::span<const Y> target) {
        const std::size_t steps = input.size() / In, targets = target_ == Target::each_step ? steps : 1;
        if (input.size() % In != 0 || target.size() != targets * Out)
            fail(Error::Kind::argument, "rondo::Samples: sample " + std::to_string(size()) + ": expected " +
                                            std::to_string(In) + " numbers per step and " +
                                            std::to_string(targets * Out) + " of the target (" +
                                            (target_ == Target::each_step ? "each_step" : "each_sequence") + "), got " +
                                            std::to_string(input.size()) + " and " + std::to_string(target.size()));
        if (steps == 0)
            fail(Error::Kind::argument,
                 "rondo::Samples: sample " + std::to_string(size()) + ": expected one step or more, got none");
        inputs_.add({input});
        outputs_.add({target});
        order_.add();
    }
    /// The same with a target of one number, or one class.
    void add(std::span<const X> input, const Y& target)
        requires (Out == 1)
    {
        add(input, std::span<const Y>{&target, 1});
    }
    template <class Input, class T>
        requires (!std::convertible_to<const Input&, std::span<const X>> ||
                  !(std::convertible_to<const T&, std::span<const Y>> ||
                    (Out == 1 && std::convertible_to<const T&, Y>)))
    void add(const Input&, const T&) = delete; // the input is a span of X, the target one of Y

    std::size_t size() const { return order_.size(); }

    /// Mini-batches of similar lengths, with less padding: each epoch's order is sorted within pools of `batches`
    /// mini-batches, and the mini-batches are shuffled. 0, the default: off. A larger pool has less padding, but is
    /// less random.
    ///
    /// Errors  batches below 0.
    void group_by_length(int batches) { order_.group_by_length(batches); }

    std::size_t count() const { return order_.count(); }
    void begin_epoch(Seed seed, std::int64_t epoch) {
        order_.begin_epoch(seed, epoch, [this](std::size_t n) { return inputs_.steps(n); });
    }
    /// The indices of mini-batch k's samples, in the order of its sequences, and the steps of sample n's target.
    std::span<const std::size_t> indices(std::size_t k) {
        return order_.at(k, [this](std::size_t n) { return inputs_.steps(n); });
    }
    std::size_t target_steps(std::size_t n) const { return outputs_.steps(n); }
    /// The k-th mini-batch; of several ranks, a rank's samples.
    Batch<SequenceView<const Y, Out>, SequenceView<const X, In>> at(std::size_t k, const RankPart& part = {}) {
        const auto all = indices(k);
        const Shards own = part.of(all.size());
        reserve();
        const Extent extent =
            own.cut(lengths_.extent(all.size(), [&](std::size_t b) { return inputs_.steps(all[b]); }));
        const auto chosen = all.subspan(std::size_t(own.begin()));
        const Extent of_targets = target_ == Target::each_step ? extent : own.cut(Extent{1, own.batch});
        return {{input_.fill(extent, [&](std::size_t b) { return inputs_[chosen[b]]; })},
                output_.fill(of_targets, [&](std::size_t b) { return outputs_[chosen[b]]; }),
                StatePolicy::none,
                part.note(own)};
    }

private:
    void reserve() {
        const std::size_t most = order_.widest();
        input_.reserve(inputs_.longest() * most);
        output_.reserve(outputs_.longest() * most);
        lengths_.reserve(most);
    }

    Target target_;
    detail::PaddedOrder order_;
    detail::Ragged<X, In> inputs_;
    detail::Ragged<Y, Out> outputs_;
    detail::PaddedBlock<X, In> input_;
    detail::PaddedBlock<Y, Out> output_;
    detail::PaddedLengths lengths_;
};

} // namespace rondo
