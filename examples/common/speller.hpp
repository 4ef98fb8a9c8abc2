// SPDX-License-Identifier: MIT
#pragma once

#include "symbols.hpp"

#include <rondo/io/tensor_names.hpp>
#include <rondo/layer/embedding.hpp>
#include <rondo/layer/gru.hpp>
#include <rondo/layer/linear.hpp>
#include <rondo/stream.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace common {

/// The symbols that a Speller reads: two that stand for no letter, the end of a word, a to z.
struct Letters {
    static constexpr int count = 29, unknown = 1, end = 2;

    static std::vector<int> tokens(std::string_view word) {
        std::vector<int> all;
        for (const std::string& letter : characters(word))
            all.push_back(letter >= "a" && letter <= "z" && letter.size() == 1 ? 3 + (letter[0] - 'a') : unknown);
        all.push_back(end);
        return all;
    }
};

/// The symbols that a Speller says: the phonemes of the CMU pronouncing dictionary, vowels with their stress.
struct Phonemes {
    static constexpr int begin = 2, end = 3;
    static constexpr auto names = std::to_array<std::string_view>(
        {"<pad>", "<unk>", "<s>", "</s>", "AA0", "AA1", "AA2", "AE0", "AE1", "AE2", "AH0", "AH1", "AH2", "AO0", "AO1",
         "AO2",   "AW0",   "AW1", "AW2",  "AY0", "AY1", "AY2", "B",   "CH",  "D",   "DH",  "EH0", "EH1", "EH2", "ER0",
         "ER1",   "ER2",   "EY0", "EY1",  "EY2", "F",   "G",   "HH",  "IH0", "IH1", "IH2", "IY0", "IY1", "IY2", "JH",
         "K",     "L",     "M",   "N",    "NG",  "OW0", "OW1", "OW2", "OY0", "OY1", "OY2", "P",   "R",   "S",   "SH",
         "T",     "TH",    "UH0", "UH1",  "UH2", "UW",  "UW0", "UW1", "UW2", "V",   "W",   "Y",   "Z",   "ZH"});
    static constexpr int count = int(names.size());

    static int token(std::string_view name) { return int(std::ranges::find(names, name) - names.begin()); }
    static std::string text(std::span<const int> tokens) {
        std::string all;
        for (const int token : tokens) (all += all.empty() ? "" : " ") += names[std::size_t(token)];
        return all;
    }
};

/// Reads the letters of a word; what counts is the GRU's state after the last.
template <int size>
struct LetterReader : rondo::Network<rondo::Named<"embedding", rondo::Embedding<Letters::count, size>>,
                                     rondo::Named<"gru", rondo::GRU<size, size>>> {
    static constexpr int input_size = 1, vocabulary = Letters::count;
    static auto forward(auto& run, const rondo::Tokens& word, auto... first) {
        return run(rondo::layer<"gru">, run(rondo::layer<"embedding">, word), first...);
    }
};

/// Scores the next phoneme after each of those said before.
template <int size>
struct PhonemeSpeaker : rondo::Network<rondo::Named<"embedding", rondo::Embedding<Phonemes::count, size>>,
                                       rondo::Named<"gru", rondo::GRU<size, size>>,
                                       rondo::Named<"fc", rondo::Linear<size, Phonemes::count>>> {
    static constexpr int input_size = 1, vocabulary = Phonemes::count;
    static auto forward(auto& run, const rondo::Tokens& said) {
        return run(rondo::layer<"fc">, run(rondo::layer<"gru">, run(rondo::layer<"embedding">, said)));
    }
    static auto forward(auto& run, const rondo::Tokens& said, const auto& first) {
        return run(rondo::layer<"fc">, run(rondo::layer<"gru">, run(rondo::layer<"embedding">, said), first).output);
    }
};

/// Spelling to sound: a GRU reads the letters, and another GRU begins from its last state and says the phonemes.
///
/// Shapes  word (T' B), with its end; said (T B), after a begin -> scores (Phonemes::count x T B)
template <int size>
struct Speller : rondo::Network<rondo::Named<"enc", LetterReader<size>>, rondo::Named<"dec", PhonemeSpeaker<size>>> {
    static auto forward(auto& run, const rondo::Tokens& word, const rondo::Tokens& said) {
        return run(rondo::layer<"dec">, said, run(rondo::layer<"enc">, word, rondo::from_zero).final);
    }
};

/// The names of a Speller's tensors in the archive of the Python package g2p_en.
inline rondo::io::TensorNames names_of_g2p_en() {
    rondo::io::TensorNames names{.renamed = {{"dec.fc.weight", "fc_w"}, {"dec.fc.bias", "fc_b"}}};
    for (const std::string half : {"enc", "dec"})
        for (const auto& [ours, theirs] : {std::pair{"embedding.weight", "emb"},
                                           {"gru.weight_ih_l0", "w_ih"},
                                           {"gru.weight_hh_l0", "w_hh"},
                                           {"gru.bias_ih_l0", "b_ih"},
                                           {"gru.bias_hh_l0", "b_hh"}})
            names.renamed.emplace_back(half + '.' + ours, half + '_' + theirs);
    return names;
}

/// Says words: the likeliest phoneme at each step, up to the end or `longest` phonemes.
///
/// Memory  both halves' weights, packed; a word allocates its tokens only.
template <int size>
class Pronouncer {
public:
    static constexpr int longest = 20;

    explicit Pronouncer(const rondo::Model<Speller<size>>& model)
        : reader_weights_{part<LetterReader<size>>(model, 0)},
          speaker_weights_{part<PhonemeSpeaker<size>>(model, rondo::Model<LetterReader<size>>::size)} {}

    std::vector<int> operator()(std::string_view word) {
        reader_.reset();
        for (const int letter : Letters::tokens(word)) reader_.step(letter);
        rondo::State<PhonemeSpeaker<size>> first; // as the reader's: h of one GRU of this size
        std::ranges::copy(reader_.state().numbers(), first.numbers().begin());
        speaker_.state(first);

        std::vector<int> said;
        for (int last = Phonemes::begin; int(said.size()) < longest; said.push_back(last)) {
            const auto scores = speaker_.step(last);
            last = int(std::ranges::max_element(scores) - scores.begin());
            if (last == Phonemes::end) break;
        }
        return said;
    }

private:
    // A network's parameters are those of its layers, one after the other.
    template <class Net>
    static rondo::Model<Net> part(const rondo::Model<Speller<size>>& model, std::size_t from) {
        const std::vector<float> all = model.values();
        const auto first = all.begin() + std::ptrdiff_t(from);
        rondo::Model<Net> part;
        part.assign({first, first + std::ptrdiff_t(rondo::Model<Net>::size)});
        return part;
    }

    rondo::Packed<LetterReader<size>> reader_weights_;
    rondo::Packed<PhonemeSpeaker<size>> speaker_weights_;
    rondo::Stream<LetterReader<size>> reader_{reader_weights_};
    rondo::Stream<PhonemeSpeaker<size>> speaker_{speaker_weights_};
};

} // namespace common
