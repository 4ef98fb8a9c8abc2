// SPDX-License-Identifier: MIT
#pragma once

#include "../layer/network.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The states of a network's recurrent layers for one sequence, which persist between steps: a regular value of
/// constant size. Copy it to save it, assign it to restore it.
///
/// Shapes  for each recurrent layer, in the network's order: for each of its layers each component (h; for LSTM also
///         c), padded to a multiple of 16 numbers.
/// Memory  none on the heap.
template <class Net, class S = float>
class State {
public:
    static constexpr std::size_t size = detail::stream_size<Net>;

    bool operator==(const State&) const = default;
    void reset() noexcept { numbers_.fill(S(0)); }
    std::span<S, size> numbers() noexcept { return std::span<S, size>{numbers_.data(), size}; }
    std::span<const S, size> numbers() const noexcept { return std::span<const S, size>{numbers_.data(), size}; }

private:
    alignas(64) std::array<S, std::max<std::size_t>(size, 1)> numbers_{};
};

} // namespace rondo
