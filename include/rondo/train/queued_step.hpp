// SPDX-License-Identifier: MIT
#pragma once

#include "../backend/concept.hpp"
#include "../loss/terms.hpp"
#include "clip.hpp"
#include "ledger.hpp"
#include "repeated.hpp"
#include "trainer_settings.hpp"
#include "worker.hpp"

#include <cstddef>
#include <cstdint>

namespace rondo::inline v0_1::detail {

/// A step up to the gradient that an optimizer takes, for which nobody waits.
template <class B>
class QueuedStep {
public:
    /// Whether there is anything to learn.
    template <class Net, class Loss, class Batch>
    bool operator()(Worker<Net, B>& worker, Ledger<B>& ledger, const Model<Net, B>& model, const Loss& loss_of,
                    const TrainerSettings& settings, const Batch& batch, double terms, std::uint64_t step) {
        using S = typename B::scalar;
        constexpr std::size_t size = Model<Net, B>::size;
        B& backend = worker.work.backend();
        const int columns = batch.target.extent.batch;
        BatchState<Net, B>* state = batch.carry == Carry::none ? nullptr : &worker.state;
        if (state && state->batch() != columns) *state = BatchState<Net, B>{columns};
        if (columns == 0 || (terms == 0 && !state)) return false;

        const Batch placed = worker.placed.place(backend, batch, {step, ledger.slot()});
        const auto body = training_body<Net>(loss_of, placed, terms);
        const StepNote* note = worker.placed.note();
        Verdicts<B>& verdicts = ledger.verdicts();
        S* gradient = worker.gradient.data();
        bool host_reads = false;
        const auto loss = worker.work.prepare(model, state, {settings.seed, step, true, &note->step, &host_reads}, body,
                                              worker.placed.host()); // also looks at the batch
        const auto work = [&] {
            backend.fill(gradient, size, S(0));
            if (batch.carry == Carry::start) clear(backend, *state);
            worker.work.execute();
            worker.work.backward(&worker.gradient);
            if (terms == 0) return;
            verdicts.judge(backend, gradient, size, loss, terms, settings.clip_norm, note);
            if (settings.clip_norm > 0) backend.elements(ScaleByRecord<S>{gradient, verdicts.record()}, size);
            if (settings.clip_value > 0) clip_value(backend, gradient, size, settings.clip_value);
        };
        key_.begin(batch, terms);
        for (const void* memory : worker.work.addresses()) key_.add(memory);
        for (const void* memory : {static_cast<const void*>(model.data()), static_cast<const void*>(note),
                                   static_cast<const void*>(state ? state->data() : nullptr)})
            key_.add(memory);
        repeated_(backend, key_, host_reads, work);
        return terms > 0;
    }

private:
    WorkKey key_;
    Repeated<B> repeated_;
};

} // namespace rondo::detail
