// SPDX-License-Identifier: MIT
#pragma once

#include "fwd.hpp"
#include "model.hpp"
#include "network.hpp"
#include "run.hpp"
#include "batch_state.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace rondo::inline v0_1 {

namespace detail {
template <class Net>
constexpr auto offsets = [] {
    std::array<std::size_t, Net::tensors.size() + 1> all{};
    for (std::size_t k = 0; k < Net::tensors.size(); ++k) all[k] = Net::tensors[k].offset;
    return all;
}();
}

/// All memory that runs of a network need: values, slopes, the tape and the backend's scratch.
///
/// Memory  each run measures what it needs and takes it if there is less; a run of extents that fitted before takes
///         none. It moves, it does not copy.
template <class Net, Backend B>
class Workspace {
public:
    using scalar = typename B::scalar;

    Workspace() = default;
    Workspace(const Workspace&) = delete; // it points into its own memory
    Workspace(Workspace&&) noexcept = default;
    Workspace& operator=(Workspace&&) noexcept = default;

    /// The network's result for these inputs. It lies here and stays until the next run.
    template <class... Inputs>
    auto forward(const Model<Net, B>& model, const Inputs&... inputs) {
        return run<Mode::inference>(model, nullptr, network(inputs...));
    }
    /// The same, from the state's sequences onwards; the state is then theirs after the last step.
    template <class... Inputs>
    auto forward(const Model<Net, B>& model, BatchState<Net, B>& state, const Inputs&... inputs) {
        return run<Mode::inference>(model, &state, network(inputs...));
    }

    /// Runs body(run) for training and keeps what it did. The body calls Net::forward; before backward, the slopes of
    /// what it returns are to say what dL/d(result) is: losses add theirs. The body is run twice, first without values.
    template <class Body>
    auto record(const Model<Net, B>& model, BatchState<Net, B>* state, const Randomness& randomness, Body&& body) {
        reserve<Mode::training>(body, state);
        recorded_ = true;
        arena_ = Arena<scalar>{B::data(buffer_)};
        tape_.clear();
        parameters_ = model.data();
        randomness_ = randomness;
        return call<Mode::training>(training(nullptr, state), body);
    }

    /// The backward of what record kept, once: adds dL/d(parameters) to `gradient`, which may be null, and dL/d(input)
    /// to the slopes of inputs that have some. The model is still that of record, unchanged.
    ///
    /// Errors  nothing recorded since the last backward or forward.
    void backward(Model<Net, B>* gradient) {
        if (!std::exchange(recorded_, false))
            fail(Error::Kind::argument, "rondo::Workspace: backward without a record before it");
        const auto memory = training(gradient, nullptr);
        Execution<B> execution{memory};
        tape_.replay(execution);
    }

    /// record and backward.
    template <class Body>
    auto train(const Model<Net, B>& model, Model<Net, B>* gradient, BatchState<Net, B>* state,
               const Randomness& randomness, Body&& body) {
        const auto result = record(model, state, randomness, body);
        backward(gradient);
        return result;
    }

    /// The same, for its value only: without dropout, slopes and backward.
    template <class Body>
    auto evaluate(const Model<Net, B>& model, BatchState<Net, B>* state, Body&& body) {
        return run<Mode::inference>(model, state, body);
    }

    /// One step of each of the state's sequences.
    template <class... Inputs>
    auto step(const Model<Net, B>& model, BatchState<Net, B>& state, const Inputs&... inputs) {
        return run<Mode::streaming>(model, &state, network(inputs...));
    }

    /// Takes now what a body will need.
    template <Mode mode, class Body>
    void reserve(Body&& body, const BatchState<Net, B>* state = nullptr) {
        Arena<scalar> arena;
        Measuring<B> backend;
        MeasuringTape<Execution<Measuring<B>>> tape;
        call<mode>(RunMemory<Measuring<B>>{&backend, &arena, &tape, nothing(), nothing(),
                                           state ? nothing() : nullptr, {{}, 0, true}, state ? state->batch() : 0},
                   body);
        if (arena.used() > buffer_.size()) buffer_.resize(arena.used());
        backend_.reserve(backend.needed());
        if constexpr (mode == Mode::training) tape_.reserve(tape.count());
    }

    /// Of values and slopes; the tape's records and the backend's blocks come besides.
    std::size_t bytes() const { return buffer_.size() * sizeof(scalar); }
    bool recorded() const { return recorded_; }
    B& backend() { return backend_; }

private:
    template <class... Inputs>
    static auto network(const Inputs&... inputs) {
        return [&inputs...](auto& run) { return Net::forward(run, inputs...); };
    }
    static scalar* nothing() { return Arena<scalar>{}.take(0); }

    template <Mode mode, class Used, class Body>
    static auto call(RunMemory<Used> memory, Body&& body) {
        using R = Run<Used, mode>;
        std::array<LayerUse, detail::numbers<Net>> uses{};
        memory.uses = uses.data();
        Scope<Net, R> scope{R{memory}, detail::offsets<Net>.data(), {}};
        return body(scope);
    }

    RunMemory<B> training(Model<Net, B>* gradient, BatchState<Net, B>* state) {
        return {&backend_, &arena_, &tape_, parameters_, gradient ? gradient->data() : nullptr,
                state ? state->data() : nullptr, randomness_, state ? state->batch() : 0};
    }

    template <Mode mode, class Body>
    auto run(const Model<Net, B>& model, BatchState<Net, B>* state, Body&& body) {
        reserve<mode>(body, state);
        recorded_ = false; // its memory is about to be used again
        Arena<scalar> arena{B::data(buffer_)};
        return call<mode>(RunMemory<B>{&backend_, &arena, nullptr, model.data(), nullptr,
                                       state ? state->data() : nullptr, {}, state ? state->batch() : 0},
                          body);
    }

    typename B::template buffer<scalar> buffer_;
    Tape<Execution<B>> tape_;
    B backend_;
    Arena<scalar> arena_;
    const scalar* parameters_ = nullptr;
    Randomness randomness_;
    bool recorded_ = false;
};

} // namespace rondo
