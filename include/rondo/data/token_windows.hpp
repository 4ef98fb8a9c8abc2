// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/permutation.hpp"
#include "batch.hpp"
#include "token_text.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Every window of a text, shuffled each epoch; the target of each token is the next token. The last mini-batch has the
/// remaining windows. The order of a TokenSource is a Permutation, which takes no memory.
///
/// Shapes  tokens and targets (length x batch).
/// Errors  a text too short for one window, a length or batch below 1; those of its TokenSource.
/// Memory  one mini-batch, and a number for each window of a text in memory. The text is not copied.
class TokenWindows {
public:
    TokenWindows(TokenText text, int length, int batch) : text_{text}, length_{length}, batch_{batch} {
        if (length < 1 || batch < 1)
            fail(Error::Kind::argument, "rondo::TokenWindows: length and batch: expected 1 or more, got " +
                                            std::to_string(length) + " and " + std::to_string(batch));
        if (text.size() <= std::size_t(length))
            fail(Error::Kind::argument, "rondo::TokenWindows: a window of " + std::to_string(length) +
                                            " needs a text of " + std::to_string(std::size_t(length) + 1) +
                                            " tokens or more, got " + std::to_string(text.size()));
        windows_ = text.size() - std::size_t(length);
        if (text.in_memory()) order_.resize(windows_);
        tokens_.resize(std::size_t(length) * (std::min)(std::size_t(batch), windows_));
        targets_ = tokens_;
        window_.resize(std::size_t(length) + 1);
        std::iota(order_.begin(), order_.end(), std::size_t(0));
    }

    TokenWindows(std::vector<int>&&, int, int) = delete; // the text must outlive this

    std::size_t count() const { return (windows_ + std::size_t(batch_) - 1) / std::size_t(batch_); }
    void begin_epoch(Seed seed, std::int64_t epoch) {
        const RandomStream draw{seed, Purpose::shuffle, std::uint64_t(epoch)};
        std::iota(order_.begin(), order_.end(), std::size_t(0));
        shuffle(std::span{order_}, draw);
        if (!text_.in_memory()) permutation_.emplace(windows_, draw);
    }
    /// The k-th mini-batch; of several ranks, a rank's windows.
    Batch<Tokens, Tokens> at(std::size_t k, const RankPart& part = {}) {
        detail::check_batch("rondo::TokenWindows", k, count());
        const std::size_t whole = k * std::size_t(batch_);
        const Shards own = part.of((std::min)(std::size_t(batch_), windows_ - whole));
        const auto width = std::size_t(own.sequences()), first = whole + std::size_t(own.begin());
        for (std::size_t b = 0; b < width; ++b) {
            text_.copy(window(first + b), window_);
            for (std::size_t t = 0; t < std::size_t(length_); ++t) {
                tokens_[t * width + b] = window_[t];
                targets_[t * width + b] = window_[t + 1];
            }
        }
        const Extent extent{length_, int(width), nullptr, 0, own.begin()};
        return {{Tokens{tokens_.data(), nullptr, extent}},
                Tokens{targets_.data(), nullptr, extent},
                StatePolicy::none,
                part.note(own)};
    }

private:
    // Where the k-th window begins.
    std::size_t window(std::size_t k) const {
        if (text_.in_memory()) return order_[k];
        return permutation_ ? static_cast<std::size_t>((*permutation_)[k]) : k;
    }

    TokenText text_;
    int length_, batch_;
    std::size_t windows_ = 0;
    std::vector<std::size_t> order_;         // of a text in memory
    std::optional<Permutation> permutation_; // of a TokenSource
    std::vector<int> tokens_, targets_, window_;
};

} // namespace rondo
