// SPDX-License-Identifier: MIT
#pragma once

#include "../graph/step_context.hpp"
#include "../model/state.hpp"
#include "../model/workspace.hpp"
#include "packed.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
inline Error step_result_problem(const Extent& y) {
    if (y.steps == 1) return {};
    return {Error::Kind::argument, "rondo::Stream: the network's result for a step has " + std::to_string(y.steps) +
                                       " steps; expected one: its stride is not that of its layers"};
}
}

/// Runs one sequence through a network's forward, step by step.
///
/// Shapes  a step reads a token, or the features of one step, and returns the network's result for it; with strides, as
///         many input steps as the network's stride.
/// Errors  none in a step, which does not throw, lock or allocate. A token outside the vocabulary is undefined
///         behaviour. A network that needs a whole sequence (a bidirectional layer) does not compile; one that calls a
///         recurrent layer twice is rejected by the constructor.
/// Memory  the state is a member; one step's values are allocated by the constructor, or are in memory of the caller:
///         `values_size` numbers, aligned to 64 bytes, which must outlive the stream and its copies, only one of which
///         may be used at a time. Blocks for a backend's products are always allocated, but no layer of the library
///         needs one for a step.
/// Units   inputs and states below 1e-27 are treated as zero, which avoids slow arithmetic with denormal numbers.
template <class Net, Backend B = EigenBackend<float>, class W = typename B::scalar>
    requires requires { typename B::template kernels<W>; }
class Stream {
public:
    using scalar = typename B::scalar;
    using kernels = typename Packed<Net, B, W>::kernels;
    static constexpr bool reads_tokens = requires { requires Net::vocabulary > 0; };
    using input = std::conditional_t<reads_tokens, int, scalar>;
    static_assert(
        requires { Net::input_size; }, "rondo::Stream: a network with a forward of its own must state "
                                       "input_size, and vocabulary where it reads tokens");
    static constexpr int input_size = Net::input_size;
    /// Input steps of a step: the network's stride.
    static constexpr int stride = detail::stride<Net>;
    static constexpr std::size_t inputs_size = std::size_t(input_size) * stride;
    static_assert(detail::strides_fit<Net, stride>,
                  "rondo::Stream: the network's stride is not a multiple of the stride of one of its layers");

    explicit Stream(const Packed<Net, B, W>& weights) : weights_{&weights} {
        const auto [values, blocks] = needed();
        own_.resize(values);
        backend_.reserve(blocks);
    }
    /// Errors  memory that is too small or not aligned.
    Stream(const Packed<Net, B, W>& weights, std::span<scalar> memory) : weights_{&weights}, given_{memory} {
        const auto [values, blocks] = needed();
        if (memory.size() < values || reinterpret_cast<std::size_t>(memory.data()) % 64 != 0)
            fail(Error::Kind::argument, "rondo::Stream: expected memory for " + std::to_string(values) +
                                            " numbers, aligned to 64 bytes, got " + std::to_string(memory.size()) +
                                            (memory.size() < values ? "" : " that are not aligned"));
        backend_.reserve(blocks);
    }
    /// The size of one step's values, in numbers.
    static std::size_t values_size() { return needed().first; }
    explicit Stream(Packed<Net, B, W>&&) = delete;  // the weights must outlive the stream
    explicit Stream(const Model<Net, B>&) = delete; // a Stream reads packed weights: Packed packed{model};

    /// Computes one step. The result is valid until the next step, reset or change of state.
    auto step(std::span<const input, inputs_size> x) noexcept {
        const auto y = run(x.data());
        return std::span<const scalar, std::size_t(decltype(y)::rows)>{y.value, std::size_t(decltype(y)::rows)};
    }
    auto step(const input& x) noexcept
        requires (inputs_size == 1)
    {
        return step(std::span<const input, 1>{&x, 1});
    }

    /// Computes many steps: each reads inputs_size numbers of `in` and writes its result to `out`.
    void process(std::span<const input> in, std::span<scalar> out) noexcept {
        for (std::size_t k = 0, at = 0; k < in.size() / inputs_size; ++k) {
            const auto y = run(in.data() + k * inputs_size);
            assert(at + std::size_t(y.rows) <= out.size());
            for (int i = 0; i < y.rows; ++i) out[at++] = y.value[i];
        }
    }

    /// Restarts from zero, or from a rest state.
    void reset(const State<Net, scalar>& rest = {}) noexcept { state_ = rest; }
    const State<Net, scalar>& state() const noexcept { return state_; }
    /// Continues from a saved state.
    void state(const State<Net, scalar>& state) noexcept { state_ = state; }

private:
    // The sizes of one step's values, and of the backend's blocks.
    static std::pair<std::size_t, std::size_t> needed() {
        std::array<LayerUse, detail::numbers<Net>> uses{};
        StepMemory<B> memory{.uses = uses.data()};
        memory.persistent_state = memory.values.take(0);
        memory.packed = reinterpret_cast<const std::byte*>(memory.values.take(0));
        const input nothing[inputs_size]{};
        (check)(detail::step_result_problem(call<true>(memory, nothing).extent));
        return {memory.values_size, memory.product_size};
    }

    template <bool dry = false>
    static auto call(StepMemory<B>& memory, const input* x) {
        using Step = StepContext<B, kernels, dry, (stride > 1)>;
        LayerContext<Net, Step> scope{Step{memory}, nullptr, {}};
        return Net::forward(scope, SequenceView<const input, input_size>{x, nullptr, {stride, 1}});
    }

    auto run(const input* x) noexcept {
        back_ = !back_;
        StepMemory<B> memory{.backend = &backend_,
                             .values = given_.empty() ? Arena<scalar>{own_.data(), own_.size()}
                                                      : Arena<scalar>{given_.data(), given_.size()},
                             .persistent_state = state_.numbers().data(),
                             .packed = weights_->data(),
                             .back = back_};
        if constexpr (reads_tokens) {
            return call(memory, x);
        } else {
            alignas(64) scalar inputs[padded(inputs_size)];
            constexpr auto tiny = scalar(1e-20);
            for (std::size_t k = 0; k < inputs_size; ++k) inputs[k] = (x[k] + tiny) - tiny;
            return call(memory, inputs);
        }
    }

    const Packed<Net, B, W>* weights_;
    State<Net, scalar> state_;
    Buffer<scalar> own_; // one step's values, unless the caller provides memory
    std::span<scalar> given_;
    [[no_unique_address]] B backend_;
    bool back_ = true;
};
template <class Net, Backend B, class W>
Stream(const Packed<Net, B, W>&) -> Stream<Net, B, W>;

} // namespace rondo
