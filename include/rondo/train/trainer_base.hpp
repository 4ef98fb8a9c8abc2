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
#include "ranks.hpp"
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
          ranks_{settings_.communicator}, workers_{settings_.threads}, state_{network.state_size, 0},
          evaluation_{network.state_size, 0} {
        all_.reserve(std::size_t(workers_.count()));
        for (int k = 0; k < workers_.count(); ++k)
            all_.emplace_back(model.count(), network.state_size,
                              GradientBuffers::of(k, workers_.count(), most_shards(), ranks_));
        losses_.resize(std::size_t(most_shards()));
        if (const int all = workers_.count() * ranks_.count(); all > most_shards() && ranks_.rank() == 0)
            warn("expected as many threads as shards (" + std::to_string(most_shards()) + ") or fewer, got " +
                 (ranks_ ? std::to_string(ranks_.count()) + " ranks of " : std::string{}) +
                 std::to_string(workers_.count()) + ": the others have nothing to do");
        if (ranks_) begin_as_one();
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
        Error found;
        const double terms = terms_of(batch, true, found);
        if (found) return void(error = std::move(found));
        if constexpr (Asynchronous<B>)
            if (workers_.count() == 1 && !settings_.accumulate && !ranks_)
                return enqueue_async(batch, record, terms, factor, error);
        const std::int64_t before = steps_;
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
        Error found;
        const double terms = terms_of(batch, false, found);
        if (!found) run_workers(batch, record, terms, false, found);
        if (!found && ranks_) found = ranks_.communicator().share(shards_of(batch.sequences(), false), losses_.data());
        if (!found) return loss_of(batch, false, terms);
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

    /// What this rank reads of each mini-batch: data.at(k, trainer.part()). Without a communicator, all.
    RankPart part() const { return {ranks_.rank(), ranks_.count(), most_shards()}; }
    const Ranks& ranks() const { return ranks_; }
    /// The persistent states of all ranks on rank 0, whose checkpoint has them.
    std::vector<scalar> gathered_state(Error& error) const {
        std::vector<scalar> values = state_.values();
        std::vector<std::size_t> widths; // in bytes
        for (const std::size_t width : network_.state_widths) widths.push_back(width * sizeof(scalar));
        if (!values.empty())
            error = ranks_.communicator().gather_states(shards_of(state_.batch(), true), widths,
                                                        std::as_writable_bytes(std::span{values}));
        return values;
    }

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
        if (!run_workers(batch, record, terms, true, error) || terms == 0) return {};
        error = sum_gradients_(all_, workers_, size(), shards_of(batch.sequences(), true), settings_.small_work, ranks_,
                               losses_.data());
        if (error) return {};
        const LossSum loss = loss_of(batch, true, terms);
        scalar* const gradient = all_.front().gradient().data();
        const std::size_t trained = network_.trained;
        clear_frozen(backend(), optimizer_.frozen(), gradient);
        const double norm = std::sqrt(backend().sum_of_squares(gradient, trained));
        if (!std::isfinite(loss.sum) || !std::isfinite(norm)) {
            std::string where, what = find_not_finite(batch);
            if (ranks_ && what.empty()) what = find_not_finite(network_.tensors, "parameter ", model_->values());
            if (ranks_)
                error =
                    ranks_.communicator().find_rank(shards_of(batch.sequences(), true), losses_.data(), where, what);
            if (error) return loss;
            error = not_finite(network_.tensors, std::move(what), loss.sum, model_->values(),
                               find_not_finite(network_.tensors, "the gradient of ", all_.front().gradient().values()),
                               steps_);
            error.message = where + error.message;
            clear(backend(), state_);
            return loss;
        }
        if (settings_.clip_norm > 0) clip_norm(backend(), gradient, trained, norm, settings_.clip_norm);
        if (settings_.clip_value > 0) clip_value(backend(), gradient, trained, settings_.clip_value);
        update(backend(), factor);
        if constexpr (Asynchronous<B>) backend().wait(); // other backends read the parameters
        return loss;
    }

    // Computes this rank's shards of a batch; false after an error, which all ranks are told of.
    template <class Batch>
    bool run_workers(const Batch& batch, Record<Batch> record, double terms, bool learn, Error& error) {
        bool computed = false;
        const auto step = [&] { return "step " + std::to_string(steps_ + 1) + ": "; };
        if (!ranks_) return compute(batch, record, terms, learn, error);
        or_first([&] { computed = compute(batch, record, terms, learn, error); },
                 [&] { ranks_.communicator().tell(current_error(), step()); });
        if (error) error = ranks_.communicator().tell(std::move(error), step());
        return computed;
    }
    template <class Batch>
    bool compute(const Batch& batch, Record<Batch> record, double terms, bool learn, Error& error) {
        if (terms == 0 && batch.state_policy == StatePolicy::none) return true; // else states are updated
        const int sequences = batch.sequences();
        const Randomness draws{settings_.seed, std::uint64_t(steps_), true, nullptr, settings_.dropout.value_or(-1)};
        StateBuffer<B>* states = batch.state_policy == StatePolicy::none ? nullptr : &persistent_state(learn);
        if (states && states->batch() != sequences) states->reset(sequences);
        else if (batch.state_policy == StatePolicy::start) clear(backend(), *states);
        if constexpr (Asynchronous<B>)
            if (states && (workers_.count() > 1 || ranks_)) backend().wait(); // other backends read them
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
        Shards shards = ranks_.part(shards_of(sequences, learn));
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
            if (ranks_) {
                error = {Error::Kind::argument, "rondo::Trainer: statistics of whole batches (BatchNorm1d) need one "
                                                "rank: expected 1, got " +
                                                    std::to_string(ranks_.count())};
                return false;
            }
            keep_batches_whole(learn);
            shards = shards_of(sequences, learn);
            part(0);
        }
        const auto failed = [](const Worker<B>& worker) { return worker.thrown || worker.error; };
        if (states && range::any_of(all_, failed)) clear(backend(), *states); // some may have been advanced
        for (const auto& worker : all_) {
            if (worker.thrown) std::rethrow_exception(worker.thrown);
            if (worker.error) return error = worker.error, false;
        }
        return true;
    }
    // Of all shards.
    template <class Batch>
    LossSum loss_of(const Batch& batch, bool learn, double terms) const {
        const int sequences = batch.sequences();
        if (terms == 0 || sequences == 0) return {0, terms};
        return {tree_sum(losses_.data(), shards_of(sequences, learn).count) * terms, terms};
    }
    // The terms of a batch's loss, of all ranks.
    template <class Batch>
    double terms_of(const Batch& batch, bool learn, Error& error) {
        error = check_batch(batch, learn);
        if (error && ranks_)
            error = ranks_.communicator().tell(std::move(error), "step " + std::to_string(steps_ + 1) + ": ");
        if (error) return 0;
        double terms = loss_.terms(batch.target);
        if (ranks_ && batch.part.sequences > 0) error = ranks_.communicator().add(terms);
        return terms;
    }

    [[gnu::cold]] void begin_as_one() {
        const std::array<std::uint64_t, 6> mine{std::uint64_t(most_shards()),
                                                settings_.seed.value,
                                                size(),
                                                std::uint64_t(settings_.accumulate),
                                                std::uint64_t(settings_.groups.size()),
                                                std::uint64_t(settings_.average.has_value())};
        constexpr std::array<const char*, 6> names{"shards", "seed", "parameters", "accumulate", "groups", "average"};
        ranks_.same("rondo::Trainer", mine, names);
        std::vector<scalar> values = model_->values();
        (check)(ranks_.communicator().broadcast(std::as_writable_bytes(std::span{values})));
        model_->assign(values);
        if (average_) average_.assign(values);
    }
    // A device computes a worker's part as one shard, unless shards are computed one after the other.
    int most_shards() const {
        return OnHost<B> || settings_.accumulate ? settings_.shards : workers_.count() * ranks_.count();
    }
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
    Ranks ranks_;
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
