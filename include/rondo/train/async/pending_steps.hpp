// SPDX-License-Identifier: MIT
#pragma once

#include "../../backend/concept.hpp"
#include "../trainer_settings.hpp"
#include "finite_check.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The steps that were taken or enqueued, and are not yet collected.
///
/// Memory  for as many steps as a StepRecord has slots, allocated by the constructor; more for more steps.
template <class B>
class PendingSteps {
public:
    struct NonFinite {
        std::size_t batch, number; // index among the pending steps; index in the gradient
        std::int64_t before;       // number of steps before it
        double loss;
    };

    PendingSteps() { steps_.reserve(StepRecord::most); }

    std::size_t size() const { return steps_.size(); }
    FiniteCheck<B>& finite_check() { return finite_check_; }

    /// The slot of the next loss in the backend's memory. Synchronizes if there is no free slot.
    std::size_t slot() {
        if (steps_.size() - known_ == StepRecord::most) settle();
        return steps_.size() - known_;
    }
    void add(double terms, std::int64_t before) { steps_.push_back({{0, terms}, before}); }
    /// Adds a completed step; call settle before.
    void add(const LossSum& loss, std::int64_t before) {
        steps_.push_back({loss, before});
        known_ = steps_.size();
    }

    /// Waits for all steps; returns whether all were finite.
    bool settle() {
        if constexpr (Asynchronous<B>) {
            if (known_ == steps_.size()) return !non_finite_;
            const StepRecord record = finite_check_.read();
            for (std::size_t k = known_; k < steps_.size(); ++k)
                if (LossSum& loss = steps_[k].loss; loss.terms > 0) loss.sum = record.loss[k - known_] * loss.terms;
            if (record.bad > 0 && !non_finite_) {
                const std::size_t batch = known_ + std::size_t(record.bad - 1);
                non_finite_ = NonFinite{batch, record.first, steps_[batch].before, steps_[batch].loss.sum};
            }
            known_ = steps_.size();
        }
        return !non_finite_;
    }
    /// Adds the losses, one after the other, up to the first step that was not finite, and removes all steps; returns
    /// how many were finite.
    std::size_t take(LossSum& sum, std::optional<NonFinite>& bad) {
        settle();
        const std::size_t good = non_finite_ ? non_finite_->batch : steps_.size();
        for (std::size_t k = 0; k < good; ++k) {
            sum.sum += steps_[k].loss.sum;
            sum.terms += steps_[k].loss.terms;
        }
        bad = non_finite_;
        non_finite_.reset();
        steps_.clear();
        known_ = 0;
        return good;
    }

private:
    struct Step {
        LossSum loss;
        std::int64_t before;
    };
    std::vector<Step> steps_; // the losses of the first known_ steps are on the host
    std::size_t known_ = 0;
    std::optional<NonFinite> non_finite_;
    FiniteCheck<B> finite_check_;
};

} // namespace rondo::detail
