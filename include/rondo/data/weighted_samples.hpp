// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/weighted_target.hpp"
#include "batch.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// A source of mini-batches that knows which of its samples they have: Samples, SeriesWindows, TokenPairs,
/// LabelledSequences.
template <class D>
concept IndexedBatches = Batches<D> && requires(D& data, std::size_t k) {
    { data.size() } -> std::convertible_to<std::size_t>;
    { data.indices(k) } -> std::convertible_to<std::span<const std::size_t>>;
    { data.target_steps(k) } -> std::convertible_to<std::size_t>;
};

/// The mini-batches of `data`, whose targets have the weights of their samples; see WeightedTarget. A sample of weight
/// 0 is ignored.
///
///   WeightedSamples weighted{samples, std::vector<float>{1, 1, 0.2f, 3}};
///   fit(model, weighted, CrossEntropy{}, Adam{}, {.epochs = 20});
///
/// Shapes  weights: one of each sample, in the order of add; or one of each step of each sample's target, one sample
///         after the other.
/// Units   the model's scalar; 0 or more.
/// Errors  weights of another number; losses refuse weights that are not finite or below 0.
/// Memory  the weights, and those of one mini-batch. `data` must outlive this.
template <IndexedBatches Data, class S>
class WeightedSamples {
public:
    WeightedSamples(Data& data, std::vector<S> weights) : data_{&data}, all_{std::move(weights)} {
        const std::size_t samples = data.size();
        std::size_t steps = 0;
        for (std::size_t n = 0; n < samples; ++n) {
            begins_.push_back(all_.size() == samples ? n : steps);
            steps += std::size_t(data.target_steps(n));
            longest_ = (std::max)(longest_, std::size_t(data.target_steps(n)));
        }
        each_step_ = all_.size() != samples;
        if (each_step_ && all_.size() != steps)
            fail(Error::Kind::argument, "rondo::WeightedSamples: expected a weight for each of " +
                                            std::to_string(samples) + " samples, or of the " + std::to_string(steps) +
                                            " steps of their targets, got " + std::to_string(all_.size()));
        begins_.push_back(all_.size());
    }

    std::size_t size() const { return data_->size(); }
    std::size_t count() const { return data_->count(); }
    void begin_epoch(Seed seed, std::int64_t epoch) { data_->begin_epoch(seed, epoch); }
    auto at(std::size_t k) {
        check_size();
        const auto batch = data_->at(k);
        const std::span<const std::size_t> chosen = data_->indices(k);
        const Extent& e = batch.target.extent;
        widest_ = (std::max)(widest_, chosen.size());
        weights_.reserve(longest_ * widest_); // an epoch later, mini-batches of any samples allocate nothing
        weights_.assign(e.columns(), S(0));
        for (std::size_t b = 0; b < chosen.size(); ++b)
            for (std::size_t t = 0; t < weighted_steps(e, int(b)); ++t)
                weights_[t * chosen.size() + b] = all_[begins_[chosen[b]] + (each_step_ ? t : 0)];
        return weighted(batch, SequenceView<const S, 1>{weights_.data(), nullptr, e});
    }

private:
    // A target without steps, of a sequence without labels, has its sample's weight in the first.
    std::size_t weighted_steps(const Extent& e, int b) const {
        return std::size_t((std::max)(e.length(b), each_step_ ? 0 : (std::min)(e.steps, 1)));
    }
    template <class Target, class... Inputs>
    static Batch<WeightedTarget<Target, S>, Inputs...> weighted(const Batch<Target, Inputs...>& batch,
                                                                const SequenceView<const S, 1>& weights) {
        return {batch.inputs, {batch.target, weights}, batch.state_policy};
    }
    void check_size() const {
        if (data_->size() + 1 != begins_.size())
            fail(Error::Kind::argument, "rondo::WeightedSamples: expected the " + std::to_string(begins_.size() - 1) +
                                            " samples that have weights, got " + std::to_string(data_->size()));
    }

    Data* data_;
    std::vector<S> all_, weights_;
    std::vector<std::size_t> begins_;
    std::size_t longest_ = 1, widest_ = 0;
    bool each_step_ = false;
};
template <class Data, class S> WeightedSamples(Data&, std::vector<S>) -> WeightedSamples<Data, S>;

} // namespace rondo
