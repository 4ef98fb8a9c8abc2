// SPDX-License-Identifier: MIT
// An encoder-decoder with attention learns to reverse words; beam search finds the likeliest outputs.
#include <rondo/data/token_pairs.hpp>
#include <rondo/generate/beam_search.hpp>
#include <rondo/generate/decoding.hpp>
#include <rondo/loss/cross_entropy.hpp>
#include <rondo/model/encoder_decoder.hpp>
#include <rondo/optimizer/adam.hpp>
#include <rondo/train/fit.hpp>

#include <algorithm>
#include <cstdio>
#include <vector>

using namespace rondo;
using Net = EncoderDecoder<6, 6, 8, 16, DotAttention<16>>; // of each vocabulary 2 to 5 are letters

int main() {
    constexpr int first = 0, last = 1; // the begin and end tokens of each word
    TokenPairs pairs{8, first, last};
    for (int k = 0; k < 64; ++k) {
        const std::vector<int> word{2 + k % 4, 2 + k / 4 % 4, 2 + k / 16};
        pairs.add(word, std::vector<int>{word.rbegin(), word.rend()});
    }
    Model<Net> model{Seed{1}};
    fit(model, pairs, CrossEntropy{}, Adam{.rate = 2e-2}, {.epochs = 15}, {.clip_norm = 1});

    const std::vector<int> word{2, 3, 5};
    Decoding decoding{model, 3}; // the states of three hypotheses
    decoding.start(word);
    const auto found = beam_search({.width = 3, .longest = 8, .begin = first, .end = last, .best = 3}, decoding);
    for (const Hypothesis& h : found) {
        for (const int token : h.tokens) std::printf("%c", 'a' + token - 2);
        std::printf("  log probability %.3f\n", h.log_probability);
    }
    return found[0].tokens == std::vector<int>{word.rbegin(), word.rend()} ? 0 : 1;
}
