// SPDX-License-Identifier: MIT
#pragma once

#include "../layer/network.hpp"
#include "default_backend.hpp"
#include "state_buffer.hpp"

#include <cstddef>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The states of a network's recurrent layers for `batch` sequences, which persist between forward passes. A regular
/// value: copy it to save it, assign it to restore it.
///
/// Shapes  for each recurrent layer, in the network's order: each component, layers * directions x batch x Hidden.
/// Memory  allocated by the constructor, and by a reset to more sequences.
template <class Net, Backend B>
class BatchState : public detail::StateBuffer<B> {
public:
    using scalar = typename B::scalar;
    static constexpr std::size_t size_per_sequence = detail::state_size<Net>;

    explicit BatchState(int batch = 1) : detail::StateBuffer<B>{size_per_sequence, batch} {}
    bool operator==(const BatchState&) const = default;
};

} // namespace rondo
