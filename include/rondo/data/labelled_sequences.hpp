// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "batch.hpp"
#include "padded.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Sequences of any lengths, each with a sequence of labels of another length, such as speech and its words: the data
/// of CTC. They are shuffled each epoch; the last mini-batch has the remaining ones.
///
///   LabelledSequences<float, 26> spoken{16};
///   spoken.add(features, std::vector<int>{3, 1, 4});  // 26 numbers a step, and the labels
///
/// An input has In features a step, or one token (X = int, In = 1). Within a mini-batch the longest inputs come first.
///
/// Shapes  inputs (In x longest input x batch); targets (most labels x batch), each with its lengths. A mini-batch
///         without labels has a target of one step, all of it padding.
/// Errors  a size that is no multiple of In, a sequence without steps, no sequence, a batch below 1. There may be no
///         labels.
/// Memory  the sequences, and one mini-batch of the longest.
template <class X, int In>
class LabelledSequences {
public:
    explicit LabelledSequences(int batch, X padding = X(0))
        : order_{"rondo::LabelledSequences", "sequence", batch}, input_{padding} {}

    void add(std::span<const X> input, std::span<const int> labels) {
        const auto name = [this] { return "rondo::LabelledSequences: sequence " + std::to_string(size()); };
        if (input.size() % In != 0)
            fail(Error::Kind::argument, name() + ": expected a multiple of " + std::to_string(In) + " numbers, got " +
                                            std::to_string(input.size()));
        if (input.empty()) fail(Error::Kind::argument, name() + ": expected one step or more, got none");
        inputs_.add({input});
        labels_.add({labels});
        order_.add();
    }
    std::size_t size() const { return order_.size(); }

    /// Mini-batches of similar lengths, with less padding: each epoch's order is sorted within pools of `batches`
    /// mini-batches, by input and then by labels, and the mini-batches are shuffled. 0, the default: off.
    ///
    /// Errors  batches below 0.
    void group_by_length(int batches) { order_.group_by_length(batches); }

    std::size_t count() const { return order_.count(); }
    void begin_epoch(Seed seed, std::int64_t epoch) {
        order_.begin_epoch(seed, epoch, [this](std::size_t n) { return length(n); });
    }
    /// The indices of mini-batch k's sequences, in their order there, and the number of sequence n's labels.
    std::span<const std::size_t> indices(std::size_t k) {
        return order_.at(k, [this](std::size_t n) { return length(n); });
    }
    std::size_t target_steps(std::size_t n) const { return labels_.steps(n); }
    /// The k-th mini-batch; of several ranks, a rank's sequences.
    Batch<Tokens, SequenceView<const X, In>> at(std::size_t k, const RankPart& part = {}) {
        const auto all = indices(k);
        const Shards own = part.of(all.size());
        const auto chosen = all.subspan(std::size_t(own.begin()));
        const std::size_t most = order_.widest();
        input_.reserve(inputs_.longest() * most);
        target_.reserve((labels_.longest() + 1) * most);
        lengths_.reserve(most);
        target_lengths_.reserve(most);
        const Extent extent =
            own.cut(lengths_.extent(all.size(), [&](std::size_t b) { return inputs_.steps(all[b]); }));
        const Extent of_targets =
            own.cut(target_lengths_.extent(all.size(), [&](std::size_t b) { return labels_.steps(all[b]); }, 1));
        return {{input_.fill(extent, [&](std::size_t b) { return inputs_[chosen[b]]; })},
                target_.fill(of_targets, [&](std::size_t b) { return labels_[chosen[b]]; }),
                StatePolicy::none,
                part.note(own)};
    }

private:
    std::pair<std::size_t, std::size_t> length(std::size_t n) const { return {inputs_.steps(n), labels_.steps(n)}; }

    detail::PaddedOrder order_;
    detail::Ragged<X, In> inputs_;
    detail::Ragged<int, 1> labels_;
    detail::PaddedBlock<X, In> input_;
    detail::PaddedBlock<int, 1> target_;
    detail::PaddedLengths lengths_, target_lengths_;
};

} // namespace rondo
