// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../op/select.hpp"
#include "same_size.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The last valid step of each sequence; zero for an empty sequence.
///
/// Shapes  x (Size x T B) -> y (Size x B).
template <int Size>
    requires (Size > 0)
struct LastStep : detail::SameSizeLayer<LayerKind::LastStep, Size> {
    static constexpr Label describe() { return Label{"LastStep"}; }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        return detail::select(run, x, Size);
    }
};

/// The first step of each sequence, where the final state of a reversed layer is; zero for an empty sequence.
///
/// Shapes  x (Size x T B) -> y (Size x B).
/// Errors  does not compile in a stream.
template <int Size>
    requires (Size > 0)
struct FirstStep : detail::SameSizeLayer<LayerKind::FirstStep, Size> {
    static constexpr Label describe() { return Label{"FirstStep"}; }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        static_assert(!std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: FirstStep gives a sequence's first step; it cannot be streamed step by step");
        return detail::select(run, x, 0);
    }
};

/// The final states of a bidirectional layer: the last valid step of the forward direction, the first step of the
/// reverse direction.
///
/// Shapes  x (2 Hidden x T B) -> y (2 Hidden x B), as PyTorch's cat(h_n[-2], h_n[-1]).
template <int Hidden>
    requires (Hidden > 0)
struct FinalStates : detail::SameSizeLayer<LayerKind::FinalStates, 2 * Hidden> {
    static constexpr Label describe() { return Label{"FinalStates"}; }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, 2 * Hidden>& x) {
        return detail::select(run, x, Hidden);
    }
};

} // namespace rondo
