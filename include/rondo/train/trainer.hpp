// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../layer/embedding.hpp"
#include "../network/workspace.hpp"
#include "../optimizer/concept.hpp"
#include "../optimizer/schedule.hpp"
#include "batch.hpp"
#include "clip.hpp"
#include "not_finite.hpp"
#include "workers.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <exception>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace rondo::inline v0_1 {

/// How steps are taken.
///
/// clip_norm, clip_value  limits of the gradient; 0: none.
/// threads                workers that share each batch by its sequences; the bits of a run depend on their number.
/// small_work             parameters times columns below which the caller does all workers' parts itself, to the same
///                        bits: waking the others would take longer (200,000 are some 30 us of work, waking 8 us).
/// schedule               a factor of the learning rate for step 0, 1, ...
struct TrainerSettings {
    double clip_norm = 0, clip_value = 0;
    int threads = 1;
    Seed seed{};
    std::size_t small_work = 200'000;
    RateSchedule schedule{};

    /// Names a setting out of its range.
    Error problem() const {
        constexpr double any = std::numeric_limits<double>::infinity();
        if (threads < 1)
            return {Error::Kind::argument,
                    "rondo::Trainer: threads: expected 1 or more, got " + std::to_string(threads)};
        return detail::first_of({detail::outside("rondo::Trainer: clip_norm", clip_norm, 0, any),
                                 detail::outside("rondo::Trainer: clip_value", clip_value, 0, any)});
    }
};

/// A sum of losses and how many terms it has.
struct LossSum {
    double sum = 0, terms = 0;
    double mean() const { return sum / terms; } // of no terms: NaN
    bool operator==(const LossSum&) const = default;
};

namespace detail {
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

/// Moves a model's parameters, one batch a step.
///
/// Memory  optimizer memory and a gradient a worker, taken when it is made; a workspace a worker, taken by the first
///         step of the largest extents. Later steps take none.
/// Errors  a loss or gradient that is not finite: an error that names step and input, target or tensor. Tokens, targets
///         or lengths that fit neither loss nor network; a batch of another number of sequences than the states that it
///         goes on from; a schedule that gives no factor. The parameters stay those of the step before. What else a
///         network throws comes out of step.
template <class Net, class Loss, class Rule, Backend B>
    requires Optimizer<Rule, B>
class Trainer {
public:
    using scalar = typename B::scalar;

    Trainer(Model<Net, B>& model, Loss loss, Rule rule, TrainerSettings settings = {})
        : model_{&model}, loss_{std::move(loss)}, rule_{std::move(rule)}, settings_{std::move(settings)},
          workers_{settings_.threads}, parts_(std::size_t(workers_.count())) {
        check(rule_.problem());
        check(settings_.problem());
        for (auto& memory : memory_) memory.resize(Model<Net, B>::size);
    }

    /// One step: loss, gradient, clipping, update. Returns the batch's loss before the update.
    template <class Batch>
    LossSum step(const Batch& batch, Error& error) {
        const double factor = rate_factor_ * settings_.schedule(steps_);
        if (Error found = detail::factor_problem(factor, steps_)) return error = std::move(found), LossSum{};
        const LossSum loss = share(batch, true, error);
        if (loss.terms == 0) return loss;
        Part& first = parts_.front();
        B& backend = first.work.backend();
        for (std::size_t k = 1; k < parts_.size(); ++k)
            if (parts_[k].columns > 0)
                backend.elements(detail::AddTo<scalar>{first.gradient.data(), parts_[k].gradient.data()},
                                 Model<Net, B>::size);

        scalar* gradient = first.gradient.data();
        const double norm = std::sqrt(backend.sum_of_squares(gradient, Model<Net, B>::size));
        if (!std::isfinite(loss.sum) || !std::isfinite(norm)) {
            error = detail::not_finite(Net::tensors, detail::find_not_finite(batch), loss.sum, model_->values(),
                                       first.gradient.values(), steps_);
            for (Part& part : parts_) part.state.reset();
            return loss;
        }
        if (settings_.clip_norm > 0) clip_norm(backend, gradient, Model<Net, B>::size, norm, settings_.clip_norm);
        if (settings_.clip_value > 0) clip_value(backend, gradient, Model<Net, B>::size, settings_.clip_value);

        std::array<scalar*, std::size_t(Rule::memories)> memory;
        for (std::size_t k = 0; k < memory.size(); ++k) memory[k] = B::data(memory_[k]);
        ++steps_;
        rule_.step(backend,
                   Update<scalar>{model_->data(), gradient, memory.data(), Model<Net, B>::size, steps_, factor});
        return loss;
    }
    template <class Batch>
    LossSum step(const Batch& batch) {
        return or_fail([&](Error& error) { return step(batch, error); });
    }

    /// A batch's loss without dropout; nothing is learnt. States that batches carry are apart from training's.
    template <class Batch>
    LossSum evaluate(const Batch& batch) {
        return or_fail([&](Error& error) { return share(batch, false, error); });
    }

    /// What a checkpoint keeps besides the parameters.
    std::int64_t steps() const { return steps_; }
    void steps(std::int64_t steps) { steps_ = steps; }
    double rate_factor() const { return rate_factor_; }
    void rate_factor(double factor) { rate_factor_ = factor; }
    auto& optimizer_memory() { return memory_; }
    const auto& optimizer_memory() const { return memory_; }
    const Rule& rule() const { return rule_; }
    int threads() const { return int(parts_.size()); }
    BatchState<Net, B>& state(int worker) { return parts_[std::size_t(worker)].state; }
    const BatchState<Net, B>& state(int worker) const { return parts_[std::size_t(worker)].state; }

    Model<Net, B>& model() { return *model_; }
    const Model<Net, B>& model() const { return *model_; }
    const TrainerSettings& settings() const { return settings_; }

private:
    struct Part {
        Workspace<Net, B> work;
        Model<Net, B> gradient;
        BatchState<Net, B> state{0}, evaluation{0}; // apart, so that an evaluation leaves training where it was
        detail::SliceMemory memory;
        BatchState<Net, B>& carried(bool learn) { return learn ? state : evaluation; }
        int columns = 0;
        double loss = 0;
        Error error;
        std::exception_ptr thrown;
    };

    template <class Batch>
    LossSum share(const Batch& batch, bool learn, Error& error) {
        if (Error found = check_batch(batch, learn)) return error = std::move(found), LossSum{};
        const double terms = loss_.terms(batch.target);
        if (terms == 0 && batch.carry == Carry::none) return {}; // else its states go on, though nothing is learnt
        const std::size_t work = std::get<0>(batch.inputs).extent.columns() * parameter_count<Net>;
        workers_.each(
            [&](int k) { guard(parts_[std::size_t(k)], [&](Part& part) { run_part(batch, part, k, terms, learn); }); },
            work < settings_.small_work);
        LossSum loss{0, terms};
        for (const Part& part : parts_) {
            if (part.thrown) std::rethrow_exception(part.thrown);
            if (part.error) return error = part.error, LossSum{};
            if (part.columns > 0) loss.sum += part.loss * terms;
        }
        return loss;
    }

    // No worker may throw: the others still run.
    template <class Work>
    static void guard(Part& part, const Work& work) {
        part.error = {};
        part.thrown = nullptr;
#if defined(__cpp_exceptions)
        try {
            work(part);
        } catch (const Failure& failure) {
            part.error = failure.error();
        } catch (...) {
            part.thrown = std::current_exception();
        }
#else
        work(part);
#endif
    }

    template <class Batch>
    void run_part(const Batch& batch, Part& part, int k, double terms, bool learn) {
        const int all = batch.target.extent.batch, count = int(parts_.size());
        const int first = int(std::int64_t(all) * k / count);
        part.columns = int(std::int64_t(all) * (k + 1) / count) - first;
        // The first worker's gradient becomes the sum, even where it has no sequence.
        if (learn && (part.columns > 0 || k == 0))
            part.work.backend().fill(part.gradient.data(), Model<Net, B>::size, scalar(0));
        BatchState<Net, B>& carried = part.carried(learn);
        if (batch.carry != Carry::none && carried.batch() != part.columns) carried = BatchState<Net, B>{part.columns};
        else if (batch.carry == Carry::start) carried.reset();
        if (part.columns == 0) return;
        const Batch own = part.columns == all ? batch : part.memory.copy(batch, first, part.columns);
        BatchState<Net, B>* state = batch.carry == Carry::none ? nullptr : &carried;
        const auto body = [&](auto& run) {
            const auto y = std::apply([&](const auto&... x) { return Net::forward(run, x...); }, own.inputs);
            return loss_(run, y, own.target, terms);
        };
        if (learn)
            part.loss =
                part.work.train(*model_, &part.gradient, state, {settings_.seed, std::uint64_t(steps_), true}, body);
        else part.loss = part.work.evaluate(*model_, state, body);
    }

    static constexpr int classes() {
        if constexpr (requires { Net::output_size; }) return Net::output_size;
        else return std::numeric_limits<int>::max();
    }

    // Before any worker begins, so that an error leaves all as it was.
    template <class Batch>
    Error check_batch(const Batch& batch, bool learn) {
        Error error = problem(batch.target.extent);
        const auto fits = [&](const Extent& x) {
            if (!error) error = detail::batch_problem(x, batch.target.extent);
        };
        std::apply([&](const auto&... x) { (fits(x.extent), ...); }, batch.inputs);
        if (!error) error = loss_.check(batch.target, classes());
        if constexpr (requires { requires Net::vocabulary > 0; })
            if (!error) error = token_outside(std::get<0>(batch.inputs), Net::vocabulary);
        int before = 0;
        for (Part& part : parts_) before += part.carried(learn).batch();
        if (!error && batch.carry == Carry::go_on) error = detail::go_on_problem(batch.target.extent.batch, before);
        return error;
    }

    Model<Net, B>* model_;
    Loss loss_;
    Rule rule_;
    TrainerSettings settings_;
    Workers workers_;
    std::vector<Part> parts_;
    std::array<typename B::template buffer<scalar>, std::size_t(Rule::memories)> memory_;
    std::int64_t steps_ = 0;
    double rate_factor_ = 1;
};

} // namespace rondo
