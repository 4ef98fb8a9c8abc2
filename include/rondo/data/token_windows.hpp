// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "batch.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Every window of a text, shuffled each epoch; the target of each token is the next token. The last mini-batch has the
/// remaining windows.
///
/// Shapes  tokens and targets (length x batch).
/// Errors  a text too short for one window, a length or batch below 1.
/// Memory  one mini-batch. The text is not copied.
class TokenWindows {
public:
    TokenWindows(std::span<const int> text, int length, int batch) : text_{text}, length_{length}, batch_{batch} {
        if (length < 1 || batch < 1)
            fail(Error::Kind::argument, "rondo::TokenWindows: length and batch: expected 1 or more, got " +
                                            std::to_string(length) + " and " + std::to_string(batch));
        if (text.size() <= std::size_t(length))
            fail(Error::Kind::argument, "rondo::TokenWindows: a window of " + std::to_string(length) +
                                            " needs a text of " + std::to_string(std::size_t(length) + 1) +
                                            " tokens or more, got " + std::to_string(text.size()));
        order_.resize(text.size() - std::size_t(length));
        tokens_.resize(std::size_t(length) * (std::min)(std::size_t(batch), order_.size()));
        targets_ = tokens_;
        std::iota(order_.begin(), order_.end(), std::size_t(0));
    }

    TokenWindows(std::vector<int>&&, int, int) = delete; // the text must outlive this

    std::size_t count() const { return (order_.size() + std::size_t(batch_) - 1) / std::size_t(batch_); }
    void begin_epoch(Seed seed, std::int64_t epoch) {
        std::iota(order_.begin(), order_.end(), std::size_t(0));
        shuffle(std::span{order_}, RandomStream{seed, Purpose::shuffle, std::uint64_t(epoch)});
    }
    Batch<Tokens, Tokens> at(std::size_t k) {
        detail::check_batch("rondo::TokenWindows", k, count());
        const std::size_t first = k * std::size_t(batch_),
                          width = (std::min)(std::size_t(batch_), order_.size() - first);
        for (std::size_t t = 0; t < std::size_t(length_); ++t)
            for (std::size_t b = 0; b < width; ++b) {
                tokens_[t * width + b] = text_[order_[first + b] + t];
                targets_[t * width + b] = text_[order_[first + b] + t + 1];
            }
        const Extent extent{length_, int(width)};
        return {{Tokens{tokens_.data(), nullptr, extent}}, Tokens{targets_.data(), nullptr, extent}};
    }

private:
    std::span<const int> text_;
    int length_, batch_;
    std::vector<std::size_t> order_;
    std::vector<int> tokens_, targets_;
};

} // namespace rondo
