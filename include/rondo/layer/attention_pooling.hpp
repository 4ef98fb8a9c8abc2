// SPDX-License-Identifier: MIT
#pragma once

#include "../op/attend.hpp"
#include "../op/softmax_steps.hpp"
#include "activation.hpp"
#include "linear.hpp"
#include "sequential.hpp"

#include <type_traits>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// Makes an attention layer return its weights, too: `auto [y, a] = run(layer<"attention">, x, with_weights)`.
struct WithWeights {};
inline constexpr WithWeights with_weights{};

/// An attention layer's output and its weights (1 x T B), which are in [0, 1] and sum to 1 over the valid steps.
template <class Output, class Weights>
struct Attended {
    Output output;
    Weights weights;
};
template <class Output, class Weights>
Attended(Output, Weights) -> Attended<Output, Weights>;

/// The score of a step, v . tanh(W x + b).
///
/// Shapes  x (In x T B) -> (1 x T B); hidden.weight (Size x In), hidden.bias (Size), out.weight (1 x Size).
template <int In, int Size>
struct AdditiveScore
    : Sequential<Named<"hidden", Linear<In, Size>>, Tanh<Size>, Named<"out", LinearWithoutBias<Size, 1>>> {};

/// Attention pooling over time: each sequence is reduced to the weighted mean of its steps. Score is any layer from
/// Size features to one.
///
///   e(t) = Score(x(t))     a = softmax over the valid steps of e              (1)
///   y = sum_t a(t) x(t)                                                       (2)
///
/// Shapes  x (Size x T B) -> y (Size x B), zero for an empty sequence; weights a (1 x T B).
/// Source  Yang et al., "Hierarchical attention networks for document classification" (2016), section 2.2.
template <int Size, class Score = Linear<Size, 1>>
struct AttentionPooling : Network<Named<"score", Score>> {
    static_assert(Score::input_size == Size && Score::output_size == 1,
                  "rondo::AttentionPooling: the score is not a layer from Size features to one");
    static constexpr int input_size = Size, output_size = Size;
    static constexpr Label describe() { return Label{"AttentionPooling "}.add(Size); }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x, WithWeights) {
        static_assert(!std::remove_reference_t<decltype(run)>::stepwise,
                      "rondo: AttentionPooling reads a sequence to its end; it cannot be streamed step by step");
        const auto a = softmax_over_steps(run, run(layer<"score">, x));
        return Attended{weighted_sum(run, a, x), a};
    }
    template <class S>
    static auto forward(auto& run, const SequenceView<S, Size>& x) {
        return forward(run, x, with_weights).output;
    }
};

} // namespace rondo
