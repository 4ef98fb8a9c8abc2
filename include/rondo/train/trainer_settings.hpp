// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/extent.hpp"
#include "../core/random.hpp"
#include "../distributed/communicator.hpp"
#include "../optimizer/concept.hpp"
#include "../optimizer/parameter_groups.hpp"
#include "../optimizer/schedule.hpp"
#include "moving_average.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Settings of a Trainer.
///
/// clip_norm, clip_value  limits of the gradient; 0: none.
/// shards                 parts of a batch over which losses and gradients are summed one by one, then in a fixed tree.
///                        The bits of a run depend on their number, and 1 sums over all columns at once.
/// threads                workers among which the shards of a batch are divided; the bits of a run do not depend on
///                        their number. A device sums over a worker's part at once: there they do.
/// accumulate             each worker computes its shards one after the other, with the same bits: for batches whose
///                        values need more memory than there is. Networks with statistics of a batch (BatchNorm1d) are
///                        trained by one worker, with one shard, and without accumulate.
/// small_work             parameters times columns below which the caller computes all parts itself, with the same
///                        bits: waking the workers would take longer (200,000 are some 30 us of work, waking takes 8
///                        us).
/// schedule               a factor of the learning rate for step 0, 1, ...
/// groups                 parameters with a rate or a weight decay of their own, or that are frozen. Clipping by norm
///                        counts the others only. The backward of what comes before the first operation that depends
///                        on a parameter that is not frozen is not computed.
/// average                a moving average of the weights
/// communicator           the ranks that compute a batch together, each some of its shards; null: this process alone.
///                        The bits of a run do not depend on their number. All begin with rank 0's parameters. It must
///                        outlive the trainer. See docs/distributed.md.
/// dropout                the rate of layers that leave it open (Dropout<20>, Stack{.dropout = run_time_rate});
///                        above 0, the first step of a network without one is an error
struct TrainerSettings {
    double clip_norm = 0, clip_value = 0;
    int shards = 8, threads = 1;
    bool accumulate = false;
    Seed seed{};
    std::size_t small_work = 200'000;
    RateSchedule schedule{};
    std::vector<ParameterGroup> groups{};
    std::optional<MovingAverage> average{};
    std::optional<double> dropout{};
    AnyCommunicator* communicator = nullptr;

    /// Names a setting that is out of range.
    Error problem() const {
        constexpr double any = std::numeric_limits<double>::infinity();
        for (const auto& [name, number] : {std::pair{"shards", shards}, std::pair{"threads", threads}})
            if (number < 1)
                return {Error::Kind::argument,
                        std::string{"rondo::Trainer: "} + name + ": expected 1 or more, got " + std::to_string(number)};
        if (average)
            if (Error found = average->problem()) return found;
        return detail::first_of({detail::outside("rondo::Trainer: dropout", dropout.value_or(0), 0, 1),
                                 detail::outside("rondo::Trainer: clip_norm", clip_norm, 0, any),
                                 detail::outside("rondo::Trainer: clip_value", clip_value, 0, any)});
    }
};

/// A sum of losses and its number of terms.
struct LossSum {
    double sum = 0, terms = 0;
    double mean() const { return sum / terms; } // NaN without terms
    bool operator==(const LossSum&) const = default;
};

namespace detail {
/// An error if a rate of dropout is given that no layer has used.
inline void check_dropout(double rate, bool used) {
    if (rate > 0 && !used)
        fail(Error::Kind::argument, "rondo::Trainer: dropout: the network has no layer that leaves its rate open; "
                                    "expected Dropout<size> or Stack{.dropout = run_time_rate}");
}
inline Error factor_problem(double factor, std::int64_t steps) {
    constexpr double any = std::numeric_limits<double>::infinity();
    if (factor >= 0 && factor < any) return {};
    const std::string name = "rondo::Trainer: step " + std::to_string(steps + 1) + ": the rate's factor";
    return outside(name.c_str(), factor, 0, any);
}
inline Error batch_problem(const Extent& x, const Extent& target) {
    if (x.batch != target.batch)
        return {Error::Kind::argument, "rondo::Trainer: the input is " + std::to_string(x.batch) +
                                           " sequences, the targets are " + std::to_string(target.batch)};
    return problem(x);
}
inline Error go_on_problem(int batch, int before) {
    if (before == 0 || before == batch) return {};
    return {Error::Kind::argument, "rondo::Trainer: a batch of " + std::to_string(batch) +
                                       " sequences cannot go on from the states of " + std::to_string(before)};
}
}

} // namespace rondo
