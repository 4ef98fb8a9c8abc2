// SPDX-License-Identifier: MIT
#pragma once

#include "../core/view.hpp"
#include "../op/pool_steps.hpp"
#include "same_size.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

namespace detail {
template <int Size, bool maximum>
struct PoolingLayer : SameSizeLayer<maximum ? LayerKind::MaxPooling : LayerKind::MeanPooling, Size> {
    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        static_assert(!std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: pooling reads a sequence to its end; it cannot be streamed step by step");
        const Extent& e = x.extent;
        const auto y = run.template make<Size>({1, e.batch, nullptr, e.first_step, e.first_column});
        run.execute(StepsPooling<std::remove_const_t<S>, maximum>{x, y});
        return y;
    }
};
}

/// The mean of each sequence's valid steps.
///
///   y = 1/T sum_t x(t)                                                        (1)
///
/// Shapes  x (Size x T B) -> y (Size x B), zero for an empty sequence.
/// Errors  does not compile in a stream.
template <int Size>
    requires (Size > 0)
struct MeanPooling : detail::PoolingLayer<Size, false> {
    static constexpr Label describe() { return Label{"MeanPooling"}; }
};

/// The maximum of each sequence's valid steps, for each feature. Its gradient goes to the first step that has it.
///
/// Shapes  x (Size x T B) -> y (Size x B), zero for an empty sequence.
/// Errors  does not compile in a stream.
template <int Size>
    requires (Size > 0)
struct MaxPooling : detail::PoolingLayer<Size, true> {
    static constexpr Label describe() { return Label{"MaxPooling"}; }
};

} // namespace rondo
