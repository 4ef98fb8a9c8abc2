// SPDX-License-Identifier: MIT
#pragma once

#include "../core/parameter_spec.hpp"
#include "../op/add_to_each_step.hpp"
#include "../op/attend.hpp"
#include "../op/softmax_steps.hpp"
#include "activation.hpp"
#include "attention_pooling.hpp"
#include "linear.hpp"
#include "network.hpp"

#include <array>

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// The keys and values that a query attends to, one of each per step of a memory.
template <class Keys, class Values>
struct AttentionMemory {
    Keys keys;
    Values values;
};
template <class Keys, class Values>
AttentionMemory(Keys, Values) -> AttentionMemory<Keys, Values>;

/// Dot-product attention.
///
///   e(t) = q . m(t)     a = softmax over the valid steps of e     y = sum_t a(t) m(t)                  (1)
///
/// `auto keys = run(layer<"attention">, memory)` once per memory m, then `run(layer<"attention">, q, keys)` per query.
///
/// Shapes  memory (Size x T B), q (Size x B) -> y (Size x B), weights a (1 x T B).
/// Source  Luong, Pham & Manning, "Effective approaches to attention-based neural machine translation" (2015),
///         arXiv:1508.04025, section 3.1: dot.
template <int Size>
    requires (Size > 0)
struct DotAttention {
    static constexpr int memory_size = Size, query_size = Size;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"DotAttention "}.add(Size); }

    template <class S>
    static auto forward(auto&, const SequenceView<S, Size>& memory) {
        return AttentionMemory{memory, memory};
    }
    template <class S, class Keys, class Values>
    static auto forward(auto& run, const SequenceView<S, Size>& q, const AttentionMemory<Keys, Values>& memory) {
        const auto a = softmax_over_steps(run, dot_each_step(run, q, memory.keys));
        return Attended{weighted_sum(run, a, memory.values), a};
    }
};

/// Additive (Bahdanau) attention.
///
///   e(t) = v . tanh(W q + U m(t) + b)                                         (1)
///   a = softmax over the valid steps of e     y = sum_t a(t) m(t)             (2)
///
/// `auto keys = run(layer<"attention">, memory)` once per memory m, then `run(layer<"attention">, q, keys)` per query.
///
/// Shapes  memory (Memory x T B), q (Query x B) -> y (Memory x B), weights a (1 x T B); query.weight W (Size x Query),
///         memory.weight U (Size x Memory), memory.bias b (Size), score.weight v (1 x Size).
/// Source  Bahdanau, Cho & Bengio, "Neural machine translation by jointly learning to align and translate" (2015),
///         arXiv:1409.0473, appendix A.1.2.
template <int Query, int Memory, int Size>
struct AdditiveAttention
    : Network<Named<"query", LinearWithoutBias<Query, Size>>, Named<"memory", Linear<Memory, Size>>,
              Named<"tanh", Tanh<Size>>, Named<"score", LinearWithoutBias<Size, 1>>> {
    static constexpr int memory_size = Memory, query_size = Query;
    static constexpr Label describe() { return Label{"AdditiveAttention "}.add(Query).add(", ").add(Memory); }

    template <class S>
    static auto forward(auto& run, const SequenceView<S, Memory>& memory) {
        return AttentionMemory{run(layer<"memory">, memory), memory};
    }
    template <class S, class Keys, class Values>
    static auto forward(auto& run, const SequenceView<S, Query>& q, const AttentionMemory<Keys, Values>& memory) {
        const auto both = add_to_each_step(run, memory.keys, run(layer<"query">, q));
        const auto a = softmax_over_steps(run, run(layer<"score">, run(layer<"tanh">, both)));
        return Attended{weighted_sum(run, a, memory.values), a};
    }
};

} // namespace rondo
