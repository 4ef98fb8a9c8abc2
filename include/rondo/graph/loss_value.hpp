// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../core/error.hpp"
#include "../core/extent.hpp"
#include "../core/memory.hpp"
#include "../core/shards.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The losses of a batch's columns in the memory of a run; those of padding are zero.
template <class S>
struct LossPart {
    const S* each = nullptr;
    Extent extent{};
};
template <class S> using LossParts = std::vector<LossPart<S>>;

/// A loss in a forward: a value of the program, available as a number after execution. Losses can be added; the
/// operation that computes a loss also adds its gradient, once.
///
/// Errors  adding a loss to itself: its gradient would be counted once, not twice.
/// Memory  the parts are in the workspace, which reuses the memory in its next run.
template <class B>
class LossValue {
public:
    using scalar = typename B::scalar;

    LossValue() = default; // zero
    LossValue(LossParts<scalar>& all, const scalar* each, const Extent& extent)
        : all_{&all}, first_{all.size()}, count_{1} {
        all.push_back({each, extent});
    }

    std::size_t parts() const { return count_; }
    const LossPart<scalar>& part(std::size_t k) const { return (*all_)[first_ + k]; }

    friend LossValue operator+(const LossValue& a, const LossValue& b) {
        if (a.count_ == 0 || b.count_ == 0) return a.count_ == 0 ? b : a;
        if (a.first_ == b.first_)
            fail(Error::Kind::argument, "rondo: a loss is added to itself; compute it twice, or with half the terms");
        LossValue sum{a};
        sum.count_ = a.count_ + b.count_;
        if (a.first_ + a.count_ == b.first_) return sum; // already contiguous
        sum.first_ = a.all_->size();
        for (const LossValue* of : {&a, &b})
            for (std::size_t k = 0; k < of->count_; ++k) a.all_->push_back(LossPart<scalar>{of->part(k)});
        return sum;
    }
    LossValue& operator+=(const LossValue& b) { return *this = *this + b; }

    /// The loss as a number, after the program was executed and before the workspace's next run. Synchronizes with a
    /// device.
    double value(B& backend) const {
        double all = 0;
        for (std::size_t k = 0; k < count_; ++k) {
            const LossPart<scalar>& from = part(k);
            double sum = 0;
            for_each_valid_range(from.extent, [&](std::size_t first, std::size_t count) {
                sum += backend.sum(from.each + first, count);
            });
            all += sum;
        }
        return all;
    }

    /// The loss of one of the run's shards, with the bits that it would have in a batch of its own. `room` is memory
    /// for a copy of its columns.
    double value(B& backend, const Shards& run, int shard, Buffer<scalar>& room) const {
        if (run.single()) return value(backend);
        const std::size_t from = std::size_t(run.begin(shard) - run.begin()), width = std::size_t(run.sequences(shard));
        double all = 0;
        for (std::size_t k = 0; k < count_; ++k) {
            const Extent& e = part(k).extent;
            room.resize(std::size_t(e.steps) * width);
            for (std::size_t t = 0; t < std::size_t(e.steps); ++t)
                std::copy_n(part(k).each + t * std::size_t(e.batch) + from, width, room.data() + t * width);
            double sum = 0;
            for_each_valid_range(Shards::cut(e, int(from), int(width)), [&](std::size_t first, std::size_t count) {
                sum += backend.sum(room.data() + first, count);
            });
            all += sum;
        }
        return all;
    }

private:
    LossParts<scalar>* all_ = nullptr;
    std::size_t first_ = 0, count_ = 0;
};

namespace detail {
// Converts what a forward returned for its caller after execution: a LossValue to double.
template <class B, class Result>
Result executed(B&, const Result& result) {
    return result;
}
template <class B>
double executed(B& backend, const LossValue<B>& loss) {
    return loss.value(backend);
}
}

} // namespace rondo
