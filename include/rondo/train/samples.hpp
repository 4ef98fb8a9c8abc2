// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "batch.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rondo {

/// Sequences of any lengths, each with its target, in a new order each epoch; the last batch holds what is left.
/// Shorter sequences of a batch are padded with `padding`, and the batch tells their lengths.
///
/// An input has In numbers a step, or one token (X = int, In = 1). A target has Out numbers (or one class), for the
/// whole sequence or for each of its steps.
///
/// Shapes  inputs (In x longest x batch); targets (Out x batch) or (Out x longest x batch).
/// Errors  sizes that are no multiple of In or Out, steps and targets that differ in number, no sample, a batch below
///         1.
/// Memory  the samples, and one batch of the longest.
template <class X, int In, class Y, int Out>
class Samples {
public:
    enum class Target { each_sequence, each_step };

    Samples(int batch, Target target, X padding = X(0)) : batch_{batch}, target_{target}, padding_{padding} {
        if (batch < 1)
            fail(Error::Kind::argument, "rondo::Samples: batch: expected 1 or more, got " + std::to_string(batch));
    }

    void add(std::span<const X> input, std::span<const Y> target) {
        const std::size_t steps = input.size() / In, targets = target_ == Target::each_step ? steps : 1;
        if (input.size() % In != 0 || target.size() != targets * Out)
            fail(Error::Kind::argument, "rondo::Samples: sample " + std::to_string(samples_.size()) + ": expected " +
                                            std::to_string(In) + " numbers a step and " +
                                            std::to_string(targets * Out) + " of the target, got " +
                                            std::to_string(input.size()) + " and " + std::to_string(target.size()));
        order_.push_back(samples_.size());
        samples_.push_back({{input.begin(), input.end()}, {target.begin(), target.end()}});
        longest_ = std::max(longest_, steps);
    }
    std::size_t size() const { return samples_.size(); }

    std::size_t count() const {
        if (samples_.empty()) fail(Error::Kind::argument, "rondo::Samples: expected one sample or more, got none");
        return (samples_.size() + std::size_t(batch_) - 1) / std::size_t(batch_);
    }
    void begin_epoch(Seed seed, std::int64_t epoch) {
        std::iota(order_.begin(), order_.end(), std::size_t(0));
        shuffle(std::span{order_}, Draw{seed, Purpose::shuffle, std::uint64_t(epoch)});
    }
    Batch<Sequence<const Y, Out>, Sequence<const X, In>> at(std::size_t k) {
        detail::check_batch("rondo::Samples", k, count());
        const std::size_t first = k * std::size_t(batch_),
                          width = std::min(std::size_t(batch_), samples_.size() - first);
        const auto chosen = std::span{order_}.subspan(first, width);
        // Longest first: then the sequences that go on are one block at every step.
        std::ranges::sort(chosen, std::ranges::greater{}, [this](std::size_t n) { return std::pair{steps(n), n}; });
        const std::size_t longest = steps(chosen.front()), targets = target_ == Target::each_step ? longest : 1;
        reserve();
        inputs_.assign(In * longest * width, padding_);
        outputs_.assign(Out * targets * width, Y(0));
        lengths_.resize(width);
        for (std::size_t b = 0; b < width; ++b) {
            const Sample& sample = samples_[chosen[b]];
            lengths_[b] = int(steps(chosen[b]));
            for (std::size_t t = 0; t * In < sample.input.size(); ++t)
                std::copy_n(sample.input.data() + t * In, In, inputs_.data() + (t * width + b) * In);
            for (std::size_t t = 0; t * Out < sample.target.size(); ++t)
                std::copy_n(sample.target.data() + t * Out, Out, outputs_.data() + (t * width + b) * Out);
        }
        const bool equal = lengths_.front() == lengths_.back();
        const Extent extent{int(longest), int(width), equal ? nullptr : lengths_.data()};
        const Extent of_targets = target_ == Target::each_step ? extent : Extent{1, int(width)};
        return {{Sequence<const X, In>{inputs_.data(), nullptr, extent}},
                Sequence<const Y, Out>{outputs_.data(), nullptr, of_targets}};
    }

private:
    struct Sample {
        std::vector<X> input;
        std::vector<Y> target;
    };
    std::size_t steps(std::size_t k) const { return samples_[k].input.size() / In; }
    void reserve() {
        const std::size_t most = std::size_t(batch_);
        inputs_.reserve(In * longest_ * most);
        outputs_.reserve(Out * (target_ == Target::each_step ? longest_ : 1) * most);
        lengths_.reserve(most);
    }

    int batch_;
    Target target_;
    X padding_;
    std::vector<Sample> samples_;
    std::vector<std::size_t> order_;
    std::vector<X> inputs_;
    std::vector<Y> outputs_;
    std::vector<int> lengths_;
    std::size_t longest_ = 0;
};

} // namespace rondo
