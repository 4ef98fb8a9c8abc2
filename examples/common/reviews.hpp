// SPDX-License-Identifier: MIT
#pragma once

#include <rondo/core/random.hpp>
#include <rondo/data/table.hpp>
#include <rondo/data/vocabulary.hpp>
#include <rondo/data/words.hpp>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

namespace common {

/// A text and its class, 0 or 1.
struct Review {
    std::string text;
    int label = 0;
};

/// Reviews, and the names of their classes.
struct Reviews {
    std::string classes[2]{"negative", "positive"};
    std::vector<Review> all{};
};

/// Reads reviews from a file of `label<TAB>text` lines; the second of its two labels in alphabetical order is class 1.
inline Reviews read_reviews(const std::string& path) {
    const rondo::Table table = rondo::read_table(path, {.separator = '\t', .header = false, .quotes = false});
    if (table.columns() != 2)
        rondo::fail(rondo::Error::Kind::format,
                    path + ": expected lines of label<TAB>text, got " + std::to_string(table.columns()) + " columns");
    std::vector<std::string> labels = table.texts("1"), texts = table.texts("2"), names = labels;
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (names.size() != 2)
        rondo::fail(rondo::Error::Kind::format, path + ": expected two labels, got " + std::to_string(names.size()) +
                                                    ", the first '" + names[0] + "'");
    Reviews reviews{{names[0], names[1]}};
    for (std::size_t k = 0; k < texts.size(); ++k) reviews.all.push_back({texts[k], labels[k] == names[1]});
    return reviews;
}

/// Reads reviews from two files, one review a line: those of the first are of class 1.
inline Reviews read_reviews(const std::string& positive, const std::string& negative) {
    Reviews reviews;
    for (const auto& [path, label] : {std::pair{positive, 1}, std::pair{negative, 0}}) {
        const std::size_t before = reviews.all.size();
        std::istringstream lines{rondo::io::read_text(path)};
        for (std::string line; std::getline(lines, line);)
            if (!rondo::words(line).empty()) reviews.all.push_back({line, label});
        if (reviews.all.size() == before)
            rondo::fail(rondo::Error::Kind::format, path + ": expected a review a line, got no line with a word");
    }
    return reviews;
}

/// Reviews, of which one in `of` is held out after shuffling.
struct Split {
    std::string classes[2];
    std::vector<Review> train{}, held_out{};
};
inline Split split(const Reviews& reviews, std::size_t of, rondo::Seed seed) {
    std::vector<std::size_t> order(reviews.all.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    rondo::shuffle(std::span{order}, rondo::RandomStream{seed, rondo::Purpose::user});
    Split parts{{reviews.classes[0], reviews.classes[1]}};
    for (std::size_t k = 0; k < order.size(); ++k)
        (k % of == 0 ? parts.held_out : parts.train).push_back(reviews.all[order[k]]);
    return parts;
}

/// The vocabulary of the reviews, by frequency.
inline rondo::Vocabulary vocabulary_of(const std::vector<Review>& reviews, int capacity) {
    std::vector<std::string> all;
    for (const Review& review : reviews) std::ranges::move(rondo::words(review.text), std::back_inserter(all));
    return rondo::Vocabulary{all, {.capacity = capacity}};
}

/// The tokens of a text: one or more.
inline std::vector<int> tokens_of(const rondo::Vocabulary& vocabulary, const std::string& text) {
    std::vector<int> tokens = vocabulary.tokens(rondo::words(text));
    if (tokens.empty()) tokens.push_back(rondo::Vocabulary::unknown);
    return tokens;
}

} // namespace common
