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

/// Pairs of token sequences for the training of an encoder and its decoder, shuffled each epoch; the last mini-batch
/// has the remaining pairs.
///
/// The decoder reads the correct tokens (teacher forcing). For the target y(1), ..., y(n)
///   its input is  begin, y(1), ..., y(n)    and its target is  y(1), ..., y(n), end
/// Within a mini-batch the pairs with the longest sources come first.
///
/// Shapes  inputs: sources (longest source x batch) and the decoder's input (longest target + 1 x batch), each with its
///         lengths; target as the decoder's input.
/// Units   begin, end and padding are tokens of the vocabulary, 0 or more: padding too, since a network may read single
///         steps of a mini-batch in which some of the sequences have ended.
/// Errors  a source without tokens, a begin, end or padding below 0, no pair, a batch below 1. A target may be empty.
/// Memory  the pairs, and one mini-batch of the longest.
/// Source  Sutskever, Vinyals, Le, "Sequence to sequence learning with neural networks", NeurIPS 2014.
class TokenPairs {
public:
    TokenPairs(int batch, int begin, int end, int padding = 0)
        : begin_{begin}, end_{end}, order_{"rondo::TokenPairs", "pair", batch}, source_{padding}, input_{padding},
          target_{padding} {
        if (begin < 0 || end < 0 || padding < 0)
            fail(Error::Kind::argument,
                 "rondo::TokenPairs: begin, end and padding: expected tokens of 0 or more, got " +
                     std::to_string(begin) + ", " + std::to_string(end) + " and " + std::to_string(padding));
    }

    void add(std::span<const int> source, std::span<const int> target) {
        if (source.empty())
            fail(Error::Kind::argument, "rondo::TokenPairs: pair " + std::to_string(size()) +
                                            ": expected a source of one token or more, got none");
        sources_.add({source});
        targets_.add({{&begin_, 1}, target, {&end_, 1}});
        order_.add();
    }
    std::size_t size() const { return order_.size(); }

    /// Mini-batches of similar lengths, with less padding: each epoch's order is sorted within pools of `batches`
    /// mini-batches, by source and then by target, and the mini-batches are shuffled. 0, the default: off.
    ///
    /// Errors  batches below 0.
    void group_by_length(int batches) { order_.group_by_length(batches); }

    std::size_t count() const { return order_.count(); }
    void begin_epoch(Seed seed, std::int64_t epoch) {
        order_.begin_epoch(seed, epoch, [this](std::size_t n) { return length(n); });
    }
    /// The indices of mini-batch k's pairs, in the order of its sequences, and the steps of pair n's target, with its
    /// end.
    std::span<const std::size_t> indices(std::size_t k) {
        return order_.at(k, [this](std::size_t n) { return length(n); });
    }
    std::size_t target_steps(std::size_t n) const { return targets_.steps(n) - 1; }
    /// The k-th mini-batch; of several ranks, a rank's pairs.
    Batch<Tokens, Tokens, Tokens> at(std::size_t k, const RankPart& part = {}) {
        const auto all = indices(k);
        const Shards own = part.of(all.size());
        const auto chosen = all.subspan(std::size_t(own.begin()));
        reserve();
        const auto target = [&](std::size_t b) { return targets_[chosen[b]]; };
        const Extent of_sources =
            own.cut(source_lengths_.extent(all.size(), [&](std::size_t b) { return sources_.steps(all[b]); }));
        const Extent of_targets =
            own.cut(target_lengths_.extent(all.size(), [&](std::size_t b) { return targets_.steps(all[b]) - 1; }));
        return {{source_.fill(of_sources, [&](std::size_t b) { return sources_[chosen[b]]; }),
                 input_.fill(of_targets, [&](std::size_t b) { return target(b).first(target(b).size() - 1); })},
                target_.fill(of_targets, [&](std::size_t b) { return target(b).subspan(1); }),
                StatePolicy::none,
                part.note(own)};
    }

private:
    std::pair<std::size_t, std::size_t> length(std::size_t n) const { return {sources_.steps(n), targets_.steps(n)}; }
    void reserve() {
        const std::size_t most = order_.widest();
        source_.reserve(sources_.longest() * most);
        input_.reserve((targets_.longest() - 1) * most);
        target_.reserve((targets_.longest() - 1) * most);
        source_lengths_.reserve(most);
        target_lengths_.reserve(most);
    }

    int begin_, end_;
    detail::PaddedOrder order_;
    detail::Ragged<int, 1> sources_, targets_; // a target with begin and end
    detail::PaddedBlock<int, 1> source_, input_, target_;
    detail::PaddedLengths source_lengths_, target_lengths_;
};

} // namespace rondo
