// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../graph/loss_value.hpp"
#include "batch_state.hpp"
#include "default_backend.hpp"
#include "model.hpp"
#include "workspace_memory.hpp"

#include <iterator>
#include <string>
#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
inline Error step_problem(int steps, int stride) {
    if (steps == stride) return {};
    return {Error::Kind::argument, "rondo: a step of a stream is " +
                                       (stride == 1 ? std::string{"one step"} : std::to_string(stride) + " steps") +
                                       ", got " + std::to_string(steps)};
}
/// Whether an input of a network is a pointer, an array or a vector.
template <class Input>
constexpr bool numbers_alone = std::is_pointer_v<std::decay_t<Input>> || requires(const Input& x) { std::data(x); };
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
class Workspace : protected detail::WorkspaceMemory<B> {
    using Base = detail::WorkspaceMemory<B>;

public:
    using scalar = typename B::scalar;
    using Base::execute, Base::backend, Base::bytes, Base::recorded, Base::program;

    Workspace() = default;

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
        return detail::executed(backend(), result);
    }
    /// The first half of record: validates the inputs and records the program; a loss has no value yet. Each call of
    /// execute() then computes it.
    template <class Body>
    auto prepare(const Model<Net, B>& model, BatchState<Net, B>* state, const Randomness& randomness, Body&& body,
                 const HostCopy& host = {}) {
        return trace<Mode::training>({.parameters = model.data(),
                                      .persistent_state = state ? state->data() : nullptr,
                                      .randomness = randomness,
                                      .persistent_batch = state ? state->batch() : 0,
                                      .taped = true,
                                      .host = host},
                                     body);
    }

    /// Backward of the recorded program, once: adds dL/d(parameters) to `gradient`, which may be null, and dL/d(input)
    /// to the gradients of inputs that have them. The model of record must exist and be unchanged.
    ///
    /// Errors  nothing recorded since the last backward or forward.
    void backward(Model<Net, B>* gradient) { Base::backward(gradient); }

    /// record and backward.
    template <class Body>
    auto train(const Model<Net, B>& model, Model<Net, B>* gradient, BatchState<Net, B>* state,
               const Randomness& randomness, Body&& body, const HostCopy& host = {}) {
        const auto result = prepare(model, state, randomness, body, host);
        execute();
        backward(gradient);
        return detail::executed(backend(), result);
    }

    /// The value of body(run) only: without dropout, gradients and backward.
    template <class Body>
    auto evaluate(const Model<Net, B>& model, BatchState<Net, B>* state, Body&& body, const HostCopy& host = {}) {
        return infer<Mode::training>(model, state, body, host);
    }

    /// One step of each of the state's sequences: as many inputs as the network's stride.
    template <class... Inputs>
    auto step(const Model<Net, B>& model, BatchState<Net, B>& state, const Inputs&... inputs) {
        ((check)(detail::step_problem(inputs.extent.steps, detail::stride<Net>)), ...);
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
        this->forget();
    }

private:
    template <class... Inputs>
    static auto network(const Inputs&... inputs) {
        if constexpr ((detail::numbers_alone<Inputs> || ...)) {
            static_assert(
                !(detail::numbers_alone<Inputs> || ...),
                "rondo::Workspace: an input is numbers alone; expected a SequenceView, which has their extent, "
                "too: {values, nullptr, {steps, sequences}}");
            return [](auto&) { return SequenceView<scalar, 1>{}; }; // so that no other error follows
        } else {
            return [&inputs...](auto& run) { return Net::forward(run, inputs...); };
        }
    }
    static scalar* nothing() { return Arena<scalar>{}.take(0); }
    template <Mode mode, class Body>
    auto trace(const ForwardMemory<B>& memory, Body&& body) {
        return Base::template trace<Net, mode>(memory, body);
    }
    template <Mode mode, class Body>
    auto infer(const Model<Net, B>& model, BatchState<Net, B>* state, Body&& body, const HostCopy& host = {}) {
        const auto result = trace<mode>({.parameters = model.data(),
                                         .persistent_state = state ? state->data() : nullptr,
                                         .persistent_batch = state ? state->batch() : 0,
                                         .host = host},
                                        body);
        execute();
        return detail::executed(backend(), result);
    }
};

} // namespace rondo
