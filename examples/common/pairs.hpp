// SPDX-License-Identifier: MIT
#pragma once

#include "options.hpp"
#include "symbols.hpp"

#include <rondo/core/random.hpp>
#include <rondo/data/vocabulary.hpp>
#include <rondo/io/text.hpp>

#include <algorithm>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace common {

struct Pair {
    std::vector<int> source, target;
};

/// The symbols of the sources or of the targets of pairs: letters, or words separated by blanks.
struct Symbols {
    rondo::Vocabulary vocabulary;
    bool words = false;

    std::vector<std::string> split(const std::string& text) const {
        std::vector<std::string> all;
        if (words) {
            std::istringstream in{text};
            for (std::string word; in >> word;) all.push_back(word);
        } else {
            all = characters(text);
        }
        return all;
    }
    std::vector<int> tokens(const std::string& text) const { return vocabulary.tokens(split(text)); }
    std::string text(const std::vector<int>& tokens) const {
        std::string all;
        for (const int token : tokens) all += (words && !all.empty() ? " " : "") + vocabulary.word(token);
        return all;
    }
};

/// Pairs of texts as tokens, to train on and held out, one in ten.
struct Pairs {
    static constexpr int capacity = 128; // symbols of a side
    static constexpr int begin = rondo::Vocabulary::padding;
    int end = 0;
    Symbols source, target;
    std::vector<Pair> train, held_out;

    /// The symbols are those of the model that is loaded or the run that is resumed, else those of the pairs.
    Pairs(std::vector<std::pair<std::string, std::string>> texts, const Options& options) {
        const rondo::Seed seed{options.seed};
        rondo::shuffle(std::span{texts}, rondo::RandomStream{seed, rondo::Purpose::user});
        target.words = std::ranges::any_of(texts, [](const auto& t) { return t.second.find(' ') != t.second.npos; });
        std::vector<std::string> left, right;
        for (const auto& [from, to] : texts) {
            std::ranges::move(source.split(from), std::back_inserter(left));
            std::ranges::move(target.split(to), std::back_inserter(right));
            right.emplace_back("<end>");
        }
        const std::filesystem::path before = options.source();
        const bool fresh = before.empty();
        source.vocabulary = fresh ? rondo::Vocabulary{left, {.capacity = capacity}}
                                  : rondo::Vocabulary::load(beside(before, ".source"), capacity);
        target.vocabulary = fresh ? rondo::Vocabulary{right, {.capacity = capacity}}
                                  : rondo::Vocabulary::load(beside(before, ".target"), capacity);
        end = target.vocabulary.token("<end>");
        for (std::size_t k = 0; k < texts.size(); ++k)
            (k % 10 == 0 ? held_out : train).push_back({source.tokens(texts[k].first), target.tokens(texts[k].second)});
        if (train.empty())
            rondo::fail(rondo::Error::Kind::format,
                        "expected two pairs or more to learn from, got " + std::to_string(texts.size()));
    }
};

/// Reads pairs from a file, one per line, source and target separated by a tab or else by the first blanks. " #" begins
/// a comment; a source that ends in (2), (3), ... is another version of an earlier one and is skipped.
inline Pairs read_pairs(const Options& options) {
    const std::string& path = options.data;
    std::vector<std::pair<std::string, std::string>> all;
    std::istringstream lines{rondo::io::read_text(path)};
    std::string line;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        line.erase(std::min(line.find(" #"), line.size()));
        line.erase(line.find_last_not_of(" \t\r") + 1);
        if (line.empty()) continue;
        const std::size_t tab = line.find('\t'), at = tab != line.npos ? tab : line.find(' '),
                          to = line.find_first_not_of(" \t", at);
        if (at == line.npos || at == 0 || to == line.npos)
            rondo::fail(rondo::Error::Kind::format,
                        path + ": line " + std::to_string(number) + ": expected source and target, got '" + line + "'");
        if (line[at - 1] != ')') all.emplace_back(line.substr(0, at), line.substr(to));
    }
    if (all.size() < 2)
        rondo::fail(rondo::Error::Kind::format,
                    path + ": expected two pairs or more, got " + std::to_string(all.size()));
    return {std::move(all), options};
}

} // namespace common
