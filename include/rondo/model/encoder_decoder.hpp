// SPDX-License-Identifier: MIT
#pragma once

#include "../layer/attention_decoder.hpp"
#include "../layer/select.hpp"

namespace rondo::inline RONDO_VERSION_NAMESPACE {

/// What an encoder returns: the decoder's initial state, and the memory that it attends to.
template <class State, class Memory>
struct Encoded {
    State state;
    Memory memory;
};
template <class State, class Memory>
Encoded(State, Memory) -> Encoded<State, Memory>;

/// Encodes a sequence of tokens in both directions, then decodes another.
///
///   m = Encoder(embedding(source))     h(0) = tanh(W [last forward; last backward] + b)                (1)
///
/// The scores are those of an AttentionDecoder with initial state h(0) and memory m.
///
/// Shapes  source (T' B), tokens (T B) -> scores (Target x T B) of the token after each token. Hidden is even.
/// Errors  a token outside its vocabulary.
/// Source  Sutskever, Vinyals & Le, "Sequence to sequence learning with neural networks" (2014), arXiv:1409.3215; with
///         attention: Bahdanau, Cho & Bengio (2015), arXiv:1409.0473, section 3.
template <int Source, int Target, int Size, int Hidden, class Attention, Feeding feeding = Feeding{},
          template <int, int, Stack> class Layer = LSTM>
    requires (Hidden % 2 == 0)
struct EncoderDecoder : Network<Named<"embedding", Embedding<Source, Size>>,
                                Named<"encoder", Layer<Size, Hidden / 2, Stack{.bidirectional = true}>>,
                                Named<"bridge", Linear<Hidden, Hidden>>,
                                Named<"decoder", AttentionDecoder<Target, Size, Hidden, Attention, feeding, Layer>>> {
    static constexpr int input_size = 1, output_size = Target, vocabulary = Source;
    using Decoder = AttentionDecoder<Target, Size, Hidden, Attention, feeding, Layer>;

    static auto encode(auto& run, const Tokens& source) {
        const auto m = run(layer<"encoder">, run(layer<"embedding">, source));
        const auto h = Tanh<Hidden>::forward(run, run(layer<"bridge">, FinalStates<Hidden / 2>::forward(run, m)));
        return Encoded{Decoder::first_state(run, h), run(layer<"decoder">, m)};
    }
    static auto decode(auto& run, const Tokens& tokens, const auto& state, const auto& memory) {
        return run(layer<"decoder">, tokens, state, memory);
    }
    static auto forward(auto& run, const Tokens& source, const Tokens& tokens) {
        const auto [state, memory] = encode(run, source);
        return decode(run, tokens, state, memory).scores;
    }
};

} // namespace rondo
