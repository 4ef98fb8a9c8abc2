// SPDX-License-Identifier: MIT
#pragma once

#include "reviews.hpp"

#include <rondo/core/random.hpp>
#include <rondo/data/words.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace common {

/// The words of a sentence and its class.
struct Sentence {
    std::vector<std::string> words;
    int label = 0, cue = -1; // cue: index of the decisive word, if it is known
};

/// Sentences to train on and held-out sentences.
struct Sentences {
    std::string classes[2];
    std::vector<Sentence> train, held_out;
};

namespace detail {
inline const std::vector<std::string> cues[]{
    {"awful", "boring", "clumsy", "dreadful", "feeble", "horrid", "shabby", "tedious"},
    {"amazing", "charming", "clever", "lovely", "perfect", "splendid", "superb", "witty"}};
inline const std::vector<std::string> filler{
    "the",   "a",    "an",    "this",   "that",  "my",     "our",    "in",      "at",    "on",     "by",    "with",
    "and",   "but",  "then",  "when",   "after", "before", "we",     "they",    "she",   "he",     "it",    "was",
    "were",  "is",   "had",   "came",   "went",  "read",   "played", "film",    "story", "dinner", "soup",  "table",
    "music", "door", "river", "letter", "train", "garden", "window", "evening", "actor", "street", "bread", "winter"};

// 6 to 16 random filler words, with one cue among them or without.
inline Sentence sentence(const rondo::RandomStream& draw, bool with_cue) {
    const auto pick = [&](std::uint64_t k, std::size_t n) {
        return std::size_t(rondo::uniform_index(draw.wide(k), n));
    };
    Sentence s;
    s.words.resize(6 + pick(0, 11));
    s.label = int(pick(1, 2));
    for (std::size_t t = 0; t < s.words.size(); ++t) s.words[t] = filler[pick(10 + t, filler.size())];
    if (!with_cue) return s;
    const std::size_t cue = pick(2, s.words.size());
    s.words[cue] = cues[s.label][pick(3, cues[s.label].size())];
    s.cue = int(cue);
    return s;
}
} // namespace detail

/// Sentences in which one word, at any position, determines whether they are praise or blame.
///
/// A network could detect blame only, classify everything else as praise, and never attend to cues of praise. To
/// prevent that, half of the training sentences have no cue, and occur twice, as praise and as blame.
inline Sentences praise_and_blame(std::size_t train, std::size_t held_out, rondo::Seed seed) {
    Sentences all{{"blame", "praise"}, {}, {}};
    for (std::size_t k = 0; k < train + held_out; ++k) {
        const bool learn = k < train, with_cue = !learn || k % 2 == 0;
        Sentence s = detail::sentence({seed, rondo::Purpose::user, k}, with_cue);
        (learn ? all.train : all.held_out).push_back(s);
        if (with_cue) continue;
        s.label = 1 - s.label;
        all.train.push_back(s);
    }
    return all;
}

/// Reads sentences from a file of label<TAB>text lines; a tenth of them is held out.
inline Sentences read_sentences(const std::string& path, rondo::Seed seed) {
    const Split reviews = split(read_reviews(path), 10, seed);
    Sentences all{{reviews.classes[0], reviews.classes[1]}, {}, {}};
    const auto take = [](const std::vector<Review>& part, std::vector<Sentence>& to) {
        for (const Review& review : part) {
            Sentence& s = to.emplace_back(Sentence{rondo::words(review.text), review.label});
            if (s.words.empty()) s.words.push_back("<unk>");
        }
    };
    take(reviews.train, all.train);
    take(reviews.held_out, all.held_out);
    return all;
}

} // namespace common
