// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../core/shards.hpp"
#include "../data/batch.hpp"
#include "../model/parameter_buffer.hpp"
#include "../model/state_buffer.hpp"
#include "../model/workspace_memory.hpp"
#include "async/device_batch.hpp"
#include "ranks.hpp"
#include "trainer_settings.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <exception>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

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

/// Copies the states of `count` sequences, between buffers of states of any number of sequences.
template <class B>
void copy_states(B& backend, std::span<const std::size_t> widths, StateBuffer<B>& to, int to_first,
                 const StateBuffer<B>& from, int from_first, int count) {
    std::size_t at = 0; // of a part, in the state of one sequence
    for (const std::size_t width : widths) {
        backend.copy(to.data() + at * std::size_t(to.batch()) + std::size_t(to_first) * width,
                     from.data() + at * std::size_t(from.batch()) + std::size_t(from_first) * width,
                     std::size_t(count) * width);
        at += width;
    }
}

/// How many gradients a worker holds at most: the nodes that remain of its shards, and those that it needs to compute
/// them one after the other.
struct GradientBuffers {
    std::size_t nodes = 1, separate = 1;

    static GradientBuffers of(int worker, int workers, int shards, const Ranks& ranks) {
        GradientBuffers all;
        for (int count = 1; count <= shards; ++count) {
            const Shards own = ranks.part({count, count, 0, count}).part(worker, workers);
            all.nodes = (std::max)(all.nodes, own.nodes());
            all.separate = (std::max)(all.separate, own.buffers());
        }
        return all;
    }
};

/// A worker's shards of a batch, and the memory that one thread needs to compute their losses and gradients.
template <Backend B>
struct Worker {
    using scalar = typename B::scalar;

    /// For a network whose buffer of parameters has `size` elements, and the state of a sequence `state_size`.
    Worker(std::size_t size, std::size_t state_size, const GradientBuffers& buffers)
        : state{state_size, 0}, size_{size}, buffers_{buffers} {
        reserve(buffers.nodes);
    }

    /// What the shards of a batch have in common.
    template <class Loss, class Batch>
    struct Task {
        const ParameterBuffer<B>& model;
        RecordStep<B, Loss, Batch> record;
        const Loss& loss;
        const Batch& batch;
        double terms;
        const Randomness* learn; // null: no gradient
        StateBuffer<B>* states;  // of all sequences of the batch; null: they start from zero
        std::span<const std::size_t> state_widths;
        bool separate;  // computes one shard after the other
        double* losses; // of each shard of the batch
        const FrozenParameters* frozen = nullptr;
    };

    WorkspaceMemory<B> work;
    StateBuffer<B> state; // of a part of the batch
    SliceMemory memory;
    DeviceBatch<B> device_batch;
    Error error;
    std::exception_ptr thrown;
    bool needs_whole_batch = false; // nothing was computed: the batch must not be divided

    /// The gradient of the k-th node of `tree`.
    ParameterBuffer<B>& gradient(std::size_t k = 0) { return gradients_[k]; }
    /// The sums that remain of this worker's shards.
    const SumTree& tree() const { return tree_; }

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

    /// Computes the shards of `own`: their losses and, if the task learns, the sums of their gradients.
    template <class Loss, class Batch>
    void run(const Task<Loss, Batch>& task, const Shards& own) {
        tree_.clear();
        needs_whole_batch = false;
        if (own.size() == 0 || own.sequences() == 0) return;
        if (own.single() || !(task.separate || separate_)) {
            if (own.single()) tree_.push({own.first, 1}, own.count);
            else
                for (int s = own.first; s < own.last; ++s) tree_.push({s, 1}, own.count);
            if (compute(task, own, 0, tree_.size())) return;
            tree_.clear();
            if (needs_whole_batch) return;
            separate_ = true;
        }
        B& backend = work.backend();
        if (task.learn) reserve(buffers_.separate);
        for (int s = own.first; s < own.last; ++s) {
            const std::size_t top = tree_.size();
            if (!compute(task, own.only(s), top, 1)) return;
            const std::size_t merged = tree_.push({s, 1}, own.count);
            for (std::size_t n = top; task.learn && n > top - merged; --n)
                backend.elements(AddTo<scalar>{gradient(n - 1).data(), gradient(n).data()}, size_);
        }
        if constexpr (Asynchronous<B>) backend.wait();
    }

private:
    void reserve(std::size_t gradients) {
        while (gradients_.size() < gradients) gradients_.emplace_back(size_);
    }

    // Computes the shards of `part` in one run, their gradients to `count` buffers from `first` on; false, with nothing
    // changed, if they cannot be summed separately, or the whole batch is needed.
    template <class Loss, class Batch>
    bool compute(const Task<Loss, Batch>& task, const Shards& part, std::size_t first, std::size_t count) {
        B& backend = work.backend();
        const int begin = part.begin(), width = part.sequences(); // in the whole batch, of which task.batch has a part
        const Batch own = width == task.batch.target.extent.batch
                              ? task.batch
                              : memory.copy(task.batch, begin - task.batch.part.first, width);
        const Batch there = device_batch.place(backend, own);
        StateBuffer<B>* from = task.states;
        if (from && width < from->batch()) {
            if (state.batch() != width) state.reset(width);
            from = &state;
        }
        bool dropout_is_used = false;
        Randomness randomness = task.learn ? *task.learn : Randomness{};
        randomness.dropout_rate_is_used = &dropout_is_used;
        const LossValue<B> sum = task.record(work,
                                             {.parameters = task.model.data(),
                                              .persistent_state = from ? from->data() : nullptr,
                                              .randomness = randomness,
                                              .persistent_batch = from ? from->batch() : 0,
                                              .taped = task.learn != nullptr,
                                              .host = device_batch.host(),
                                              .shards = part,
                                              .frozen = task.frozen},
                                             task.loss, there, task.terms);
        check_dropout(randomness.dropout_rate, dropout_is_used);
        needs_whole_batch = part.count > 1 && work.program().needs_whole_batch();
        if (needs_whole_batch || (!part.single() && !by_shard(sum, width))) return false;
        if (from == &state) copy_states(backend, task.state_widths, state, 0, *task.states, begin, width);
        work.execute();
        if (task.learn) learn(part, first, count);
        if (from == &state) copy_states(backend, task.state_widths, *task.states, begin, state, 0, width);
        for (int s = part.first; s < part.last; ++s) task.losses[s] = sum.value(backend, part, s, loss_columns_);
        if constexpr (Asynchronous<B>) backend.wait(); // other backends read the gradient
        return true;
    }
    bool by_shard(const LossValue<B>& sum, int width) const {
        bool all = work.program().sums_by_shard();
        for (std::size_t k = 0; k < sum.parts(); ++k) all = all && sum.part(k).extent.batch == width;
        return all;
    }
    void learn(const Shards& part, std::size_t first, std::size_t count) {
        B& backend = work.backend();
        std::array<scalar*, 64> nodes;
        for (std::size_t k = 0; k < count; ++k) {
            nodes[k] = gradient(first + k).data();
            backend.fill(nodes[k], size_, scalar(0));
        }
        const ParameterUses& uses = work.program().uses();
        const std::size_t shared = uses.shared_size();
        const std::size_t of_shards = shared * part.size(), needed = of_shards + uses.kept_size();
        if (shared_.size() < needed) shared_.resize(needed);
        if (shared > 0) backend.fill(B::data(shared_), of_shards, scalar(0));
        work.backward(Gradients<scalar>{nodes.data(), B::data(shared_), &uses, B::data(shared_) + of_shards});
        if (shared > 0) add_shared(part, uses, nodes.data());
    }
    // Adds the shards' gradients of shared tensors in the order of the tree.
    void add_shared(const Shards& part, const ParameterUses& uses, scalar* const* nodes) {
        B& backend = work.backend();
        std::array<scalar*, 64> sums;
        SumTree tree;
        for (int s = part.first; s < part.last; ++s) {
            const std::size_t top = tree.size();
            sums[top] = B::data(shared_) + std::size_t(s - part.first) * uses.shared_size();
            const std::size_t merged = tree.push({s, 1}, part.count);
            for (std::size_t n = top; n > top - merged; --n)
                backend.elements(AddTo<scalar>{sums[n - 1], sums[n]}, uses.shared_size());
        }
        for (std::size_t k = 0; k < tree.size(); ++k)
            uses.each_shared([&](const ParameterUses::Tensor& tensor) {
                backend.elements(AddTo<scalar>{nodes[k] + tensor.offset, sums[k] + tensor.shared_at}, tensor.size);
            });
    }

    std::size_t size_;
    GradientBuffers buffers_;
    std::vector<ParameterBuffer<B>> gradients_;
    typename B::template buffer<scalar> shared_; // of each shard, then what operations keep
    Buffer<scalar> loss_columns_;
    SumTree tree_;
    bool separate_ = false; // each shard is a run: see Program::separate
};

} // namespace rondo::detail
