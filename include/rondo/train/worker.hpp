// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../data/batch.hpp"
#include "../model/parameter_buffer.hpp"
#include "../model/state_buffer.hpp"
#include "../model/workspace_memory.hpp"
#include "async/device_batch.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <tuple>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE::detail {

/// Copies the losses of all columns of several parts to one array.
template <class B>
struct JoinLosses {
    LossValue<B> loss;
    typename B::scalar* to;

    template <class Context>
    void forward(Context& context) const {
        typename B::scalar* at = to;
        for (std::size_t k = 0; k < loss.parts(); at += loss.part(k++).extent.columns())
            context.backend().copy(at, loss.part(k).each, loss.part(k).extent.columns());
    }
};

/// The loss as one part, which the kernels of FiniteCheck require: the parts of a sum are concatenated.
template <class Run, class B>
LossValue<B> joined(Run& run, const LossValue<B>& loss) {
    if (!Asynchronous<B> || loss.parts() == 1) return loss;
    std::size_t columns = 0;
    for (std::size_t k = 0; k < loss.parts(); ++k) columns += loss.part(k).extent.columns();
    typename B::scalar* const to = run.take(columns);
    run.execute(JoinLosses<B>{loss, to});
    return run.loss(to, {1, int(columns)});
}

/// The body of a training step: the network's forward and the loss of a batch in the backend's memory.
template <class Net, class Loss, class Batch>
auto training_body(const Loss& loss, const Batch& placed, double terms) {
    return [&loss, &placed, terms](auto& run) {
        const auto y = std::apply([&](const auto&... x) { return Net::forward(run, x...); }, placed.inputs);
        const auto sum = loss(run, y, placed.target, terms);
        using B = typename std::remove_reference_t<decltype(run)>::backend_type;
        static_assert(std::same_as<decltype(sum), const LossValue<B>>,
                      "rondo: a loss in training returns what the losses that it is made of return, not a number");
        return joined(run, sum);
    };
}

/// Records a training step of a network, or the evaluation of its loss: what a trainer needs of the network's type.
template <class B, class Loss, class Batch>
using RecordStep = LossValue<B> (*)(WorkspaceMemory<B>& work, const ForwardMemory<B>& memory, const Loss& loss,
                                    const Batch& placed, double terms);

template <class Net, class B, class Loss, class Batch>
LossValue<B> record_step(WorkspaceMemory<B>& work, const ForwardMemory<B>& memory, const Loss& loss,
                         const Batch& placed, double terms) {
    return work.template trace<Net, Mode::training>(memory, training_body<Net>(loss, placed, terms));
}

template <class B>
void clear(B& backend, StateBuffer<B>& state) {
    backend.fill(state.data(), state.size(), typename B::scalar(0));
}

/// A worker's part of a batch, and the memory that one thread needs to compute its gradient.
template <Backend B>
struct Worker {
    /// For a network whose buffer of parameters has `size` elements, and the state of a sequence `state_size`.
    Worker(std::size_t size, std::size_t state_size)
        : gradient{size}, state{state_size, 0}, evaluation{state_size, 0} {}

    WorkspaceMemory<B> work;
    ParameterBuffer<B> gradient;
    StateBuffer<B> state, evaluation; // separate, so that an evaluation does not change training
    SliceMemory memory;
    DeviceBatch<B> device_batch;
    int columns = 0;
    double loss = 0;
    Error error;
    std::exception_ptr thrown;

    StateBuffer<B>& persistent_state(bool learn) { return learn ? state : evaluation; }

    /// Catches exceptions: workers must not throw, since the others still run.
    template <class Work>
    void guard(const Work& task) {
        error = {};
        thrown = nullptr;
#if defined(__cpp_exceptions)
        try {
            task();
        } catch (const Failure& failure) {
            error = failure.error();
        } catch (...) {
            thrown = std::current_exception();
        }
#else
        task();
#endif
    }

    /// Computes the k-th of `count` parts: the loss, and the gradient if `learn` is given, which has the random
    /// numbers.
    template <class Loss, class Batch>
    void run(const ParameterBuffer<B>& model, RecordStep<B, Loss, Batch> record, const Loss& loss_of,
             const Batch& batch, int k, int count, double terms, const Randomness* learn) {
        const int all = batch.target.extent.batch, first = int(std::int64_t(all) * k / count);
        columns = int(std::int64_t(all) * (k + 1) / count) - first;
        B& backend = work.backend();
        if constexpr (Asynchronous<B>)
            if (k > 0) backend.enter();
        // The sum is accumulated in the first worker's gradient, even if it has no sequence.
        if (learn && (columns > 0 || k == 0)) backend.fill(gradient.data(), gradient.count(), typename B::scalar(0));
        StateBuffer<B>& kept = persistent_state(learn);
        if (batch.state_policy != StatePolicy::none && kept.batch() != columns) kept.reset(columns);
        else if (batch.state_policy == StatePolicy::start) clear(backend, kept);
        if (columns == 0) return;
        const Batch own = columns == all ? batch : memory.copy(batch, first, columns);
        const Batch there = device_batch.place(backend, own);
        StateBuffer<B>* from = batch.state_policy == StatePolicy::none ? nullptr : &kept;
        const LossValue<B> sum = record(work,
                                        {.parameters = model.data(),
                                         .persistent_state = from ? from->data() : nullptr,
                                         .randomness = learn ? *learn : Randomness{},
                                         .persistent_batch = from ? from->batch() : 0,
                                         .taped = learn != nullptr,
                                         .host = device_batch.host()},
                                        loss_of, there, terms);
        work.execute();
        if (learn) work.backward(&gradient);
        loss = sum.value(backend);
        if constexpr (Asynchronous<B>) backend.wait(); // other backends read the gradient
    }
};

} // namespace rondo::detail
