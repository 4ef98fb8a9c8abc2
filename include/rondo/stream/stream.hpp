// SPDX-License-Identifier: MIT
#pragma once

#include "../network/workspace.hpp"
#include "packed.hpp"

#include <cstddef>
#include <span>
#include <type_traits>

namespace rondo {

/// One sequence, step by step, through a network's own forward.
///
/// Shapes  a step reads a token, or the numbers of one step, and gives the network's result for it.
/// Errors  none: a step throws nothing, takes no lock and no memory. A token outside the vocabulary is undefined
///         behaviour. A network that needs a whole sequence (a bidirectional layer) does not compile.
/// Memory  its state and one step's values, taken when it is made.
template <class Net, Backend B = EigenBackend<float>>
class Stream {
public:
    using scalar = typename B::scalar;
    static constexpr bool reads_tokens = requires { requires Net::vocabulary > 0; };
    using input = std::conditional_t<reads_tokens, int, scalar>;
    static constexpr int input_size = Net::input_size;

    explicit Stream(const Packed<Net, B>& weights) : weights_{&weights} {
        const input nothing[input_size]{};
        step(std::span<const input, std::size_t(input_size)>{nothing});
        reset();
    }
    explicit Stream(Packed<Net, B>&&) = delete; // the weights must outlive the stream

    /// The result stays until the next step.
    auto step(std::span<const input, std::size_t(input_size)> x) noexcept {
        const auto y =
            work_.step(weights_->weights(), state_, Sequence<const input, input_size>{x.data(), nullptr, {}});
        return std::span<const scalar, std::size_t(decltype(y)::rows)>{y.value, std::size_t(decltype(y)::rows)};
    }
    auto step(const input& x) noexcept requires (input_size == 1) {
        return step(std::span<const input, 1>{&x, 1});
    }

    void reset() noexcept { state_.reset(); }
    const State<Net, B>& state() const noexcept { return state_; }
    State<Net, B>& state() noexcept { return state_; }

private:
    const Packed<Net, B>* weights_;
    State<Net, B> state_;
    Workspace<Net, B> work_;
};
template <class Net, Backend B>
Stream(const Packed<Net, B>&) -> Stream<Net, B>;

} // namespace rondo
