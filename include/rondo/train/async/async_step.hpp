// SPDX-License-Identifier: MIT
#pragma once

#include "../../backend/concept.hpp"
#include "../../loss/terms.hpp"
#include "../clip.hpp"
#include "../optimizer_state.hpp"
#include "../trainer_settings.hpp"
#include "../worker.hpp"
#include "graph_cache.hpp"
#include "pending_steps.hpp"

#include <cstddef>
#include <cstdint>
#include <tuple>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Enqueues a training step up to the clipped gradient, which the optimizer reads on the device, without
/// synchronization.
template <class B>
class AsyncStep {
public:
    /// Returns whether there is a gradient: false if no target of the batch counts.
    template <class Loss, class Batch>
    bool operator()(Worker<B>& worker, StateBuffer<B>& states, PendingSteps<B>& pending,
                    const ParameterBuffer<B>& model, const FrozenParameters* frozen, std::size_t trained,
                    RecordStep<B, Loss, Batch> record, const Loss& loss_of, const TrainerSettings& settings,
                    const Batch& batch, double terms, std::uint64_t step) {
        using S = typename B::scalar;
        B& backend = worker.work.backend();
        const int columns = batch.target.extent.batch;
        StateBuffer<B>* state = batch.state_policy == StatePolicy::none ? nullptr : &states;
        if (state && state->batch() != columns) state->reset(columns);
        if (columns == 0 || (terms == 0 && !state)) return false;

        const Batch placed = worker.device_batch.place(backend, batch, {step, pending.slot()});
        const StepNote* note = worker.device_batch.note();
        FiniteCheck<B>& finite_check = pending.finite_check();
        S* gradient = worker.gradient().data();
        bool dropout_is_used = false;
        const double dropout = settings.dropout.value_or(-1);
        const LossValue<B> loss =
            record(worker.work,
                   {.parameters = model.data(),
                    .persistent_state = state ? state->data() : nullptr,
                    .randomness = {settings.seed, step, true, &note->step, dropout, &dropout_is_used},
                    .persistent_batch = state ? state->batch() : 0,
                    .taped = true,
                    .host = worker.device_batch.host(),
                    .frozen = frozen},
                   loss_of, placed, terms); // also validates the batch
        check_dropout(dropout, dropout_is_used);
        const auto work = [&] {
            backend.fill(gradient, model.count(), S(0));
            if (batch.state_policy == StatePolicy::start) clear(backend, *state);
            worker.work.execute();
            worker.work.backward(&worker.gradient());
            if (terms == 0) return;
            if (frozen) clear_frozen(backend, *frozen, gradient);
            finite_check.reduce(backend, gradient, trained, loss, terms, settings.clip_norm, note);
            if (settings.clip_norm > 0) backend.elements(ScaleByRecord<S>{gradient, finite_check.record()}, trained);
            if (settings.clip_value > 0) clip_value(backend, gradient, trained, settings.clip_value);
        };
        // Lengths are in host memory and no part of a program.
        if (worker.work.program().reads_host() || has_lengths(batch)) work();
        else {
            key_.begin(worker.work.program());
            for (const void* memory : worker.work.addresses()) key_.add(memory);
            if constexpr (!clears_padding) add_form(batch);
            for (const auto& part : worker.work.losses()) key_.add(part.each, part.extent.columns());
            key_.add(terms, batch.state_policy, model.data(), note, state ? state->data() : nullptr);
            graph_cache_(backend, key_, work);
        }
        return terms > 0;
    }

private:
    // The extents that the program's values contain where they can be compared.
    template <class Batch>
    void add_form(const Batch& batch) {
        const auto add = [&](const Extent& e) { key_.add(e.steps, e.batch, e.first_step, e.first_column); };
        add(batch.target.extent);
        std::apply([&](const auto&... x) { (add(x.extent), ...); }, batch.inputs);
    }
    template <class Batch>
    static bool has_lengths(const Batch& batch) {
        return batch.target.extent.lengths ||
               std::apply([](const auto&... x) { return (x.extent.lengths || ...); }, batch.inputs);
    }

    GraphKey key_;
    GraphCache<B> graph_cache_;
};

} // namespace rondo::detail
