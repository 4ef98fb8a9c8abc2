// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../optimizer/concept.hpp"
#include "../optimizer/schedule.hpp"
#include "checkpoint.hpp"
#include "fit.hpp"
#include "training_run.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Settings of find_rate.
///
/// from, to   the rates of the first and the last step; those between them grow by a constant factor
/// steps      how many mini-batches are tried, beginning again after the last one
/// smoothing  the weight of earlier losses in the smoothed one
/// diverged   the search ends when the smoothed loss is so many times its minimum, or not finite
struct RateRange {
    double from = 1e-6, to = 1;
    std::int64_t steps = 100;
    double smoothing = 0.9, diverged = 4;

    Error problem() const {
        constexpr double any = std::numeric_limits<double>::infinity(), least = (std::numeric_limits<double>::min)();
        return detail::first_of({detail::outside("rondo::find_rate: from", from, least, any),
                                 detail::outside("rondo::find_rate: to", to, from, any),
                                 detail::schedule_steps("rondo::find_rate: steps", steps, 3),
                                 detail::outside("rondo::find_rate: smoothing", smoothing, 0, 1),
                                 detail::outside("rondo::find_rate: diverged", diverged, 1, any)});
    }
};

/// What find_rate has found: the smoothed loss at each rate.
struct RateSearch {
    std::vector<double> rates{}, losses{};
    double suggestion = 0; // where the loss falls most steeply over log(rate)
    bool diverged = false; // the search ended before the last rate
};

namespace detail {
/// Where a curve falls most steeply, by central differences over equal distances; before its minimum.
inline std::size_t steepest(const std::vector<double>& losses) {
    const auto end = std::size_t(std::min_element(losses.begin(), losses.end()) - losses.begin());
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = 0; k <= end; ++k) {
        const std::size_t before = k > 0 ? k - 1 : 0, after = (std::min)(k + 1, losses.size() - 1);
        if (after == before) continue;
        const double gradient = (losses[after] - losses[before]) / double(after - before);
        if (gradient < least) {
            least = gradient;
            best = k;
        }
    }
    return best;
}

/// `set`: sets the rate of the next step.
template <class SetRate>
RateSearch search_rates(TrainingRun& run, const RateRange& range, const SetRate& set) {
    RateSearch search;
    run.begin_epoch(0);
    const std::size_t count = run.count();
    if (count == 0) fail(Error::Kind::argument, "rondo::find_rate: expected one batch or more, got none");
    double average = 0, least = std::numeric_limits<double>::infinity();
    for (std::int64_t k = 0; k < range.steps && !search.diverged; ++k) {
        const std::size_t batch = std::size_t(k) % count;
        if (k > 0 && batch == 0) run.begin_epoch(k / std::int64_t(count));
        const double rate = range.from * std::pow(range.to / range.from, double(k) / double(range.steps - 1));
        set(rate);
        Error error, late;
        LossSum loss;
        run.enqueue(batch, error);
        run.collect(batch, loss, late);
        if (late) error = std::move(late);
        if (error.kind == Error::Kind::not_finite && search.losses.size() >= 3) {
            search.diverged = true;
            break;
        }
        (check)(error);
        if (loss.terms == 0) continue; // nothing to learn from
        average = range.smoothing * average + (1 - range.smoothing) * loss.mean();
        const auto n = double(search.losses.size() + 1);
        const double smoothed = average / (1 - std::pow(range.smoothing, n));
        search.diverged = n > 1 && least > 0 && smoothed > range.diverged * least;
        if (search.diverged) break;
        search.rates.push_back(rate);
        search.losses.push_back(smoothed);
        least = (std::min)(least, smoothed);
    }
    if (search.losses.empty())
        fail(Error::Kind::argument, "rondo::find_rate: expected one target or more among its batches, got none");
    search.suggestion = search.rates[steepest(search.losses)];
    return search;
}

/// Calls work(), and makes the trainer what it was before; no destructor does, since this can fail.
template <class Trainer, class Work>
void and_restore(Trainer& trainer, const Work& work) {
    auto before = checkpoint_of(trainer);
    take(before, trainer);
    const auto restore = [&] {
        trainer.fix_factor({});
        put(before, trainer);
    };
    or_first(work, restore);
    restore();
}
}

/// Tries learning rates that grow exponentially, a step each, to find a range in which a trainer learns: a first guess
/// is the rate at which the smoothed loss falls most steeply.
///
///   const RateSearch found = find_rate(trainer, data);
///   fit(model, data, CrossEntropy{}, Adam{.rate = found.suggestion}, ...);
///
///   m(k) = b m(k - 1) + (1 - b) loss(k),   smoothed(k) = m(k) / (1 - b^k)                    (1)
///
/// The trainer's schedule and rate factor do not apply; its groups do. Afterwards parameters, optimizer memory, states,
/// the average of the weights and the number of steps are what they were before, with the same bits.
///
/// Errors  those of Trainer::step, except that losses which are not finite end the search; a setting out of range; no
///         batch; an optimizer whose rate is 0; a loss that is not finite among the first three.
/// Memory  a copy of all that a step changes, on the host.
/// Source  Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.
template <class Net, class Loss, class Rule, Backend B, Batches Data>
RateSearch find_rate(Trainer<Net, Loss, Rule, B>& trainer, Data& batches, const RateRange& range = {}) {
    (check)(range.problem());
    if (!(trainer.rule().rate > 0))
        fail(Error::Kind::argument, "rondo::find_rate: expected an optimizer with a rate above 0, got 0");
    trainer.collect();
    using Batch = std::remove_cvref_t<decltype(batches.at(0))>;
    if constexpr (detail::can_train<Net, Loss, B, Batch>) {
        using Base = detail::TrainerBase<Loss, Rule, B>;
        detail::TrainingRunOf<Base, Data> run{trainer, batches, Trainer<Net, Loss, Rule, B>::template record<Batch>()};
        const auto set = [&](double rate) { trainer.fix_factor(rate / trainer.rule().rate); };
        RateSearch search;
        detail::and_restore(static_cast<Base&>(trainer), [&] { search = detail::search_rates(run, range, set); });
        return search;
    } else {
        static_cast<void>(sizeof(detail::TrainingMistake<Net, Loss, B, Batch>));
        return {};
    }
}

} // namespace rondo
