// SPDX-License-Identifier: MIT
#pragma once

#include "../core/error.hpp"
#include "../network/workspace.hpp"
#include "packed.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>

namespace rondo {

/// One sequence, step by step, through a network's own forward.
///
/// Shapes  a step reads a token, or the numbers of one step, and gives the network's result for it.
/// Errors  none in a step: it throws nothing, takes no lock and no memory. A token outside the vocabulary is undefined
///         behaviour. A network that needs a whole sequence (a bidirectional layer) does not compile; one that calls a
///         recurrent layer twice is refused when the stream is made.
/// Memory  its state and one step's values, taken when it is made.
template <class Net, Backend B = EigenBackend<float>>
class Stream {
public:
    using scalar = typename B::scalar;
    static constexpr bool reads_tokens = requires { requires Net::vocabulary > 0; };
    using input = std::conditional_t<reads_tokens, int, scalar>;
    static_assert(requires { Net::input_size; }, "rondo::Stream: a network with a forward of its own must state "
                                                 "input_size, and vocabulary where it reads tokens");
    static constexpr int input_size = Net::input_size;

    explicit Stream(const Packed<Net, B>& weights) : weights_{&weights} {
        const input nothing[input_size]{};
        run(nothing);
        reset();
    }
    explicit Stream(Packed<Net, B>&&) = delete; // the weights must outlive the stream

    /// The result stays until the next step.
    auto step(std::span<const input, std::size_t(input_size)> x) noexcept {
        const auto y = run(x.data());
        return std::span<const scalar, std::size_t(decltype(y)::rows)>{y.value, std::size_t(decltype(y)::rows)};
    }
    auto step(const input& x) noexcept requires (input_size == 1) {
        return step(std::span<const input, 1>{&x, 1});
    }

    void reset() noexcept { state_.reset(); }
    const State<Net, B>& state() const noexcept { return state_; }
    /// Goes on from a state that was kept.
    ///
    /// Errors  one of more sequences than one, or of none.
    void state(const State<Net, B>& state) {
        if (state.batch() != 1)
            fail(Error::Kind::argument,
                 "rondo::Stream: expected the state of 1 sequence, got " + std::to_string(state.batch()));
        state_ = state;
    }

private:
    auto run(const input* x) {
        return work_.step(weights_->weights(), state_, Sequence<const input, input_size>{x, nullptr, {}});
    }

    const Packed<Net, B>* weights_;
    State<Net, B> state_;
    Workspace<Net, B> work_;
};
template <class Net, Backend B>
Stream(const Packed<Net, B>&) -> Stream<Net, B>;

} // namespace rondo
