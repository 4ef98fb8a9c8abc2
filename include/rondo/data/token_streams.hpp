// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "batch.hpp"
#include "token_text.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A text cut into `batch` streams that are read in parallel, `length` tokens of each in a mini-batch: truncated
/// back-propagation through time with a state that persists from one mini-batch to the next. The target of each token
/// is the next token.
///
/// Shapes  tokens and targets (length x batch); the last mini-batch of an epoch is shorter if the streams' length is
///         not a multiple of `length`.
/// Errors  a text too short for two tokens a stream, a length or batch below 1; those of its TokenSource.
/// Memory  one mini-batch. The text is not copied; its last tokens, fewer than one a stream, are not read.
/// Source  Williams & Peng, "An efficient gradient-based algorithm for on-line training of recurrent network
///         trajectories" (1990).
class TokenStreams {
public:
    TokenStreams(TokenText text, int length, int batch) : text_{text}, length_{length}, batch_{batch} {
        if (length < 1 || batch < 1)
            fail(Error::Kind::argument, "rondo::TokenStreams: length and batch: expected 1 or more, got " +
                                            std::to_string(length) + " and " + std::to_string(batch));
        if (text.size() <= std::size_t(batch))
            fail(Error::Kind::argument, "rondo::TokenStreams: " + std::to_string(batch) + " streams need a text of " +
                                            std::to_string(std::size_t(batch) + 1) + " tokens or more, got " +
                                            std::to_string(text.size()));
        steps_ = (text.size() - 1) / std::size_t(batch);
        tokens_.resize((std::min)(std::size_t(length), steps_) * std::size_t(batch));
        targets_ = tokens_;
        stream_.resize((std::min)(std::size_t(length), steps_) + 1);
    }

    TokenStreams(std::vector<int>&&, int, int) = delete; // the text must outlive this

    std::size_t count() const { return (steps_ + std::size_t(length_) - 1) / std::size_t(length_); }
    void begin_epoch(Seed, std::int64_t) {}
    /// The k-th mini-batch; of several ranks, a rank's streams.
    Batch<Tokens, Tokens> at(std::size_t k, const RankPart& part = {}) {
        detail::check_batch("rondo::TokenStreams", k, count());
        const std::size_t first = k * std::size_t(length_), steps = (std::min)(std::size_t(length_), steps_ - first);
        const Shards own = part.of(std::size_t(batch_));
        const auto width = std::size_t(own.sequences()), from = std::size_t(own.begin());
        for (std::size_t b = 0; b < width; ++b) {
            text_.copy((from + b) * steps_ + first, std::span{stream_}.first(steps + 1));
            for (std::size_t t = 0; t < steps; ++t) {
                tokens_[t * width + b] = stream_[t];
                targets_[t * width + b] = stream_[t + 1];
            }
        }
        const Extent extent{int(steps), int(width), nullptr, 0, int(from)};
        return {{Tokens{tokens_.data(), nullptr, extent}},
                Tokens{targets_.data(), nullptr, extent},
                k == 0 ? StatePolicy::start : StatePolicy::resume,
                part.note(own)};
    }

private:
    TokenText text_;
    int length_, batch_;
    std::size_t steps_ = 0;
    std::vector<int> tokens_, targets_, stream_;
};

} // namespace rondo
