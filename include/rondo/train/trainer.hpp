// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../data/batch.hpp"
#include "../model/workspace.hpp"
#include "../op/lookup.hpp"
#include "async/async_step.hpp"
#include "async/non_finite_guard.hpp"
#include "async/pending_steps.hpp"
#include "clip.hpp"
#include "not_finite.hpp"
#include "trainer_settings.hpp"
#include "worker.hpp"
#include "workers.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class S>
struct AddTo {
    S* p;
    const S* q;
    template <class L>
    RONDO_HOST_DEVICE void run(std::size_t k) const {
        L::add(p + k, L::load(q + k));
    }
};
}

/// Trains a model's parameters, one mini-batch a step.
///
/// With an asynchronous backend (a device) and one worker, enqueued steps do not synchronize: the finite check and
/// clipping run on the device, and after a step that was not finite, parameters and optimizer memory do not change
/// until collect. Up to the optimizer's update, steps with equal programs and without lengths are one captured graph
/// (the backend's `repeat`).
///
/// Memory  optimizer memory, and a gradient for each worker, are allocated by the constructor; a workspace for each
///         worker by the first step of the largest extents. Later steps allocate nothing.
/// Errors  a loss or gradient that is not finite: an error that names the step and the input, target or tensor. Tokens,
///         targets or lengths that are invalid for the loss or the network; a mini-batch whose number of sequences
///         differs from that of the persistent states; a schedule without a valid factor. The parameters stay those of
///         the previous step. Other exceptions of a network are passed on.
template <class Net, class Loss, class Rule, Backend B>
    requires Optimizer<Rule, B>
class Trainer {
public:
    using scalar = typename B::scalar;
    static constexpr std::size_t size = Model<Net, B>::size;

    Trainer(Model<Net, B>& model, Loss loss, Rule rule, TrainerSettings settings = {})
        : model_{&model}, loss_{std::move(loss)}, rule_{std::move(rule)}, settings_{std::move(settings)},
          workers_{settings_.threads}, all_(std::size_t(workers_.count())) {
        (check)(rule_.problem());
        (check)(settings_.problem());
        for (auto& memory : memory_) memory.resize(size);
    }

    /// One step: loss, gradient, clipping, update. Returns the loss before the update, including that of pending steps,
    /// which are collected.
    template <class Batch>
    LossSum step(const Batch& batch, Error& error) {
        Error found, late;
        enqueue(batch, found);
        LossSum sum;
        const std::size_t last = pending_.size();
        const auto look = [&](std::size_t k) { return k + 1 == last ? detail::find_not_finite(batch) : std::string{}; };
        collect(sum, late, look);
        if (late || found) error = late ? std::move(late) : std::move(found);
        return sum;
    }
    template <class Batch>
    LossSum step(const Batch& batch) {
        return or_fail([&](Error& error) { return step(batch, error); });
    }

    /// Enqueues a step; collect returns its loss or its error. With an asynchronous backend this does not synchronize.
    /// steps() counts the step.
    ///
    /// Errors  those that are known before the step is computed; the step is not enqueued then.
    template <class Batch>
    void enqueue(const Batch& batch, Error& error) {
        const double factor = rate_factor_ * settings_.schedule(steps_);
        if (Error found = detail::factor_problem(factor, steps_)) return void(error = std::move(found));
        if (Error found = check_batch(batch, true)) return void(error = std::move(found));
        const double terms = loss_.terms(batch.target);
        if constexpr (Asynchronous<B>)
            if (workers_.count() == 1) return enqueue_async(batch, terms, factor, error);
        const std::int64_t before = steps_;
        Error found;
        const LossSum loss = pending_.settle() ? take(batch, terms, factor, found) : LossSum{};
        if (found) error = std::move(found);
        else pending_.add(loss, before);
    }
    template <class Batch>
    void enqueue(const Batch& batch) {
        or_fail([&](Error& error) { enqueue(batch, error); });
    }

    /// Waits for the pending steps and adds their losses to `sum`, one after the other; returns how many were finite.
    ///
    /// Errors  the first loss or gradient that was not finite. That step and later ones have changed nothing and are
    ///         not counted. look(k) returns a description of what is not finite in the k-th mini-batch, from 0, or
    ///         nothing.
    template <class LookAt>
    std::size_t collect(LossSum& sum, Error& error, const LookAt& look) {
        std::optional<typename detail::PendingSteps<B>::NonFinite> bad;
        const std::size_t good = pending_.take(sum, bad);
        if constexpr (Asynchronous<B>)
            if (bad) {
                steps_ = bad->before;
                error = detail::not_finite(Net::tensors, look(good), bad->loss, model_->values(),
                                           detail::tensor_of(Net::tensors, "the gradient of ", bad->number), steps_);
                pending_.finite_check().clear(backend());
                detail::clear(backend(), state(0));
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
    LossSum evaluate(const Batch& batch) {
        return or_fail([&](Error& error) {
            if (Error found = check_batch(batch, false)) return error = std::move(found), LossSum{};
            return run_workers(batch, loss_.terms(batch.target), false, error);
        });
    }

    /// An error that names a parameter, or a number of the optimizer's memory, that is not finite: a step with finite
    /// loss and gradient can cause one if the learning rate is too large. `fit` checks after each epoch, since a check
    /// after each step would take time.
    Error problem() {
        Error found = finite_problem("parameter ", model_->data(), [&] { return model_->values(); });
        for (std::size_t k = 0; k < memory_.size() && !found; ++k)
            found = finite_problem("the optimizer's memory of ", B::data(memory_[k]), [&] {
                std::vector<scalar> values(size);
                B::download(values.data(), B::data(memory_[k]), size);
                return values;
            });
        return found;
    }

    /// Members that a checkpoint saves, in addition to the parameters.
    std::int64_t steps() const { return steps_; }
    void steps(std::int64_t steps) { steps_ = steps; }
    double rate_factor() const { return rate_factor_; }
    void rate_factor(double factor) { rate_factor_ = factor; }
    auto& optimizer_memory() { return memory_; }
    const auto& optimizer_memory() const { return memory_; }
    const Rule& rule() const { return rule_; }
    int threads() const { return int(all_.size()); }
    BatchState<Net, B>& state(int worker) { return all_[std::size_t(worker)].state; }
    const BatchState<Net, B>& state(int worker) const { return all_[std::size_t(worker)].state; }

    Model<Net, B>& model() { return *model_; }
    const Model<Net, B>& model() const { return *model_; }
    const TrainerSettings& settings() const { return settings_; }

private:
    B& backend() { return all_.front().work.backend(); }

    template <class Values>
    Error finite_problem(const char* what, const scalar* data, const Values& values) {
        if (std::isfinite(backend().sum_of_squares(data, size))) return {}; // else only the squares may have overflowed
        const std::string found = detail::find_not_finite(Net::tensors, what, values());
        if (found.empty()) return {};
        return {Error::Kind::not_finite, "rondo::Trainer: after step " + std::to_string(steps_) + ": " + found +
                                             " is not finite; the rate may be too large"};
    }

    template <class Batch>
    void enqueue_async(const Batch& batch, double terms, double factor, Error& error) {
        const std::int64_t before = steps_;
        detail::Worker<Net, B>& worker = all_.front();
        worker.guard([&] {
            if (!async_step_(worker, pending_, *model_, loss_, settings_, batch, terms, std::uint64_t(steps_))) return;
            detail::NonFiniteGuard<B> guard{backend(), pending_.finite_check().record()};
            update(guard, factor);
        });
        if (worker.thrown) std::rethrow_exception(worker.thrown);
        if (worker.error) error = worker.error;
        else pending_.add(terms, before);
    }

    template <class Used>
    void update(Used& used, double factor) {
        std::array<scalar*, std::size_t(Rule::memories)> memory;
        for (std::size_t k = 0; k < memory.size(); ++k) memory[k] = B::data(memory_[k]);
        ++steps_;
        rule_.step(used,
                   Update<scalar>{model_->data(), all_.front().gradient.data(), memory.data(), size, steps_, factor});
    }

    // A synchronous step.
    template <class Batch>
    LossSum take(const Batch& batch, double terms, double factor, Error& error) {
        const LossSum loss = run_workers(batch, terms, true, error);
        if (loss.terms == 0) return loss;
        scalar* gradient = all_.front().gradient.data();
        for (std::size_t k = 1; k < all_.size(); ++k)
            if (all_[k].columns > 0) backend().elements(detail::AddTo<scalar>{gradient, all_[k].gradient.data()}, size);

        const double norm = std::sqrt(backend().sum_of_squares(gradient, size));
        if (!std::isfinite(loss.sum) || !std::isfinite(norm)) {
            error = detail::not_finite(
                Net::tensors, detail::find_not_finite(batch), loss.sum, model_->values(),
                detail::find_not_finite(Net::tensors, "the gradient of ", all_.front().gradient.values()), steps_);
            for (auto& worker : all_) detail::clear(worker.work.backend(), worker.state);
            return loss;
        }
        if (settings_.clip_norm > 0) clip_norm(backend(), gradient, size, norm, settings_.clip_norm);
        if (settings_.clip_value > 0) clip_value(backend(), gradient, size, settings_.clip_value);
        update(backend(), factor);
        if constexpr (Asynchronous<B>) backend().wait(); // other backends read the parameters
        return loss;
    }

    template <class Batch>
    LossSum run_workers(const Batch& batch, double terms, bool learn, Error& error) {
        if (terms == 0 && batch.state_policy == StatePolicy::none) return {}; // else states are updated
        const std::size_t work = std::get<0>(batch.inputs).extent.columns() * parameter_count<Net>;
        const Randomness draws{settings_.seed, std::uint64_t(steps_), true};
        const auto part = [&](int k) {
            auto& worker = all_[std::size_t(k)];
            worker.guard(
                [&] { worker.run(*model_, loss_, batch, k, workers_.count(), terms, learn ? &draws : nullptr); });
        };
        workers_.each(part, work < settings_.small_work);
        LossSum loss{0, terms};
        for (const auto& worker : all_) {
            if (worker.thrown) std::rethrow_exception(worker.thrown);
            if (worker.error) return error = worker.error, LossSum{};
            if (worker.columns > 0) loss.sum += worker.loss * terms;
        }
        return loss;
    }

    static constexpr int classes() {
        if constexpr (requires { Net::output_size; }) return Net::output_size;
        else return (std::numeric_limits<int>::max)();
    }

    // Validates before any worker begins, so that an error changes nothing.
    template <class Batch>
    Error check_batch(const Batch& batch, bool learn) {
        Error error = rondo::problem(batch.target.extent);
        const auto fits = [&](const Extent& x) {
            if (!error) error = detail::batch_problem(x, batch.target.extent);
        };
        std::apply([&](const auto&... x) { (fits(x.extent), ...); }, batch.inputs);
        if (!error) error = (loss_.check)(batch.target, classes());
        if constexpr (requires { requires Net::vocabulary > 0; })
            if (!error) error = token_outside(std::get<0>(batch.inputs), Net::vocabulary);
        int before = 0;
        for (auto& worker : all_) before += worker.persistent_state(learn).batch();
        if (!error && batch.state_policy == StatePolicy::resume)
            error = detail::go_on_problem(batch.target.extent.batch, before);
        return error;
    }

    Model<Net, B>* model_;
    Loss loss_;
    Rule rule_;
    TrainerSettings settings_;
    Workers workers_;
    std::vector<detail::Worker<Net, B>> all_;
    std::array<typename B::template buffer<scalar>, std::size_t(Rule::memories)> memory_;
    std::int64_t steps_ = 0;
    double rate_factor_ = 1;

    detail::PendingSteps<B> pending_;
    std::conditional_t<Asynchronous<B>, detail::AsyncStep<B>, std::tuple<>> async_step_;
};

} // namespace rondo
