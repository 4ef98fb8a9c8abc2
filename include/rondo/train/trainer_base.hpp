// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/parameter_spec.hpp"
#include "../core/range.hpp"
#include "../core/shards.hpp"
#include "../data/batch.hpp"
#include "async/async_step.hpp"
#include "async/non_finite_guard.hpp"
#include "async/pending_steps.hpp"
#include "averages.hpp"
#include "batch_problem.hpp"
#include "clip.hpp"
#include "finite_problem.hpp"
#include "kept_parameters.hpp"
#include "network_sizes.hpp"
#include "not_finite.hpp"
#include "optimizer_state.hpp"
#include "sum_gradients.hpp"
#include "trainer_settings.hpp"
#include "weight_average.hpp"
#include "worker.hpp"
#include "workers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// The part of Trainer that does not depend on the network's type: it is compiled once for each loss, optimizer,
/// backend and batch. Its functions are given record_step of the network.
template <class Loss, class Rule, Backend B>
class TrainerBase {
public:
    using scalar = typename B::scalar;
    template <class Batch> using Record = RecordStep<B, Loss, Batch>;

    [[gnu::cold]] TrainerBase(ParameterBuffer<B>& model, const NetworkSizes& network, Loss loss, Rule rule,
                              TrainerSettings settings)
        : model_{&model}, network_{network}, loss_{std::move(loss)}, settings_{checked(std::move(settings))},
          optimizer_{std::move(rule), network, model.count(), settings_.groups}, average_{settings_.average, model},
          workers_{settings_.threads}, state_{network.state_size, 0}, evaluation_{network.state_size, 0} {
        all_.reserve(std::size_t(workers_.count()));
        for (int k = 0; k < workers_.count(); ++k)
            all_.emplace_back(model.count(), network.state_size,
                              GradientBuffers::of(k, workers_.count(), most_shards()));
        losses_.resize(std::size_t(most_shards()));
        if (workers_.count() > most_shards())
            warn("expected as many threads as shards (" + std::to_string(most_shards()) + ") or fewer, got " +
                 std::to_string(workers_.count()) + ": the others have nothing to do");
    }

    /// One step: loss, gradient, clipping, update. Returns the loss before the update, including that of pending steps,
    /// which are collected.
    template <class Batch>
    LossSum step(const Batch& batch, Record<Batch> record, Error& error) {
        Error found, late;
        enqueue(batch, record, found);
        LossSum sum;
        const std::size_t last = pending_.size();
        const auto look = [&](std::size_t k) { return k + 1 == last ? find_not_finite(batch) : std::string{}; };
        collect(sum, late, look);
        if (late || found) error = late ? std::move(late) : std::move(found);
        return sum;
    }

    /// Enqueues a step; collect returns its loss or its error. With an asynchronous backend this does not synchronize.
    /// steps() counts the step.
    ///
    /// Errors  those that are known before the step is computed; the step is not enqueued then.
    template <class Batch>
    void enqueue(const Batch& batch, Record<Batch> record, Error& error) {
        const double factor = this->factor();
        if (Error found = factor_problem(factor, steps_)) return void(error = std::move(found));
        if (Error found = check_batch(batch, true)) return void(error = std::move(found));
        const double terms = loss_.terms(batch.target);
        if constexpr (Asynchronous<B>)
            if (workers_.count() == 1 && !settings_.accumulate)
                return enqueue_async(batch, record, terms, factor, error);
        const std::int64_t before = steps_;
        Error found;
        const LossSum loss = pending_.settle() ? take(batch, record, terms, factor, found) : LossSum{};
        if (found) error = std::move(found);
        else pending_.add(loss, before);
    }

    /// Waits for the pending steps and adds their losses to `sum`, one after the other; returns how many were finite.
    ///
    /// Errors  the first loss or gradient that was not finite. That step and later ones have changed nothing and are
    ///         not counted. look(k) returns a description of what is not finite in the k-th mini-batch, from 0, or
    ///         nothing.
    template <class LookAt>
    std::size_t collect(LossSum& sum, Error& error, const LookAt& look) {
        std::optional<typename PendingSteps<B>::NonFinite> bad;
        const std::size_t good = pending_.take(sum, bad);
        if constexpr (Asynchronous<B>)
            if (bad) {
                steps_ = bad->before;
                error = not_finite(network_.tensors, look(good), bad->loss, model_->values(),
                                   tensor_of(network_.tensors, "the gradient of ", bad->number), steps_);
                pending_.finite_check().clear(backend());
                clear(backend(), state_);
            }
        return good;
    }
    LossSum collect(Error& error) {
        LossSum sum;
        collect(sum, error, [](std::size_t) { return std::string{}; });
        return sum;
    }
    LossSum collect() {
        return or_fail([&](Error& error) { return collect(error); });
    }

    /// A mini-batch's loss without dropout and without an update. Persistent states are separate from those of
    /// training.
    template <class Batch>
    LossSum evaluate(const Batch& batch, Record<Batch> record, Error& error) {
        Error found = check_batch(batch, false);
        if (!found) return run_workers(batch, record, loss_.terms(batch.target), false, error);
        error = std::move(found);
        return {};
    }

    /// An error that names a parameter, or a number of the optimizer's memory, that is not finite: a step with finite
    /// loss and gradient can cause one if the learning rate is too large. `fit` checks after each epoch, since a check
    /// after each step would take time.
    Error problem() { return training_problem(backend(), *model_, optimizer_.memory(), network_.tensors, steps_); }

    /// Members that a checkpoint saves, in addition to the parameters.
    std::int64_t steps() const { return steps_; }
    void steps(std::int64_t steps) { steps_ = steps; }
    double rate_factor() const { return rate_factor_; }
    void rate_factor(double factor) { rate_factor_ = factor; }
    auto& optimizer_memory() { return optimizer_.memory(); }
    const auto& optimizer_memory() const { return optimizer_.memory(); }
    const Rule& rule() const { return optimizer_.rule(); }
    WeightAverage<B>& average() { return average_; }
    const WeightAverage<B>& average() const { return average_; }
    /// Exchanges the model's parameters and their average. The next step must have them exchanged again.
    ///
    /// Errors  no TrainerSettings::average.
    void swap_average() {
        if (!average_) fail(Error::Kind::argument, "rondo::Trainer: swap_average: expected an average, got none");
        average_.swap(backend(), *model_, network_.trained);
    }

    std::vector<scalar> averaged_values() const { return average_.values(*model_, network_.trained); }

    KeptParameters<B>& kept() { return kept_; }
    const KeptParameters<B>& kept() const { return kept_; }

    /// The learning rate of the next step, of groups that do not change it; of a rule that has no `rate`, its factor.
    double rate() const {
        if constexpr (HasRate<Rule>) return rule().rate * factor();
        else return factor();
    }
    /// Sets the rate's factor instead of the schedule and rate_factor; nothing: they apply again.
    void fix_factor(std::optional<double> factor) { fixed_factor_ = factor; }

    const Loss& loss() const { return loss_; }
    int threads() const { return int(all_.size()); }
    /// The persistent state of training, of all sequences of a batch.
    StateBuffer<B>& state() { return state_; }
    const StateBuffer<B>& state() const { return state_; }

    ParameterBuffer<B>& model() { return *model_; }
    const ParameterBuffer<B>& model() const { return *model_; }
    const NetworkSizes& network() const { return network_; }
    const TrainerSettings& settings() const { return settings_; }

private:
    static TrainerSettings checked(TrainerSettings settings) {
        (check)(settings.problem());
        return settings;
    }
    double factor() const { return fixed_factor_ ? *fixed_factor_ : rate_factor_ * settings_.schedule(steps_); }
    const FrozenParameters* frozen() const { return optimizer_.frozen().empty() ? nullptr : &optimizer_.frozen(); }
    std::size_t size() const { return model_->count(); }
    B& backend() { return all_.front().work.backend(); }

    template <class Batch>
    void enqueue_async(const Batch& batch, Record<Batch> record, double terms, double factor, Error& error) {
        const std::int64_t before = steps_;
        Worker<B>& worker = all_.front();
        worker.guard([&] {
            if (!async_step_(worker, state_, pending_, *model_, frozen(), network_.trained, record, loss_, settings_,
                             batch, terms, std::uint64_t(steps_)))
                return;
            NonFiniteGuard<B> guard{backend(), pending_.finite_check().record()};
            update(guard, factor);
        });
        if (worker.thrown) std::rethrow_exception(worker.thrown);
        if (worker.error) error = worker.error;
        else pending_.add(terms, before);
    }

    template <class Used>
    void update(Used& used, double factor) {
        const scalar* const gradient = all_.front().gradient().data();
        ++steps_;
        optimizer_.step(used, model_->data(), gradient, steps_, factor);
        update_running_averages(used, network_.tensors, model_->data(), gradient, optimizer_.frozen());
        average_.update(used, model_->data(), network_.trained, steps_);
    }

    // A synchronous step.
    template <class Batch>
    LossSum take(const Batch& batch, Record<Batch> record, double terms, double factor, Error& error) {
        const LossSum loss = run_workers(batch, record, terms, true, error);
        if (loss.terms == 0) return loss;
        sum_gradients_(all_, workers_, size(), shards_of(batch.target.extent.batch, true).count, settings_.small_work);
        scalar* const gradient = all_.front().gradient().data();
        const std::size_t trained = network_.trained;
        clear_frozen(backend(), optimizer_.frozen(), gradient);
        const double norm = std::sqrt(backend().sum_of_squares(gradient, trained));
        if (!std::isfinite(loss.sum) || !std::isfinite(norm)) {
            error = not_finite(network_.tensors, find_not_finite(batch), loss.sum, model_->values(),
                               find_not_finite(network_.tensors, "the gradient of ", all_.front().gradient().values()),
                               steps_);
            clear(backend(), state_);
            return loss;
        }
        if (settings_.clip_norm > 0) clip_norm(backend(), gradient, trained, norm, settings_.clip_norm);
        if (settings_.clip_value > 0) clip_value(backend(), gradient, trained, settings_.clip_value);
        update(backend(), factor);
        if constexpr (Asynchronous<B>) backend().wait(); // other backends read the parameters
        return loss;
    }

    template <class Batch>
    LossSum run_workers(const Batch& batch, Record<Batch> record, double terms, bool learn, Error& error) {
        if (terms == 0 && batch.state_policy == StatePolicy::none) return {}; // else states are updated
        const int sequences = batch.target.extent.batch;
        const Randomness draws{settings_.seed, std::uint64_t(steps_), true, nullptr, settings_.dropout.value_or(-1)};
        StateBuffer<B>* states = batch.state_policy == StatePolicy::none ? nullptr : &persistent_state(learn);
        if (states && states->batch() != sequences) states->reset(sequences);
        else if (batch.state_policy == StatePolicy::start) clear(backend(), *states);
        if constexpr (Asynchronous<B>)
            if (states && workers_.count() > 1) backend().wait(); // other backends read them
        const typename Worker<B>::template Task<Loss, Batch> task{*model_,
                                                                  record,
                                                                  loss_,
                                                                  batch,
                                                                  terms,
                                                                  learn ? &draws : nullptr,
                                                                  states,
                                                                  network_.state_widths,
                                                                  settings_.accumulate,
                                                                  losses_.data(),
                                                                  learn ? frozen() : nullptr};
        Shards shards = shards_of(sequences, learn);
        const auto part = [&](int k) {
            auto& worker = all_[std::size_t(k)];
            worker.guard([&] {
                if constexpr (Asynchronous<B>)
                    if (k > 0) worker.work.backend().enter();
                worker.run(task, shards.part(k, workers_.count()));
            });
        };
        const std::size_t work = std::get<0>(batch.inputs).extent.columns() * network_.parameters;
        workers_.each(part, work < settings_.small_work || shards.count == 1);
        if (range::any_of(all_, [](const Worker<B>& worker) { return worker.needs_whole_batch; })) {
            keep_batches_whole(learn);
            shards = shards_of(sequences, learn);
            part(0);
        }
        const auto failed = [](const Worker<B>& worker) { return worker.thrown || worker.error; };
        if (states && range::any_of(all_, failed)) clear(backend(), *states); // some may have been advanced
        for (const auto& worker : all_) {
            if (worker.thrown) std::rethrow_exception(worker.thrown);
            if (worker.error) return error = worker.error, LossSum{};
        }
        return {sequences > 0 ? tree_sum(losses_.data(), shards.count) * terms : 0, terms};
    }

    // A device computes a worker's part as one shard, unless shards are computed one after the other.
    int most_shards() const { return OnHost<B> || settings_.accumulate ? settings_.shards : workers_.count(); }
    Shards shards_of(int sequences, bool learn) const {
        return Shards::of(sequences, whole_batch_[std::size_t(learn)] ? 1 : most_shards());
    }
    static void warn(const std::string& text) { std::fputs(("rondo::Trainer: " + text + '\n').c_str(), stderr); }
    void keep_batches_whole(bool learn) {
        if (!whole_batch_[0] && !whole_batch_[1] && (workers_.count() > 1 || settings_.accumulate))
            warn("statistics of whole batches (BatchNorm1d) are computed by one thread, all shards at once");
        whole_batch_[std::size_t(learn)] = true;
    }
    StateBuffer<B>& persistent_state(bool learn) { return learn ? state_ : evaluation_; }

    // Validates before any worker begins, so that these errors change nothing.
    template <class Batch>
    Error check_batch(const Batch& batch, bool learn) {
        return training_batch_problem(batch, loss_, network_, persistent_state(learn).batch());
    }

    ParameterBuffer<B>* model_;
    NetworkSizes network_;
    Loss loss_;
    TrainerSettings settings_;
    OptimizerState<Rule, B> optimizer_;
    WeightAverage<B> average_;
    KeptParameters<B> kept_;
    Workers workers_;
    std::vector<Worker<B>> all_;
    StateBuffer<B> state_, evaluation_; // separate, so that an evaluation does not change training
    std::vector<double> losses_;        // of each shard
    std::array<bool, 2> whole_batch_{}; // of an evaluation and of training: batches are not divided
    SumGradients<B> sum_gradients_;
    std::int64_t steps_ = 0;
    double rate_factor_ = 1;
    std::optional<double> fixed_factor_{};

    PendingSteps<B> pending_;
    std::conditional_t<Asynchronous<B>, AsyncStep<B>, std::tuple<>> async_step_;
};

} // namespace rondo::detail
