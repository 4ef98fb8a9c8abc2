// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../graph/forward_context.hpp"
#include "../graph/loss_value.hpp"
#include "../layer/network.hpp"
#include "batch_state.hpp"
#include "default_backend.hpp"
#include "model.hpp"

#include <array>
#include <cstddef>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <class Net>
constexpr auto offsets = [] {
    std::array<std::size_t, Net::tensors.size() + 1> all{};
    for (std::size_t k = 0; k < Net::tensors.size(); ++k) all[k] = Net::tensors[k].offset;
    return all;
}();
}

/// The memory of forward and backward passes of a network: a program, values, their gradients, and scratch.
///
/// A forward is called once and records a program. If the program does not fit, the workspace allocates more memory and
/// calls the forward a second time.
///
/// Memory  grows if a program does not fit; a pass whose extents fitted before allocates nothing. Movable, not
///         copyable.
/// Errors  a forward that needs more memory in its second call than in its first: argument.
template <class Net, Backend B>
class Workspace {
public:
    using scalar = typename B::scalar;

    Workspace() = default;
    Workspace(const Workspace&) = delete; // it points into its own memory
    Workspace(Workspace&&) noexcept = default;
    Workspace& operator=(Workspace&&) noexcept = default;

    /// The network's result for these inputs: a view of the workspace's memory, valid until the next pass.
    template <class... Inputs>
    auto forward(const Model<Net, B>& model, const Inputs&... inputs) {
        return infer<Mode::inference>(model, nullptr, network(inputs...));
    }
    /// The same, with the initial states in `state`, which is overwritten with the final states.
    template <class... Inputs>
    auto forward(const Model<Net, B>& model, BatchState<Net, B>& state, const Inputs&... inputs) {
        return infer<Mode::inference>(model, &state, network(inputs...));
    }

    /// Records body(run) for training, executes the program and keeps it. The body calls Net::forward; its result has
    /// values when record returns. Before backward, the caller sets the gradients of the result to dL/d(result); losses
    /// add theirs.
    template <class Body>
    auto record(const Model<Net, B>& model, BatchState<Net, B>* state, const Randomness& randomness, Body&& body,
                const HostCopy& host = {}) {
        const auto result = prepare(model, state, randomness, body, host);
        execute();
        return detail::executed(backend_, result);
    }
    /// The first half of record: validates the inputs and records the program; a loss has no value yet. Each call of
    /// execute() then computes it.
    template <class Body>
    auto prepare(const Model<Net, B>& model, BatchState<Net, B>* state, const Randomness& randomness, Body&& body,
                 const HostCopy& host = {}) {
        const auto result = trace<Mode::training>({.parameters = model.data(),
                                                   .persistent_state = state ? state->data() : nullptr,
                                                   .randomness = randomness,
                                                   .persistent_batch = state ? state->batch() : 0,
                                                   .taped = true,
                                                   .host = host},
                                                  body);
        taped_ = true;
        return result;
    }
    /// Errors  no program: the last one could not be recorded, or there was only a reserve.
    void execute() {
        if (!complete_) fail(Error::Kind::argument, "rondo::Workspace: execute without a program before it");
        if (zeros_used_ > 0) backend_.fill(B::data(zeros_), zeros_used_, scalar(0));
        program_.forward(context(nullptr));
        recorded_ = taped_;
    }

    /// Backward of the recorded program, once: adds dL/d(parameters) to `gradient`, which may be null, and dL/d(input)
    /// to the gradients of inputs that have them. The model of record must exist and be unchanged.
    ///
    /// Errors  nothing recorded since the last backward or forward.
    void backward(Model<Net, B>* gradient) {
        if (!std::exchange(recorded_, false))
            fail(Error::Kind::argument, "rondo::Workspace: backward without a record before it");
        program_.backward(context(gradient ? gradient->data() : nullptr));
    }

    /// record and backward.
    template <class Body>
    auto train(const Model<Net, B>& model, Model<Net, B>* gradient, BatchState<Net, B>* state,
               const Randomness& randomness, Body&& body, const HostCopy& host = {}) {
        const auto result = prepare(model, state, randomness, body, host);
        execute();
        backward(gradient);
        return detail::executed(backend_, result);
    }

    /// The value of body(run) only: without dropout, gradients and backward.
    template <class Body>
    auto evaluate(const Model<Net, B>& model, BatchState<Net, B>* state, Body&& body, const HostCopy& host = {}) {
        return infer<Mode::training>(model, state, body, host);
    }

    /// One step of each of the state's sequences.
    template <class... Inputs>
    auto step(const Model<Net, B>& model, BatchState<Net, B>& state, const Inputs&... inputs) {
        return infer<Mode::streaming>(model, &state, network(inputs...));
    }

    /// Allocates the memory that a body will need.
    template <Mode mode, class Body>
    void reserve(Body&& body, const BatchState<Net, B>* state = nullptr) {
        trace<mode>({.parameters = nothing(),
                     .persistent_state = state ? nothing() : nullptr,
                     .randomness = {{}, 0, true},
                     .persistent_batch = state ? state->batch() : 0,
                     .taped = mode == Mode::training},
                    body);
        complete_ = false; // it has no parameters
    }

    /// Bytes of values, their gradients and scratch, without the program's records and the backend's memory.
    std::size_t bytes() const { return (values_.size() + zeros_.size() + scratch_.size()) * sizeof(scalar); }
    bool recorded() const { return recorded_; }
    /// The recorded program.
    const Program<B>& program() const { return program_; }
    /// The addresses that execute and backward use and the program does not contain: begin and end of the memory that
    /// is set to zero, and scratch.
    std::array<const void*, 3> addresses() {
        return {B::data(zeros_), B::data(zeros_) + zeros_used_, B::data(scratch_)};
    }
    B& backend() { return backend_; }

private:
    using Memory = typename B::template buffer<scalar>;

    template <class... Inputs>
    static auto network(const Inputs&... inputs) {
        return [&inputs...](auto& run) { return Net::forward(run, inputs...); };
    }
    static scalar* nothing() { return Arena<scalar>{}.take(0); }
    static Arena<scalar> arena_of(Memory& memory) {
        return memory.size() > 0 ? Arena<scalar>{B::data(memory), memory.size()} : Arena<scalar>{};
    }
    static void grow(Memory& memory, std::size_t size) {
        if (size <= memory.size()) return;
        memory = Memory{}; // freed before more is allocated: its content is not needed
        memory.resize(size);
    }
    OpContext<B> context(scalar* gradient) { return {backend_, B::data(scratch_), scratch_.size(), gradient}; }

    template <Mode mode, class Body>
    auto trace(ForwardMemory<B> memory, Body&& body) {
        taped_ = recorded_ = complete_ = false; // the last program's memory is about to be overwritten
        for (bool again = false;; again = true) {
            std::array<LayerUse, detail::numbers<Net>> uses{};
            Arena<scalar> values = arena_of(values_), zeros = arena_of(zeros_);
            program_.clear();
            losses_.clear();
            memory.program = &program_;
            memory.values = &values;
            memory.zeros = &zeros;
            memory.losses = &losses_;
            memory.uses = uses.data();
            LayerContext<Net, ForwardContext<B, mode>> scope{
                ForwardContext<B, mode>{memory}, detail::offsets<Net>.data(), {}};
            auto result = body(scope);
            backend_.reserve(program_.product_size());
            grow(scratch_, program_.scratch_size());
            zeros_used_ = zeros.used();
            if (values.fits() && zeros.fits()) {
                complete_ = true;
                return result;
            }
            if (again)
                fail(Error::Kind::argument, "rondo::Workspace: a forward needed more memory when it was called again; "
                                            "it may depend on nothing but extents");
            grow(values_, values.used());
            grow(zeros_, zeros.used());
        }
    }
    template <Mode mode, class Body>
    auto infer(const Model<Net, B>& model, BatchState<Net, B>* state, Body&& body, const HostCopy& host = {}) {
        const auto result = trace<mode>({.parameters = model.data(),
                                         .persistent_state = state ? state->data() : nullptr,
                                         .persistent_batch = state ? state->batch() : 0,
                                         .host = host},
                                        body);
        execute();
        return detail::executed(backend_, result);
    }

    Memory values_, zeros_, scratch_;
    Program<B> program_;
    LossParts<scalar> losses_;
    B backend_;
    std::size_t zeros_used_ = 0;
    bool complete_ = false, taped_ = false, recorded_ = false;
};

} // namespace rondo
