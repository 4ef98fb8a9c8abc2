// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../core/range.hpp"
#include "../core/view.hpp"
#include "batch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Parts of sources of sequences of different lengths: a store, an order of sequences, and padded blocks.

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Sequences of any lengths, Rows numbers (or one token) a step, stored one after the other.
template <class X, int Rows>
class Ragged {
public:
    /// Appends one sequence, the concatenation of the parts.
    void add(std::initializer_list<std::span<const X>> parts) {
        for (const auto part : parts) numbers_.insert(numbers_.end(), part.begin(), part.end());
        begins_.push_back(numbers_.size());
        longest_ = (std::max)(longest_, steps(begins_.size() - 2));
    }
    std::size_t steps(std::size_t n) const { return (begins_[n + 1] - begins_[n]) / Rows; }
    std::size_t longest() const { return longest_; }
    std::span<const X> operator[](std::size_t n) const {
        return std::span{numbers_}.subspan(begins_[n], begins_[n + 1] - begins_[n]);
    }

private:
    std::vector<X> numbers_;
    std::vector<std::size_t> begins_{0};
    std::size_t longest_ = 0;
};

/// Memory for a padded mini-batch of sequences, time-major. It only grows.
template <class X, int Rows>
class PaddedBlock {
public:
    explicit PaddedBlock(X padding = X(0)) : padding_{padding} {}

    void reserve(std::size_t columns) { numbers_.reserve(Rows * columns); }
    /// Sequence b begins with the numbers of the span from(b), the rest is padding.
    template <class From>
    SequenceView<const X, Rows> fill(const Extent& extent, const From& from) {
        const auto width = std::size_t(extent.batch);
        numbers_.assign(Rows * extent.columns(), padding_);
        for (std::size_t b = 0; b < width; ++b) {
            const std::span<const X> numbers = from(b);
            for (std::size_t t = 0; t * Rows < numbers.size(); ++t)
                std::copy_n(numbers.data() + t * Rows, Rows, numbers_.data() + (t * width + b) * Rows);
        }
        return {numbers_.data(), nullptr, extent};
    }

private:
    X padding_;
    std::vector<X> numbers_;
};

/// Memory for the lengths of a mini-batch.
class PaddedLengths {
public:
    void reserve(std::size_t batch) { lengths_.reserve(batch); }
    /// The extent of `width` sequences, the b-th of steps(b) steps; of `fewest` steps or more. It has lengths only if
    /// they differ.
    template <class Steps>
    Extent extent(std::size_t width, const Steps& steps, int fewest = 0) {
        lengths_.resize(width);
        for (std::size_t b = 0; b < width; ++b) lengths_[b] = int(steps(b));
        const auto [least, most] = std::minmax_element(lengths_.begin(), lengths_.end());
        const bool same = *least == *most && *most >= fewest;
        return {(std::max)(*most, fewest), int(width), same ? nullptr : lengths_.data()};
    }

private:
    std::vector<int> lengths_;
};

/// Groups a shuffled order of sequences into mini-batches of similar lengths.
///
/// Every `pool` mini-batches are sorted by length(n), with a stable sort; then whole mini-batches are shuffled over all
/// of `order`. A last mini-batch that is not full stays last; it is a random part of its sorted pool, so that it does
/// not always have the longest sequences.
/// Shapes  rank has one element per sequence.
template <class Length>
void group_by_length(std::span<std::size_t> order, std::span<std::size_t> rank, const Length& length, std::size_t batch,
                     std::size_t pool, RandomStream draw) {
    // std::stable_sort would allocate.
    for (std::size_t k = 0; k < order.size(); ++k) rank[order[k]] = k;
    const std::size_t left = order.size() % batch;
    for (std::size_t first = 0; first < order.size(); first += (std::min)(pool * batch, order.size() - first)) {
        const auto some = order.subspan(first, (std::min)(pool * batch, order.size() - first));
        range::sort_positions(some, [&](std::size_t a, std::size_t b) {
            const auto of_a = length(a), of_b = length(b);
            return of_a < of_b || (!(of_b < of_a) && rank[a] < rank[b]);
        });
        if (left > 0 && first + some.size() == order.size()) {
            const auto cut =
                some.begin() + std::ptrdiff_t(batch * uniform_index(draw.wide(0), some.size() / batch + 1));
            std::rotate(cut, cut + std::ptrdiff_t(left), some.end());
        }
    }
    for (std::size_t k = order.size() / batch; k > 1; --k) { // as shuffle(), with whole mini-batches
        const auto other = std::size_t(uniform_index(draw.wide(k), k));
        if (other != k - 1)
            std::swap_ranges(order.begin() + std::ptrdiff_t((k - 1) * batch), order.begin() + std::ptrdiff_t(k * batch),
                             order.begin() + std::ptrdiff_t(other * batch));
    }
}

/// Assigns sequences to the mini-batches of an epoch.
///
/// length(n), of any ordered type, is the key by which sequences are sorted within a mini-batch and may be grouped.
/// Errors  a batch below 1, pools below 0, no sequence, a batch beyond the last.
class PaddedOrder {
public:
    PaddedOrder(const char* what, const char* one, int batch) : what_{what}, one_{one} {
        if (batch < 1) fail(Error::Kind::argument, what_ + ": batch: expected 1 or more, got " + std::to_string(batch));
        batch_ = std::size_t(batch);
    }
    void add() { order_.push_back(order_.size()); }
    void group_by_length(int batches) {
        if (batches < 0)
            fail(Error::Kind::argument,
                 what_ + ": group_by_length: expected 0 (off) or more batches, got " + std::to_string(batches));
        pool_ = std::size_t(batches);
    }
    std::size_t size() const { return order_.size(); }
    std::size_t widest() const { return (std::min)(batch_, order_.size()); }
    std::size_t count() const {
        if (order_.empty()) fail(Error::Kind::argument, what_ + ": expected one " + one_ + " or more, got none");
        return (order_.size() + batch_ - 1) / batch_;
    }
    template <class Length>
    void begin_epoch(Seed seed, std::int64_t epoch, const Length& length) {
        std::iota(order_.begin(), order_.end(), std::size_t(0));
        shuffle(std::span{order_}, RandomStream{seed, Purpose::shuffle, std::uint64_t(epoch)});
        if (pool_ == 0) return;
        rank_.resize(order_.size());
        detail::group_by_length(std::span{order_}, std::span{rank_}, length, batch_, pool_,
                                RandomStream{seed, Purpose::shuffle, std::uint64_t(epoch), 1});
    }
    /// The k-th mini-batch, longest sequences first, so that the valid columns of every step are contiguous.
    template <class Length>
    std::span<const std::size_t> at(std::size_t k, const Length& length) {
        check_batch(what_.c_str(), k, count());
        const auto chosen = std::span{order_}.subspan(k * batch_, (std::min)(batch_, order_.size() - k * batch_));
        range::sort_positions(chosen, [&](std::size_t a, std::size_t b) {
            const auto of_a = length(a), of_b = length(b);
            return of_b < of_a || (!(of_a < of_b) && b < a);
        });
        return chosen;
    }

private:
    std::string what_, one_;
    std::size_t batch_ = 1, pool_ = 0;
    std::vector<std::size_t> order_, rank_;
};

} // namespace rondo::detail
