// SPDX-License-Identifier: MIT
#pragma once

#include "../op/concatenate.hpp"
#include "../op/each_step.hpp"
#include "../op/scheduled_sampling.hpp"
#include "activation.hpp"
#include "attention.hpp"
#include "embedding.hpp"
#include "linear.hpp"
#include "lstm.hpp"
#include "network.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// For a decoder without attention: it sees its source through its initial state only.
struct NoAttention {
    static constexpr int memory_size = 0;
    static constexpr std::array<ParameterSpec, 0> tensors{};
    static constexpr Label describe() { return Label{"NoAttention"}; }
    static auto forward(auto&, const auto& memory) { return memory; }
};

/// The input of a decoder's steps.
///
/// input_feeding  the attentional state f(t - 1) is concatenated to the input of step t.
/// sampling       scheduled sampling in training.
struct Feeding {
    bool input_feeding = true;
    ScheduledSampling sampling{};
    bool operator==(const Feeding&) const = default;
};

/// A decoder's state between steps: the recurrent layer's states, and f of AttentionDecoder's eq. (2).
template <class States, class Feed>
struct DecoderState {
    States states;
    Feed feed;
};

/// A decoder's result: scores of the next token at each step, the state after the last step, and the attention weights
/// of the last step.
template <class Scores, class State, class Weights>
struct Decoded {
    Scores scores;
    State state;
    Weights weights;
};
template <class Scores, class State, class Weights>
Decoded(Scores, State, Weights) -> Decoded<Scores, State, Weights>;

/// A recurrent decoder with attention: from the previous token and state it computes scores of the next token.
///
///   s(t) = Recurrent([embedding(x(t)); f(t - 1)], s(t - 1))     h(t) its output                        (1)
///   f(t) = tanh(W [attention(h(t)); h(t)] + b)     scores(t) = fc(f(t))                                (2)
///
/// The same forward computes a whole sequence (training) or one step (decoding). Without input feeding f is not part of
/// eq. (1).
///
///   const auto keys = run(layer<"decoder">, memory);                          // once per memory
///   const auto [scores, state, weights] = run(layer<"decoder">, tokens, first_state, keys);
///
/// Shapes  memory (Attention::memory_size x T' B), tokens (T B) -> scores (Vocabulary x T B); states and f
///         (Hidden x B).
/// Errors  a token outside the vocabulary.
/// Source  Luong, Pham & Manning, "Effective approaches to attention-based neural machine translation" (2015),
///         arXiv:1508.04025, eq. 5 and section 3.3.
template <int Vocabulary, int Size, int Hidden, class Attention, Feeding feeding = Feeding{},
          template <int, int, Stack> class Layer = LSTM>
    requires (feeding.sampling.valid())
struct AttentionDecoder
    : Network<Named<"embedding", Embedding<Vocabulary, Size>>,
              Named<"recurrent", Layer<Size + (feeding.input_feeding ? Hidden : 0), Hidden, Stack{}>>,
              Named<"attention", Attention>, Named<"combine", Linear<Attention::memory_size + Hidden, Hidden>>,
              Named<"fc", Linear<Hidden, Vocabulary>>> {
    static constexpr int hidden_size = Hidden, vocabulary = Vocabulary;
    using RecurrentLayer = Layer<Size + (feeding.input_feeding ? Hidden : 0), Hidden, Stack{}>;
    template <class S>
    using State = DecoderState<typename RecurrentLayer::template StatesOf<S>, SequenceView<S, Hidden>>;

    static constexpr Label describe() { return Label{"AttentionDecoder -> "}.add(Vocabulary); }

    /// The initial state with this h, and zeros in c and f.
    template <class S>
    static State<S> first_state(auto& run, const SequenceView<S, Hidden>& h) {
        State<S> state{{.batch = h.extent.batch}, {nullptr, nullptr, h.extent}};
        state.states.value[0] = h.value;
        state.states.gradient[0] = h.gradient;
        state.feed.value = run.take_zeros(h.size());
        if (run.taped()) state.feed.gradient = run.take_zeros(h.size());
        return state;
    }

    template <class S, int Rows>
    static auto forward(auto& run, const SequenceView<S, Rows>& memory)
        requires (!std::is_same_v<S, const int>)
    {
        static_assert(Attention::memory_size == 0 || Attention::memory_size == Rows,
                      "rondo::AttentionDecoder: the memory's size is not what its attention looks at");
        return run(layer<"attention">, memory);
    }

    template <class S, class Memory>
    static auto forward(auto& run, const Tokens& tokens, const State<S>& initial, const Memory& memory) {
        auto state = initial;
        SequenceView<S, 1> weights;
        const auto embedded = run(layer<"embedding">, tokens);
        const auto f = each_step(run, embedded, [&](SequenceView<S, Size> x, int t) {
            if constexpr (std::remove_reference_t<decltype(run)>::differentiable && feeding.sampling.most.parts > 0)
                if (run.taped() && t > 0)
                    x = run(layer<"embedding">, own_or_given(run, run(layer<"fc">, state.feed), step_of(tokens, t),
                                                             feeding.sampling, run.draw()));
            const auto next = [&] {
                if constexpr (feeding.input_feeding)
                    return run(layer<"recurrent">, concatenate(run, x, state.feed), state.states);
                else return run(layer<"recurrent">, x, state.states);
            }();
            const auto combined = [&] {
                if constexpr (Attention::memory_size == 0) {
                    return run(layer<"combine">, next.output);
                } else {
                    const auto looked = run(layer<"attention">, next.output, memory);
                    weights = looked.weights;
                    return run(layer<"combine">, concatenate(run, looked.output, next.output));
                }
            }();
            state = {next.final, Tanh<Hidden>::forward(run, combined)};
            return state.feed;
        });
        return Decoded{run(layer<"fc">, f), state, weights};
    }
};

} // namespace rondo
